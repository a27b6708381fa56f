"""A list of files with size and SHA-256, by which anybody can tell whether an export is whole.

The list may come from anywhere: no name in it may lead out of its folder.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from napari_segloop.core.durable import replacing
from napari_segloop.store.copying import files_in, sha256_of
from napari_segloop.store.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: Final = "manifest.csv"
MOST: Final = 1_000_000
_HEADER: Final = ["file", "bytes", "sha256"]
_LARGEST: Final = 1 << 28
_SUM: Final = re.compile(r"[0-9a-f]{64}")
_AGAIN: Final = "Export the project again, or use another copy."


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of an export.

    Parameters
    ----------
    name : str
        Inside the folder, with ``/``.
    bytes : int
        Its size.
    sha256 : str
        Hexadecimal.
    """

    name: str
    bytes: int
    sha256: str


def write_manifest(folder: Path) -> tuple[Listed, ...]:
    """List every file of a folder.

    Parameters
    ----------
    folder : Path
        An export whose files are written.

    Returns
    -------
    tuple of Listed
        By name.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in files_in(folder))
    listed = tuple(
        Listed(name, (folder / name).stat().st_size, sha256_of(folder / name))
        for name in names
        if name != MANIFEST
    )
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows((each.name, each.bytes, each.sha256) for each in listed)
    with replacing(folder / MANIFEST) as temporary:
        temporary.write_text(text.getvalue(), "utf-8")
    return listed


def read_manifest(folder: Path) -> tuple[Listed, ...]:
    """Read the list of an export's files.

    Parameters
    ----------
    folder : Path
        The export.

    Returns
    -------
    tuple of Listed
        Every name lies in the folder.

    Raises
    ------
    StoreError
        When there is no list, it is damaged, or a name leads elsewhere.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > _LARGEST:
            raise StoreError("a list of files", "one of absurd size", _AGAIN, str(path))
        rows = list(csv.reader(StringIO(path.read_text("utf-8"))))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(
            "an export of a project",
            f"a folder without {MANIFEST}" if folder.is_dir() else "none",
            "Give the folder that segloop project export wrote; archives are unpacked first.",
            str(folder),
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise StoreError("a list of files", str(error), _AGAIN, str(path)) from error
    if rows[:1] != [_HEADER] or len(rows) > MOST:
        raise StoreError(f"the columns {', '.join(_HEADER)}", "others", _AGAIN, str(path))
    listed = tuple(_listed(row, path) for row in rows[1:])
    if len({each.name for each in listed}) < len(listed):
        raise StoreError("each file once", "one that is listed twice", _AGAIN, str(path))
    return listed


def faults_of(folder: Path) -> list[str]:
    """Compare an export with its list.

    Parameters
    ----------
    folder : Path
        The export.

    Returns
    -------
    list of str
        What is wrong, in words; empty when nothing is.
    """
    listed = read_manifest(folder)
    there = {path.relative_to(folder).as_posix() for path in files_in(folder)}
    strange = there - {each.name for each in listed} - {MANIFEST}
    faults = [fault for each in listed if (fault := _fault(folder, each))]
    return faults + [f"{name}: not in the list" for name in sorted(strange)]


def _fault(folder: Path, listed: Listed) -> str:
    path = folder / listed.name
    if not path.is_file():
        return f"{listed.name}: missing"
    size = path.stat().st_size
    if size != listed.bytes:
        return f"{listed.name}: {size} bytes instead of {listed.bytes}"
    return "" if sha256_of(path) == listed.sha256 else f"{listed.name}: changed since the export"


def _listed(row: list[str], path: Path) -> Listed:
    is_sound = len(row) == len(_HEADER) and row[1].isdecimal() and len(row[1]) < 20
    if not is_sound or not _SUM.fullmatch(row[2]):
        raise StoreError("a name, a size and a SHA-256", str(row)[:120], _AGAIN, str(path))
    return Listed(check_inside(row[0]), int(row[1]), row[2])


def check_inside(name: str) -> str:
    """Refuse a name that could lead out of a folder, on any system.

    Parameters
    ----------
    name : str
        With ``/`` between folders.

    Returns
    -------
    str
        The same.

    Raises
    ------
    StoreError
        For absolute names, drives, ``..`` and the like.
    """
    parts = PurePosixPath(name).parts
    wrong = set(name) & set('\\:\0*?"<>|') or any(part in ("..", ".", "/") for part in parts)
    if wrong or not parts or name.startswith("/") or name != "/".join(parts):
        raise StoreError(
            "names of files inside this folder",
            repr(name)[:80],
            "Do not use this export: ask where it comes from.",
        )
    return name
