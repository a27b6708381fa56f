"""What ``--start`` may be, found out before torch is imported: a word, or a file that is there."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from napari_segloop.core.errors import ModelError
from napari_segloop.core.settings import STARTS

WORDS_OR_PATH = "Write one of these words, or the path of a model."


def check_start(start: str) -> None:
    """Refuse what is neither a word nor a file.

    Parameters
    ----------
    start : str
        As typed.

    Raises
    ------
    ModelError
        With the nearest word, if one is near.
    """
    if start in STARTS or (start and Path(start).is_file()):
        return
    raise ModelError(
        f"{', '.join(STARTS)} or a model file",
        "a folder" if start and Path(start).is_dir() else "neither such a word nor such a file",
        remedy_for(start),
        start or "--start ''",
    )


def remedy_for(start: str) -> str:
    """Return what to write instead, as a sentence.

    Parameters
    ----------
    start : str
        As typed.

    Returns
    -------
    str
        Naming the nearest word, whatever the case of its letters.

    Examples
    --------
    >>> remedy_for("Startre")
    'Did you mean starter?'
    >>> remedy_for("photos")
    'Write one of these words, or the path of a model.'
    """
    near = get_close_matches(start.lower(), STARTS, n=1)
    return f"Did you mean {near[0]}?" if near else WORDS_OR_PATH
