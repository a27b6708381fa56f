"""The content of a model file, whole and unread: what is in it is the engine's business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 4 * 2**30  # bytes


def read_model_file(path: Path) -> bytes:
    """Read the content of a model file without looking into it.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    InputError
        When it is missing, unreadable or larger than 4 GiB.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(
                "a model file of at most 4 GiB", f"{size} bytes", "Choose another.", str(path)
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "a model file that can be read",
            error.strerror or str(error),
            "Look whether it is still there.",
            str(path),
        ) from error
