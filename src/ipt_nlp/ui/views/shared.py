"""What every page asks Streamlit for: the store, the model, who is working."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

import ipt_nlp
from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.database import resolve
from ipt_nlp.store.values import Item, User
from ipt_nlp.ui.state.glimpses import keep_glimpses
from ipt_nlp.ui.state.people import Refused, is_leading, oidc_user, working_user
from ipt_nlp.ui.state.project import codebook_stamp, example_place, fill_example, is_new, project_codebook
from ipt_nlp.ui.state.queues import QUEUES
from ipt_nlp.ui.state.turns import Material
from ipt_nlp.ui.views.staying import end, keep, ticket, tickets

if TYPE_CHECKING:
    from spacy.language import Language

MODEL = "default"
NOT_BLIND = "What you code after you have seen what the model says of it does not count as coded blind."
ORDER_KEPT_S = 600.0
EVENTS_AN_ORDER = 200
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!~:$|<>&])")


@st.cache_resource(show_spinner=False)
def _open(place: str) -> AnnotationStore:
    return AnnotationStore.open(place)


@st.cache_resource(show_spinner="Loading the model …", max_entries=2)
def _pipeline(model: str, codebook: str) -> Language:
    return ipt_nlp.load(model, codebook=codebook.split("@")[0])


def pipeline(codebook: str) -> Language:
    """The model in use, with the cues of the codebook of that ref.

    Raises:
        ModelError: the folder of a model that was promoted is gone.
    """
    here = _open(str(example_place())) if in_example() else own_store()
    if here.models.champion() is None:
        return _pipeline(MODEL, codebook)
    # Here and not above: it needs torch, as most pages do not.
    from ipt_nlp.learning.versions import champion_folder

    return _pipeline(str(champion_folder(here)), codebook)


@st.cache_resource(show_spinner=False, max_entries=2)
def _codebook(stamp: str) -> Codebook:
    return project_codebook()


def codebook() -> Codebook:
    """The codebook in use, read again when its file has changed."""
    return _codebook(codebook_stamp())


@st.cache_resource(show_spinner=False, max_entries=8)
def _kept(_store: AnnotationStore, place: str, stamp: str) -> None:
    """Keep the codebook in use as a version, once: later ones differ from it, and codings name it."""
    _store.codebooks.keep(LOCAL, codebook(), found=True)


@st.cache_resource(show_spinner=False, max_entries=16)
def _material(_store: AnnotationStore, place: str, transcript_id: str, stamp: int, ref: str) -> Material:
    return Material(_store.transcripts.get(transcript_id), _store.predictions.newest(transcript_id), codebook())


def material(transcript_id: str) -> Material:
    """A session with its newest predictions; read from the store again when there are newer ones."""
    here = store()
    # Here and not where the app is opened: a store without a session stays empty, so that a backup can be restored.
    _kept(here, here.database.name, codebook_stamp())
    stamp = here.predictions.stamp(transcript_id)
    return _material(here, here.database.name, transcript_id, stamp, codebook_stamp())


@st.cache_resource(show_spinner="Looking for the next turns …", max_entries=8, ttl=ORDER_KEPT_S)
def _order(_store: AnnotationStore, place: str, who: User, name: str, turns: int, events: int) -> Sequence[Item]:
    order = QUEUES[name].order
    return order(_store, who) if order else ()


def queue_order(name: str) -> Sequence[Item]:
    """The items of a queue for who is working; looked up again after some minutes, some hundred events or an import."""
    here, who = store(), actor()
    events = sum(here.events.counts().values()) // EVENTS_AN_ORDER
    return _order(here, here.database.name, who, name, len(here.search.transcript_ids()), events)


def glimpsed() -> set[Item]:
    """The glimpses of whoever works, read once in a window and added to from there."""
    key = (store().database.name, actor().name)
    if st.session_state.get("glimpsed_by") != key:
        st.session_state["glimpsed"] = set(store().glimpses.of(actor().name))
        st.session_state["glimpsed_by"] = key
    found: set[Item] = st.session_state["glimpsed"]
    return found


def glimpse(items: Iterable[Item]) -> None:
    """Keep that this page shows what the model, or another coder, says of ``items``."""
    keep_glimpses(store(), actor(), glimpsed(), items)


def model_codes() -> bool:
    """The switch of pages that show what the model says only when they are asked to."""
    return st.toggle("Show the model's codes", key="model_codes", help=NOT_BLIND)


def own_store() -> AnnotationStore:
    return _open(resolve(None).render_as_string(hide_password=False))


def in_example() -> bool:
    """Whether the example is open: while one's own store is empty, until one asks for an empty project."""
    state = st.session_state
    if "example" not in state:
        state["example"] = is_new(own_store())
    return bool(state["example"])


def open_example(wanted: bool) -> None:
    """Go to the example, or to one's own project."""
    st.session_state["example"] = wanted
    st.session_state.pop("cursor", None)


def store() -> AnnotationStore:
    """The store that is open in this window."""
    if not in_example():
        return own_store()
    example = _open(str(example_place()))
    if not example.search.transcript_ids():
        with st.spinner("Tagging the example session …"):
            fill_example(example, pipeline(codebook().ref))
    return example


def user() -> User | Refused | None:
    """Who is working; None when somebody has to sign in first."""
    return LOCAL if in_example() else own_user()


def own_user() -> User | Refused | None:
    """Who is working as far as one's own project knows, be the example open or not."""
    if oidc_configured():
        return oidc_user(own_store(), st.user.to_dict()) if st.user.is_logged_in else None
    return working_user(own_store(), tickets().holder(own_store(), ticket()))


def actor() -> User:
    """The user on a page that only users see."""
    who = user()
    assert isinstance(who, User)
    return who


def leads() -> bool:
    """Whether the user may import, describe and see the work of others."""
    return is_leading(actor())


def may_add_codes() -> bool:
    """Whether the user may add to the codebook of one's own project: that the example is open gives nobody a right."""
    who = own_user()
    return isinstance(who, User) and is_leading(who)


def oidc_configured() -> bool:
    """Whether ``.streamlit/secrets.toml`` names an identity provider."""
    return bool(st.secrets.load_if_toml_exists()) and "auth" in st.secrets


def plain(text: str) -> str:
    """``text`` for a label of a widget, which would read it as Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


def html(body: str) -> None:
    """Show ``body``, whose text is escaped by whoever made it; Streamlit runs no script in it."""
    st.html(f'<div class="ipt">{body}</div>')


def footer() -> None:
    """Who is working, and where it is kept."""
    who = actor()
    if in_example():
        said = "Example project: try anything, nothing here gets among your own sessions."
    elif who == LOCAL:
        said = "Single-user mode: whoever opens this page works as the owner of this machine (local, admin)."
    else:
        said = f"Signed in as {who.name} ({who.role})."
    text, button = st.columns([8, 1], vertical_alignment="center")
    with text:
        html(f'<p class="ipt-foot">{escape(said)} Kept in {escape(store().database.name)}.</p>')
    keep()
    if who != LOCAL:
        button.button("Sign out", on_click=sign_out, type="tertiary", key="sign_out")


def sign_out() -> None:
    """Leave nothing of who was working in this window, nor in its address."""
    end()
    st.query_params.clear()
    if oidc_configured():
        st.logout()
