"""Whether results can be written where they are to go, found out before any work starts.

Which names they get is decided in :mod:`napari_segloop.files.outputs`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_file(path: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse a file that cannot be written, or that would overwrite an input.

    Parameters
    ----------
    path : Path
        The file to be written.
    inputs : iterable of Path
        Files that are read.

    Raises
    ------
    OutputError
        With the remedy.
    """
    if path.is_dir():
        raise OutputError("the name of a file", "a folder", "Add a file name.", str(path))
    if not path.parent.is_dir():
        raise OutputError("a folder to write to", "none", "Make it first.", str(path.parent))
    check_not_input([path], inputs)
    check_folder(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder for results, and refuse one that cannot be written.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OutputError
        With the remedy.
    """
    if path.exists() and not path.is_dir():
        raise OutputError("a folder", "a file", "Choose another name.", str(path))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error
    check_folder(path)


def check_folder(path: Path) -> None:
    """Refuse a folder in which no file can be made.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    OutputError
        With the remedy.
    """
    try:
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> OutputError:
    got = (error.strerror or str(error)).lower()
    return OutputError("a folder to write to", got, "Choose another place.", str(path))


def check_not_input(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse outputs that are, or lie inside, an input.

    Parameters
    ----------
    outputs : iterable of Path
        Files to be written.
    inputs : iterable of Path
        Files and OME-Zarr folders that are read.

    Raises
    ------
    OutputError
        Naming the file.
    """
    read = {_place(path) for path in inputs}
    for path in outputs:
        place = _place(path)
        if read & {place, *place.parents}:
            raise OutputError(
                "a place of its own for each result",
                "an input of the same name there, which would be overwritten",
                "Choose another folder or name.",
                str(path),
            )


def _place(path: Path) -> Path:
    return Path(os.path.normcase(path.resolve()))
