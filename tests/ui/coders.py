"""Coders who differ now and then."""

from __future__ import annotations

from ipt_nlp.codebook import Codebook
from ipt_nlp.store import LOCAL, AnnotationStore
from ipt_nlp.store.values import AnnotationEvent, NewEvent, Role, User
from tests.ui.conftest import PASSWORD, fill, transcript

SESSIONS = ("s01", "s02", "s03")
TURNS = 12
CODEBOOK = Codebook.load("ipt").ref


def person(store: AnnotationStore, name: str, role: Role = "annotator") -> User:
    return store.users.get(name) or store.users.add(LOCAL, name, role, PASSWORD)


def code(
    store: AnnotationStore,
    who: User,
    session: str,
    turn: int,
    *labels: str,
    seconds: float = 6.0,
    assisted: bool = False,
    saved: bool = False,
    codebook: str = CODEBOOK,
) -> AnnotationEvent:
    """What a coder says of a turn: techniques of the therapist's turns, themes of all."""
    known = {"techniques": ("exploration", "clarification"), "themes": ("role_dispute", "grief")}
    groups = ("techniques", "themes") if turn % 2 == 0 else ("themes",)
    before = store.events.current(session, who.name).get(turn)
    return store.events.append(
        who,
        NewEvent(
            transcript_id=session,
            utterance_id=turn,
            action="accept" if saved else "change",
            labels={group: tuple(x for x in labels if x in known[group]) for group in groups},
            mode="assisted" if assisted else "blind",
            codebook=codebook,
            seconds=seconds,
            base_event=before.event_id if before else None,
        ),
    )


def two_coders(store: AnnotationStore) -> tuple[User, User]:
    """Ann and Ben code three sessions; they differ on turns 0 and 4 of each, and Ben is hasty on turn 4."""
    ann, ben = person(store, "ann"), person(store, "ben")
    for session in SESSIONS:
        if session != "s01":
            fill(store, transcript(session))
        for turn in range(TURNS):
            usual = "exploration" if turn % 2 == 0 else "role_dispute"
            code(store, ann, session, turn, usual)
            code(
                store, ben, session, turn, "clarification" if turn in (0, 4) else usual, seconds=0.5 if turn == 4 else 6
            )
    return ann, ben
