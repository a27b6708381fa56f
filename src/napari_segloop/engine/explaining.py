"""What ended a job, as a sentence; the worker's side only, since it may ask torch."""

from __future__ import annotations

import sys

from napari_segloop.core.errors import ResourceError, SegLoopError
from napari_segloop.engine.failures import JobFault


def explained(error: BaseException) -> SegLoopError:
    """Turn whatever ended a job into a sentence.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    SegLoopError
        The error itself if it is one of ours; `ResourceError` when memory did not suffice.
    """
    if isinstance(error, SegLoopError):
        return error
    if _is_out_of_memory(error):
        return ResourceError(
            "memory for this job",
            "too little",
            "Close other programs, choose smaller images, or compute on the CPU.",
        )
    line = (str(error).strip().splitlines() or ["no message"])[0]
    return JobFault(
        "the job to end well",
        f"{type(error).__name__}: {line}",
        "Try once more; if it happens again, please report it with this message.",
    )


def _is_out_of_memory(error: BaseException) -> bool:
    if "torch" not in sys.modules:
        return isinstance(error, MemoryError)
    from napari_segloop.core.devices import is_out_of_memory  # noqa: PLC0415

    return is_out_of_memory(error)
