"""Why a child process is gone, in plain words."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from napari_segloop.engine.failures import ChildError

if TYPE_CHECKING:
    from napari_segloop.engine.child import Ended

NEXT = "The next job starts a new one; what you painted is untouched."
LINES = 6
SSH_FAILED = 255


def died(ended: Ended) -> ChildError:
    """Say that a child ended while it could work.

    Parameters
    ----------
    ended : Ended
        How.

    Returns
    -------
    ChildError
        For its job.
    """
    got = f"the computing process is gone: {_what_happened(ended)}"
    return ChildError("the job to end well", got, NEXT)


def cannot_start(ended: Ended) -> ChildError:
    """Say that a child could not begin to work.

    Parameters
    ----------
    ended : Ended
        How.

    Returns
    -------
    ChildError
        For all jobs that waited for it, with the end of its log.
    """
    lines = [line for line in ended.log.splitlines() if line.strip()][-LINES:]
    said = "; it said: " + " | ".join(lines) if lines else ""
    remedy = "Run 'segloop doctor' in a terminal of the same environment, then try again."
    got = f"the computing process could not start: {_what_happened(ended)}{said}"
    return ChildError("a computing process", got, remedy)


def restarted() -> ChildError:
    """Say that the user ended a child.

    Returns
    -------
    ChildError
        For its job.
    """
    return ChildError("the job to end", "a restart of the computing process", "Start it again.")


def told(error: ChildError) -> str:
    """Return an error as the sentence that is shown beside a child's state.

    Parameters
    ----------
    error : ChildError
        Why the child is gone.

    Returns
    -------
    str
        What happened and what to do.
    """
    return f"{error.got[:1].upper()}{error.got[1:]}. {error.remedy}"


def _what_happened(ended: Ended) -> str:
    if ended.problem:
        return ended.problem
    code = ended.code
    if code is None:
        return "it never ran"
    if code in (-9, -signal.SIGTERM):
        return f"it was killed ({_name(code)}), perhaps because memory ran out"
    if code < 0:
        return f"it crashed ({_name(code)})"
    if code == SSH_FAILED:
        return "the connection was lost (code 255)"
    last = (ended.log.strip().splitlines() or [""])[-1]
    return f"it ended by itself (code {code}){': ' if last else ''}{last}"


def _name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
