// Streamlit keeps one waiting press and drops the others. Here they wait until the server says that it has handled them.
const NAMES = { ArrowLeft: "Left", ArrowRight: "Right", ArrowUp: "Up", ArrowDown: "Down" };
// Of a key that is held down only these repeat: nobody saves turn after turn by leaning on Enter.
const REPEATED = ["previous", "next", "entry_up", "entry_down"];
const TYPED_INTO = "input, textarea, select, iframe, [contenteditable=true]";
const BUTTONS = "[class*='st-key-code_'] button, [class*='st-key-do_'] button";

function begun() {
  const desk = { number: 0, waiting: [], keys: {}, board: "", send: null };
  // What can be seen now: the turn is drawn before the last button is.
  const drawn = () => Number(document.querySelector("[data-screen]")?.dataset.screen ?? 0);
  const pressed = (event, what) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat && !REPEATED.includes(what[0])) return;
    desk.number += 1;
    desk.waiting.push({ number: desk.number, screen: drawn(), what, at: performance.now() });
    desk.send();
  };
  const named = (event) => {
    const key = NAMES[event.key] ?? (event.key.length === 1 ? event.key.toUpperCase() : event.key);
    return event.shiftKey && !/^\d$/.test(key) ? `Shift+${key}` : key;
  };
  window.addEventListener("keydown", (event) => {
    const other = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
    if (!desk.send || other || document.querySelector("[role=dialog]")) return;
    if (document.activeElement?.matches(TYPED_INTO)) return;
    const what = desk.keys[named(event)];
    if (what) pressed(event, what);
  }, true);
  window.addEventListener("click", (event) => {
    const button = desk.send && event.target.closest?.(BUTTONS);
    const [, kind, name] = button?.closest("[class*='st-key-']").className.match(/st-key-(code|do)_(\w+)/) ?? [];
    if (kind) pressed(event, kind === "do" ? [name] : ["toggle", name]);
  }, true);
  return desk;
}

export default function ({ data, setStateValue }) {
  const desk = (window.iptDesk ??= begun());
  if (desk.board !== data.board) Object.assign(desk, { board: data.board, waiting: [] });
  desk.keys = data.keys;
  desk.waiting = desk.waiting.filter((press) => press.number > data.handled);
  const send = () =>
    setStateValue("presses", { board: desk.board, now: performance.now(), waiting: desk.waiting });
  desk.send = send;
  return () => {
    desk.send = null;
  };
}
