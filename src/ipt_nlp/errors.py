"""The errors a person can act on.

Each message says what was found, where, and what to do. It never quotes a transcript: ids, line numbers,
speaker names and column names only.
"""

from __future__ import annotations

from pathlib import Path


class IptNlpError(Exception):
    """A problem that its message explains. ``exit_code`` is what the command line returns."""

    exit_code = 1


class UsageError(IptNlpError):
    """An option or a name that does not fit: an unknown model, codebook or format."""

    exit_code = 2


class InputError(IptNlpError):
    """A file that cannot be read as what it should be.

    Args:
        path: the file.
        problem: what is wrong, without any text of the transcript.
        remedy: what the person can do.
        line: 1-based line of the file, where it is known.
    """

    exit_code = 2

    def __init__(self, path: Path | str, problem: str, remedy: str, line: int | None = None) -> None:
        self.path, self.problem, self.remedy, self.line = Path(path), problem, remedy, line
        where = f"{path} line {line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {problem}. {remedy.rstrip('.')}.")


class CodebookError(InputError):
    """A codebook file with a mistake in it."""


class ModelError(IptNlpError):
    """A model folder that cannot be used: incomplete, damaged, or made for other base weights."""


class StoreError(IptNlpError):
    """A store that cannot be opened, or a change that it refuses."""


class RoleError(StoreError):
    """What was asked for is for other roles; the message names them."""


class ConflictError(StoreError):
    """A coder's change was made on an event that is not the newest any more. Nothing was stored, nothing is lost.

    Attributes:
        coder, transcript_id, utterance_id: whose change to what.
        seen: the event that the change was made on, or None for none.
        newest: the event that is there, or None for none.
    """

    def __init__(
        self, coder: str, transcript_id: str, utterance_id: int | str, seen: int | None, newest: int | None
    ) -> None:
        self.coder, self.transcript_id, self.utterance_id = coder, transcript_id, utterance_id
        self.seen, self.newest = seen, newest
        super().__init__(
            f"transcript {transcript_id!r} utterance {utterance_id!r}: coder {coder!r} changed it on {_event(seen)}, "
            f"but the newest there is {_event(newest)}. Look at it again and repeat the change."
        )


def _event(number: int | None) -> str:
    return "no event" if number is None else f"event {number}"
