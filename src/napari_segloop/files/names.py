"""What a file name says: its kind and its NAME, by which files are paired.

Only the name is looked at, never the content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".ome.tif", ".ome.tiff", ".ome.zarr", ".tif", ".tiff", ".png", ".zarr")
"""Longer ones first."""
LABEL_ENDINGS = ("_cp_masks", "_masks", "_mask", "_labels", "_label")
RESULTS = (".uncertainty", ".probabilities", ".classes")


def suffix(path: Path) -> str:
    """Return the suffix that decides how a file is read.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    str
        One of `SUFFIXES`, in lower case, or "" for other files.

    Examples
    --------
    >>> from pathlib import Path
    >>> suffix(Path("Movie 1.OME.TIF"))
    '.ome.tif'
    """
    name = path.name.lower()
    return next((s for s in SUFFIXES if name.endswith(s) and len(name) > len(s)), "")


def is_zarr(path: Path) -> bool:
    """Return whether a path is read as Zarr.

    Parameters
    ----------
    path : Path
        Any path.

    Returns
    -------
    bool
        True for .zarr and .ome.zarr.
    """
    return suffix(path).endswith("zarr")


def image_name(path: Path) -> str:
    """Return NAME of an image: its file name without suffix.

    Parameters
    ----------
    path : Path
        An image file.

    Returns
    -------
    str
        NAME.

    Examples
    --------
    >>> from pathlib import Path
    >>> image_name(Path("a/cells.v2.ome.tif"))
    'cells.v2'
    """
    return path.name[: len(path.name) - len(suffix(path))]


def label_name(path: Path) -> str:
    """Return NAME of a label file: also without ``_mask`` and the like.

    Parameters
    ----------
    path : Path
        A file with labels.

    Returns
    -------
    str
        NAME of the image that it belongs to.

    Examples
    --------
    >>> from pathlib import Path
    >>> label_name(Path("a/cells_cp_masks.png"))
    'cells'
    """
    name = image_name(path)
    ending = next((e for e in LABEL_ENDINGS if name.lower().endswith(e)), "")
    return name[: len(name) - len(ending)] or name


def is_passed_over(path: Path) -> bool:
    """Return whether a file in a folder is no input.

    Parameters
    ----------
    path : Path
        A file in a folder of inputs.

    Returns
    -------
    bool
        True for hidden files, other suffixes and our own extra results.

    Examples
    --------
    >>> from pathlib import Path
    >>> is_passed_over(Path("cells.uncertainty.tif")), is_passed_over(Path("cells.tif"))
    (True, False)
    """
    hidden = path.name.startswith(".")
    return hidden or not suffix(path) or image_name(path).lower().endswith(RESULTS)


def has_label_ending(path: Path) -> bool:
    """Return whether a name says that the file holds labels.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    bool
        True for ``_mask``, ``_masks``, ``_label``, ``_labels`` and ``_cp_masks``.
    """
    return label_name(path) != image_name(path)
