"""A project: one folder with annotations, models and a card, and one writer at a time.

Opening never touches what is damaged, and no link in the folder may lead out of it. What the
annotations mean is not known here.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.durable import flush_folder
from napari_segloop.store.annotations import Annotations, Save
from napari_segloop.store.card import Card, read_card
from napari_segloop.store.copying import move_folder, refuse_links, size_of
from napari_segloop.store.errors import OLDER, ProjectBusy, StoreError
from napari_segloop.store.faults import writing
from napari_segloop.store.locking import LOCK
from napari_segloop.store.mirror import MARK, MODELS
from napari_segloop.store.models import Models
from napari_segloop.store.recent import ENDING, check_name
from napari_segloop.store.records import ProjectRecord
from napari_segloop.store.rescue import DamagedProject, check_records, damage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.store.annotations import Snapshot

__all__ = ["DamagedProject", "Project", "ProjectBusy"]


class Project:
    """An open project.

    Parameters
    ----------
    folder : Path
        ``NAME.segloop``.
    card : Card
        Its name and id.
    annotations : Annotations
        Open.
    """

    def __init__(self, folder: Path, card: Card, annotations: Annotations) -> None:
        self.folder, self._card, self.annotations = folder, card, annotations
        self.models = Models(folder / MODELS, is_read_only=annotations.is_read_only)

    @classmethod
    def create(cls, folder: Path, name: str | None = None, task: str = "classes") -> Self:
        """Begin a project.

        Parameters
        ----------
        folder : Path
            Its own folder, for example ``Nuclei.segloop``; must not exist.
        name : str, optional
            As the user calls it; after the folder when not given.
        task : {"classes", "objects"}
            What is looked for, until the first save says it.

        Returns
        -------
        Project
            Open for writing.

        Raises
        ------
        StoreError
            When the folder exists or cannot be made.
        InputError
            For a name that no folder can have.
        """
        card = Card.new(check_name(name or folder.name.removesuffix(ENDING)))
        _check_free(folder)
        temporary = folder.with_name(f".{uuid4().hex[:8]}.beginning")
        classes = ClassTable.first(task).to_dict()
        try:
            with writing(folder):
                folder.parent.mkdir(parents=True, exist_ok=True)
            with Annotations.create(temporary) as annotations:
                annotations.save(Save(ProjectRecord(task, classes)), "Begun", "begin")
            with writing(folder):
                card.write(temporary)
                (temporary / LOCK).unlink(missing_ok=True)
                temporary.rename(folder)
                flush_folder(folder.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False) -> Self:
        """Open a project.

        Parameters
        ----------
        folder : Path
            Its folder. A second copy is opened read-only, always.
        read_only : bool
            Whether another one may write meanwhile.

        Returns
        -------
        Project
            Open.

        Raises
        ------
        ProjectBusy
            When another viewer or command writes into it; it can be opened read-only.
        DamagedProject
            With what is wrong and what is left; nothing was touched.
        StoreError
            When it is none, of a newer format, or a link in it leads outside.
        """
        if not folder.is_dir():
            raise StoreError("a project", "no such folder", "Look for it elsewhere.", str(folder))
        refuse_links(folder)
        try:
            card = read_card(folder)
            is_copy = (folder / MARK).is_file()
            annotations = Annotations.open(folder, read_only=read_only or is_copy)
            check_records(annotations)
        except ProjectBusy:
            raise
        except StoreError as error:
            if error.remedy != OLDER:
                raise
            raise damage(folder, error) from error
        return cls(folder, card, annotations)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def id(self) -> str:
        """By which second copies know it."""
        return self._card.id

    @property
    def name(self) -> str:
        """As the user calls it."""
        return self._card.name

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be saved."""
        return self.annotations.is_read_only

    def size(self) -> int:
        """Return what the project takes on the disk.

        Returns
        -------
        int
            Bytes.
        """
        return size_of(self.folder)

    def history(self) -> tuple[Snapshot, ...]:
        """List the snapshots that can be restored.

        Returns
        -------
        tuple of Snapshot
            Newest first; the empty one that everything began with is left out.
        """
        return tuple(each for each in self.annotations.history() if each.parent is not None)

    def close(self) -> None:
        """Let others write; nothing is left to be written."""
        self.annotations.close()

    def rename(self, name: str) -> None:
        """Give the project and its folder another name.

        Parameters
        ----------
        name : str
            The new one.

        Raises
        ------
        StoreError
            When the project is read-only, or there is one of this name.
        InputError
            For a name that no folder can have.
        """
        self.check_writable()
        card = replace(self._card, name=check_name(name))
        target = self.folder.with_name(f"{card.name}{ENDING}")
        if target != self.folder:
            self._go(target)
        with writing(self.folder):
            card.write(self.folder)
        self._card = card

    def move(self, to: Path) -> None:
        """Bring the project to another folder, perhaps on another disk.

        Parameters
        ----------
        to : Path
            In which its own folder will lie.

        Raises
        ------
        StoreError
            When it is read-only, or does not fit there; it stays where it was then.
        """
        self.check_writable()
        target = to / self.folder.name
        if target.resolve().is_relative_to(self.folder.resolve()):
            raise StoreError("another folder", "one that it lies in", "Choose another.", str(to))
        self._go(target)

    def delete(self, trash: Callable[[Path], bool] | None = None) -> bool:
        """Delete the project with everything in it.

        Parameters
        ----------
        trash : callable, optional
            Brings its folder to the trash and says whether that was possible; when not given, it
            is deleted for good.

        Returns
        -------
        bool
            Whether it is gone; if not, it is open as before.
        """
        self.check_writable()
        self.close()
        if trash is not None:
            is_gone = trash(self.folder)
            if not is_gone:
                self.annotations = Annotations.open(self.folder)
            return is_gone
        gone = self.folder.with_name(f".{uuid4().hex[:8]}.deleted")
        with writing(self.folder):
            self.folder.rename(gone)
            shutil.rmtree(gone)
        return True

    def check_writable(self) -> None:
        """Refuse to change what was opened read-only.

        Raises
        ------
        StoreError
            With the remedy.
        """
        if self.is_read_only:
            remedy = "Close it in the other viewer, then open it again."
            got = "one opened read-only"
            raise StoreError("a project to write to", got, remedy, str(self.folder))

    def _go(self, target: Path) -> None:
        """Lie elsewhere from now on; what is open is opened again there."""
        _check_free(target)
        self.close()
        try:
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                move_folder(self.folder, target, frozenset({LOCK}))
            self.folder = target
        finally:
            self.annotations = Annotations.open(self.folder)
            self.models = Models(self.folder / MODELS)


def _check_free(folder: Path) -> None:
    if os.path.lexists(folder):
        remedy = "Choose another name."
        raise StoreError("a name that is free", "one that exists", remedy, str(folder))
