"""Which projects were opened last, where new ones go, and where the second copy of each lies.

One small file in the user's own data; a project never names a place outside itself. A file that is
damaged costs the list, never a project.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

import platformdirs

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError
from napari_segloop.store.card import CARD
from napari_segloop.store.checks import COUNT, NAME, TIME, Check, each, optional, text
from napari_segloop.store.errors import StoreError
from napari_segloop.store.record import Record, record

if TYPE_CHECKING:
    from collections.abc import Sequence

ENDING: Final = ".segloop"
MOST: Final = 50
"""Projects that are remembered."""
_FILE: Final = "recent.json"
_LARGEST: Final = 1 << 22
_LONGEST_NAME: Final = 100
_FORBIDDEN: Final = frozenset('/\\:*?"<>|')
_PATH: Final = text(32_768)


@dataclass(frozen=True, slots=True)
class RecentProject(Record):
    """A project that was opened here.

    Parameters
    ----------
    path : str
        Its folder.
    name : str
        As the user calls it.
    saved : str
        When it was last saved, as far as was told, ISO format.
    bytes : int
        That it took then.
    mirror : str or None
        The folder of its second copy.
    """

    path: str
    name: str
    saved: str = ""
    bytes: int = 0
    mirror: str | None = None
    checks: ClassVar[dict[str, Check]] = {
        "path": _PATH,
        "name": NAME,
        "saved": TIME,
        "bytes": COUNT,
        "mirror": optional(_PATH),
    }

    @property
    def exists(self) -> bool:
        """Whether the project is there now."""
        return (Path(self.path) / CARD).is_file()


@dataclass(frozen=True, slots=True)
class _List(Record):
    projects: tuple[RecentProject, ...] = ()
    checks: ClassVar[dict[str, Check]] = {"projects": each(record(RecentProject), MOST)}


def data_folder() -> Path:
    """Return the folder of the user's data.

    Returns
    -------
    Path
        It need not exist.
    """
    return Path(platformdirs.user_data_dir("napari-segloop", appauthor=False))


def default_folder(preference: Path | None = None) -> Path:
    """Return where new projects go.

    Parameters
    ----------
    preference : Path, optional
        The user's choice.

    Returns
    -------
    Path
        It need not exist.
    """
    return preference or data_folder() / "projects"


def new_name(folder: Path, wanted: str = "Project") -> str:
    """Find a name that no project in a folder has.

    Parameters
    ----------
    folder : Path
        It need not exist.
    wanted : str
        The name, taken as it is when it is free; what file systems refuse becomes ``-``.

    Returns
    -------
    str
        Perhaps with a number.
    """
    clean = "".join("-" if c in _FORBIDDEN or not c.isprintable() else c for c in wanted)
    clean = clean.strip(" .")[:_LONGEST_NAME] or "Project"
    taken = {path.name.casefold() for path in folder.iterdir()} if folder.is_dir() else set()
    names = [clean, *(f"{clean} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if f"{name}{ENDING}".casefold() not in taken)


def check_name(name: str) -> str:
    """Refuse a name that cannot be a folder's everywhere.

    Parameters
    ----------
    name : str
        As typed.

    Returns
    -------
    str
        Without spaces around it.

    Raises
    ------
    InputError
        With the remedy.
    """
    bare = name.strip()
    wrong = [c for c in bare if c in _FORBIDDEN or not c.isprintable()]
    if not bare or len(bare) > _LONGEST_NAME or wrong or bare.startswith(".") or bare.endswith("."):
        raise InputError(
            f'a name of 1 to {_LONGEST_NAME} characters, none of them / \\ : * ? " < > |',
            repr(name)[:80],
            "Use letters, digits, spaces and dashes.",
        )
    return bare


def recent() -> tuple[RecentProject, ...]:
    """Return the projects that were opened here, the last one first.

    Returns
    -------
    tuple of RecentProject
        Empty when nothing, or nothing readable, is remembered.
    """
    with suppress(OSError, StoreError):
        path = data_folder() / _FILE
        if path.stat().st_size <= _LARGEST:
            return _List.from_bytes(path.read_bytes()).projects
    return ()


def note_opened(path: Path, name: str = "", saved: str = "", size: int = 0) -> None:
    """Remember a project as the last one.

    Parameters
    ----------
    path : Path
        Its folder.
    name : str
        As the user calls it; the folder's when not given.
    saved : str
        When it was last saved, ISO format.
    size : int
        Bytes that it takes.

    Raises
    ------
    OutputError
        When the list cannot be written.
    """
    place = _place(path)
    mirror = next((each.mirror for each in recent() if each.path == place), None)
    entry = RecentProject(place, name or path.name.removesuffix(ENDING), saved, size, mirror)
    _write([entry, *(each for each in recent() if each.path != place)])


def forget(path: Path) -> None:
    """Take a project off the list.

    Parameters
    ----------
    path : Path
        Its folder.
    """
    _write([each for each in recent() if each.path != _place(path)])


def set_mirror(path: Path, mirror: Path | None) -> None:
    """Remember where the second copy of a project lies.

    Parameters
    ----------
    path : Path
        The project's folder.
    mirror : Path or None
        The folder that was chosen for it.
    """
    if all(each.path != _place(path) for each in recent()):
        note_opened(path)
    where = None if mirror is None else str(mirror)
    found = (replace(e, mirror=where) if e.path == _place(path) else e for e in recent())
    _write(list(found))


def mirror_of(path: Path) -> Path | None:
    """Return where the second copy of a project lies.

    Parameters
    ----------
    path : Path
        The project's folder.

    Returns
    -------
    Path or None
        The folder that was chosen; it may be away.
    """
    found = next((each.mirror for each in recent() if each.path == _place(path)), None)
    return None if found is None else Path(found)


def _place(path: Path) -> str:
    return os.path.normcase(path.absolute())


def _write(projects: Sequence[RecentProject]) -> None:
    folder = data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / _FILE) as temporary:
        temporary.write_bytes(_List(tuple(projects[:MOST])).to_bytes())
