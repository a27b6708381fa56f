"""Errors on the wire: the same sentence on both sides of the pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core import errors
from napari_segloop.core.errors import SegLoopError

if TYPE_CHECKING:
    from napari_segloop.engine.frames import Json

KINDS: dict[str, type[SegLoopError]] = {
    kind.__name__: kind
    for kind in (
        errors.SegLoopError,
        errors.InputError,
        errors.ModelError,
        errors.TruthError,
        errors.OutputError,
        errors.ResourceError,
    )
}
LONGEST = 2000


class JobFault(SegLoopError):
    """A job that ended in a way nobody foresaw; the child's log has the details."""


class ChildError(SegLoopError):
    """A child process that cannot start, died or was ended."""


class Cancelled(SegLoopError):
    """A job that was asked to stop before it had a result."""

    def __init__(self) -> None:
        super().__init__("a result", "a request to stop", "Start it again when you like.")


def to_json(error: SegLoopError) -> Json:
    """Turn an error into plain data.

    Parameters
    ----------
    error : SegLoopError
        Of any kind.

    Returns
    -------
    dict
        JSON-ready.
    """
    parts = (error.expected, error.got, error.remedy)
    expected, got, remedy = (str(part)[:LONGEST] for part in parts)
    return {
        "kind": "fault" if isinstance(error, JobFault) else type(error).__name__,
        "expected": expected,
        "got": got,
        "remedy": remedy,
        "file": error.file,
    }


def from_json(data: object) -> SegLoopError:
    """Make the error that was told.

    Parameters
    ----------
    data : dict
        What `to_json` returned.

    Returns
    -------
    SegLoopError
        Of the same kind, or of the family when the kind is not known.
    """
    fields = data if isinstance(data, dict) else {}
    kind = str(fields.get("kind"))
    made = JobFault if kind == "fault" else KINDS.get(kind, SegLoopError)
    expected, got, remedy = (str(fields.get(name, "")) for name in ("expected", "got", "remedy"))
    file = fields.get("file")
    return made(expected, got, remedy, None if file is None else str(file))
