"""A second copy of a project in another folder: a stick, a network drive.

Objects come before what points at them, and what points at them before what is deleted; so a copy
that was cut off anywhere opens as an older state or the newest. Objects keep their names for ever,
and come under them only when they are whole: a name that is there need not be copied again. Who
writes into the project meanwhile does not matter. When a copy is made is not known here.
"""

from __future__ import annotations

import datetime
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from napari_segloop.core.durable import flush_folder, replacing
from napari_segloop.core.errors import OutputError
from napari_segloop.store.card import ANNOTATIONS, CARD
from napari_segloop.store.checks import TIME, Check, text
from napari_segloop.store.copying import PARTIAL, copy_file, sha256_of
from napari_segloop.store.durability import AT_ONCE, OBJECTS
from napari_segloop.store.errors import StoreError
from napari_segloop.store.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_segloop.store.project import Project

MARK: Final = "mirror.json"
"""Says that a folder is a second copy, and of what; nobody writes into such a project."""
REFS: Final = f"{ANNOTATIONS}/refs"
MODELS: Final = "models"
_REWRITTEN: Final = f"{ANNOTATIONS}/snapshots"
"""Expiry changes the parent of the oldest snapshot that stays, under its old name."""
_FOLDERS: Final = (MODELS, *(f"{ANNOTATIONS}/{name}" for name in OBJECTS))
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Mark(Record):
    """What a second copy says of itself.

    Parameters
    ----------
    project : str
        Id of the project.
    updated : str
        When it was last brought up to date, ISO format; "" while the first copy is made.
    """

    project: str
    updated: str = ""
    checks: ClassVar[dict[str, Check]] = {"project": text(64), "updated": TIME}


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What one update did.

    Parameters
    ----------
    folder : Path
        The second copy.
    files, bytes : int
        Copied and compared.
    deleted : int
        Files that the project has no longer.
    """

    folder: Path
    files: int
    bytes: int
    deleted: int


class Mirror:
    """The second copy of a project.

    Parameters
    ----------
    project : Project
        Open; it may be read-only.
    folder : Path
        Where the copy lies in a folder of the project's name; it need not be there now.
    """

    def __init__(self, project: Project, folder: Path) -> None:
        self._source, self._id = project.folder, project.id
        self.folder = folder
        self.target = folder / project.folder.name

    def update(self) -> Mirrored:
        """Bring the copy up to date; call it again after whatever went wrong.

        Returns
        -------
        Mirrored
            What was done.

        Raises
        ------
        StoreError
            When the folder is away, full or another project's; the project itself is safe.
        """
        with _in_words(self.target):
            self._find()
            for _ in range(_TRIES - 1):
                with suppress(FileNotFoundError):  # cleared away meanwhile: look again
                    return self._update()
            return self._update()

    def _update(self) -> Mirrored:
        references = self._references()
        wanted = {folder: _names(self._source / folder) for folder in _FOLDERS}
        self._sweep()
        copied = [size for folder in _FOLDERS for size in self._bring(folder, wanted[folder])]
        self._point(references)
        deleted = self._delete(wanted, references)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._write(MARK, Mark(self._id, now).to_bytes())
        return Mirrored(self.target, len(copied), sum(copied), deleted)

    def _find(self) -> None:
        """Make the folder, or find the one that is this project's, perhaps by an older name."""
        if not self.folder.is_dir():
            raise _refusal(
                "none", "Bring the drive back, or choose another folder.", str(self.folder)
            )
        inside = self.target.resolve()
        source = self._source.resolve()
        if inside.is_relative_to(source) or source.is_relative_to(inside):
            raise _refusal("the project itself", "Choose another folder.", str(self.folder))
        if not self.target.exists():
            self._move_or_make()
        mark = read_mark(self.target)
        if mark is None or mark.project != self._id:
            got = "one with another project of this name"
            raise _refusal(got, "Choose another folder.", str(self.folder))

    def _move_or_make(self) -> None:
        """Rename the copy of a project that was renamed; else begin one."""
        others = (path for path in self.folder.glob("*.segloop") if (path / MARK).is_file())
        for path in others:
            mark = read_mark(path)
            if mark is not None and mark.project == self._id:
                path.rename(self.target)
                return
        self.target.mkdir()
        self._write(MARK, Mark(self._id).to_bytes())

    def _references(self) -> dict[str, bytes]:
        """Read what points at snapshots, before the list of objects is made."""
        root = self._source / REFS
        files = sorted(path for path in root.rglob("*") if path.is_file() and _is_whole(path.name))
        found = {path.relative_to(root).as_posix(): path.read_bytes() for path in files}
        return dict(sorted(found.items(), key=lambda item: item[0].startswith("branch.main/")))

    def _bring(self, folder: str, names: frozenset[str]) -> list[int]:
        """Copy what is not there yet; bytes of each file."""
        there = _names(self.target / folder)
        new = sorted(names - there)
        if folder == _REWRITTEN:
            new += sorted(name for name in names & there if self._differs(f"{folder}/{name}"))
        if not new:
            return []
        with ThreadPoolExecutor(AT_ONCE) as threads:
            sizes = list(threads.map(self._copy, [f"{folder}/{name}" for name in new]))
        flush_folder(self.target / folder)
        return sizes

    def _copy(self, name: str) -> int:
        source, target = self._source / name, self.target / name
        copy_file(source, target)
        facts = source.stat()
        os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        return facts.st_size

    def _differs(self, name: str) -> bool:
        ours, theirs = ((root / name).stat() for root in (self._source, self.target))
        if ours.st_size != theirs.st_size:
            return True
        if ours.st_mtime_ns == theirs.st_mtime_ns:
            return False
        return sha256_of(self._source / name) != sha256_of(self.target / name)

    def _point(self, references: dict[str, bytes]) -> None:
        """Let the copy be what the project was; the newest state comes last."""
        for name, content in references.items():
            place = self.target / REFS / name
            if not place.is_file() or place.read_bytes() != content:
                self._write(f"{REFS}/{name}", content)
        self._write(CARD, (self._source / CARD).read_bytes())

    def _delete(self, wanted: dict[str, frozenset[str]], references: dict[str, bytes]) -> int:
        """Delete what the project has no longer: references, then objects."""
        root = self.target / REFS
        pointing = [path for path in root.rglob("*") if path.is_file()]
        gone = [path for path in pointing if path.relative_to(root).as_posix() not in references]
        for folder, names in wanted.items():
            gone += [self.target / folder / each for each in _names(self.target / folder) - names]
        for path in gone:
            path.unlink()
        return len(gone)

    def _sweep(self) -> None:
        """Delete what a copy that was cut off left."""
        for path in [*self.target.rglob(f"*{PARTIAL}"), *self.target.rglob(".[0-9]*.json")]:
            path.unlink()

    def _write(self, name: str, content: bytes) -> None:
        path = self.target / name
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_bytes(content)


def read_mark(folder: Path) -> Mark | None:
    """Return what a second copy says of itself.

    Parameters
    ----------
    folder : Path
        A project.

    Returns
    -------
    Mark or None
        None when it is no second copy.

    Raises
    ------
    StoreError
        When the mark is damaged.
    """
    path = folder / MARK
    return Mark.from_bytes(path.read_bytes()) if path.is_file() else None


@contextmanager
def _in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, OutputError) as error:
        cause = error.__cause__ if isinstance(error, OutputError) else error
        got = (getattr(cause, "strerror", None) or str(error)).lower()
        remedy = "Free some space there, bring the drive back or choose another folder."
        raise _refusal(got, remedy, str(target)) from error


def _refusal(got: str, remedy: str, place: str) -> StoreError:
    safe = "The project itself is safe, and the copy is continued where it stopped."
    return StoreError("a folder for the second copy", got, f"{remedy} {safe}", place)


def _names(folder: Path) -> frozenset[str]:
    with suppress(FileNotFoundError):
        return frozenset(filter(_is_whole, os.listdir(folder)))  # fast
    return frozenset()


def _is_whole(name: str) -> bool:
    return "#" not in name and not name.endswith(PARTIAL) and not name.startswith(".")
