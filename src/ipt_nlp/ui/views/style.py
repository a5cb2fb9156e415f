"""The look of the app's own HTML. ``light-dark`` follows the theme that the person has chosen in Streamlit."""

from __future__ import annotations

# Foreground colours have a contrast of at least 4.5:1 on the page and on the bubbles, light and dark.
STYLE = """<style>
.stMainBlockContainer { padding: 3.6rem 1.6rem 1rem; max-width: 1500px; }
.ipt { --ink:light-dark(#1f2328,#e8e6e3); --soft:light-dark(#57606a,#a9b1bb); --line:light-dark(#d5d9de,#41464d);
  --card:light-dark(#ffffff,#1d2025); --client:light-dark(#eef2f7,#262b33); --focus:light-dark(#0b57d0,#8ab4f8);
  --mark:light-dark(#fff0b8,#4d4310); --bad:light-dark(#b3261e,#ff9b93); color:var(--ink); font-size:.95rem; line-height:1.45; }
.ipt p { margin:0; } .ipt h3 { font-size:1rem; margin:0 0 2px; padding:0; } .ipt h4 { font-size:.86rem; margin:8px 0 1px; padding:0; }
.ipt .words { white-space:pre-wrap; overflow-wrap:anywhere; unicode-bidi:plaintext; text-align:start; }
.ipt-before { display:flex; flex-direction:column-reverse; overflow-y:auto; max-height:31vh; }
.ipt-turn { display:grid; grid-template-columns:5.6rem minmax(0,1fr); gap:10px; padding:3px 0; }
.ipt-who { text-align:right; font-size:.78rem; line-height:1.25; color:var(--soft); padding-top:7px; } .ipt-who b { display:block; color:var(--ink); }
.ipt-bubble { border:1px solid var(--line); border-radius:10px 10px 10px 2px; padding:5px 12px; background:var(--card); }
.ipt-turn.client .ipt-bubble, .ipt-turn.other .ipt-bubble { background:var(--client); border-color:transparent; border-radius:10px 10px 2px 10px; margin-left:28px; }
.ipt-turn.other .ipt-bubble { font-style:italic; }
.ipt-turn.focus .ipt-bubble { border:2px solid var(--focus); max-height:38vh; overflow-y:auto; padding:8px 12px; font-size:1.02rem; }
.ipt-turn.focus .ipt-who b::before { content:"▶ "; color:var(--focus); }
.ipt-after .words { display:-webkit-box; -webkit-box-orient:vertical; -webkit-line-clamp:2; overflow:hidden; }
.ipt-after .ipt-bubble { border-style:dashed; background:transparent; border-color:var(--line) !important; color:var(--soft); }
.ipt mark { background:var(--mark); color:inherit; border-bottom:2px solid currentColor; border-radius:2px; padding:0 1px; }
.ipt-list { list-style:none; margin:6px 0 0 calc(5.6rem + 10px); padding:0; display:grid; grid-template-columns:repeat(auto-fill,minmax(250px,1fr)); gap:2px 18px; }
.ipt-list li { display:grid; grid-template-columns:1fr 70px 2.9em; gap:8px; align-items:center; font-size:.86rem; margin:0; }
.ipt-list .near { color:var(--soft); } .ipt-bar { height:8px; border:1px solid var(--soft); border-radius:4px; overflow:hidden; }
.ipt-bar i { display:block; height:100%; background:var(--focus); } .near .ipt-bar i { background:repeating-linear-gradient(90deg,var(--soft) 0 3px,transparent 3px 6px); }
.ipt-n { text-align:right; font-variant-numeric:tabular-nums; } .ipt-note { color:var(--soft); font-size:.84rem; margin:4px 0 0 calc(5.6rem + 10px) !important; }
.ipt-flag { color:var(--bad); font-weight:600; }
.ipt-entry { border-left:3px solid var(--focus); padding:0 0 0 12px; font-size:.86rem; }
.ipt-entry ul { margin:0; padding-left:1.1em; } .ipt-entry li { margin:0 0 2px; font-size:inherit; } .ipt-entry .no { color:var(--soft); }
.ipt-scroll { max-height:36vh; overflow-y:auto; }
.ipt-progress { display:flex; flex-wrap:wrap; gap:4px 10px; align-items:center; font-size:.86rem; } .ipt-progress .ipt-bar { width:120px; }
.ipt-notice { border-left:3px solid var(--focus); padding-left:8px; } .ipt-notice.warning { border-color:var(--bad); color:var(--bad); }
.ipt-warning { border:2px solid var(--bad); border-radius:8px; padding:6px 12px; }
.ipt-foot { color:var(--soft); font-size:.8rem; border-top:1px solid var(--line); padding-top:6px; margin-top:10px; }
.ipt-table { border-collapse:collapse; } .ipt-table td, .ipt-table th { text-align:left; padding:2px 12px 2px 0; font-size:.88rem; }
.st-key-codes .stButton button, .st-key-commands .stButton button { min-height:1.85rem; padding:0 .45rem; }
.st-key-codes .stButton button { justify-content:flex-start; }
.st-key-codes .stButton button p, .st-key-commands .stButton button p { font-size:.82rem; white-space:nowrap; overflow:hidden; text-overflow:ellipsis; }
.st-key-codes [data-testid=stVerticalBlock] { gap:.2rem; } .st-key-codes p { margin:0; }
</style>"""
