"""The annotations of a project: saved in transactions, looked at, restored, expired.

A save is on the disk when it returns, whole; whatever interrupts it, the newest state is the one
before. One writer at a time, any number of readers. Layers, sessions and models are not known here.
"""

from __future__ import annotations

import threading
from itertools import groupby
from typing import TYPE_CHECKING, Self

from napari_segloop.store import documents, layout
from napari_segloop.store.chunkguard import GuardedStore
from napari_segloop.store.documents import PROJECT
from napari_segloop.store.errors import StoreError
from napari_segloop.store.faults import writing
from napari_segloop.store.imagerecords import ImageRecord
from napari_segloop.store.layout import CHUNK
from napari_segloop.store.locking import hold
from napari_segloop.store.pieces import PieceWriter
from napari_segloop.store.reader import AnnotationReader
from napari_segloop.store.repository import Repository
from napari_segloop.store.snapshots import Cause, Note, PlaneChunk, Save, Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from filelock import BaseFileLock


__all__ = ["CHUNK", "Annotations", "PlaneChunk", "Save", "Snapshot"]


class Annotations(AnnotationReader):
    """The annotations of one project; made by `create` or `open`.

    Parameters
    ----------
    repository : Repository
        What is kept.
    lock : BaseFileLock or None
        Held while this one may write; None for reading only.
    """

    def __init__(self, repository: Repository, lock: BaseFileLock | None) -> None:
        super().__init__(repository)
        self._lock = lock
        self._writing = threading.RLock()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Begin the annotations of a project.

        Parameters
        ----------
        folder : Path
            The project; made when it is not there.

        Returns
        -------
        Annotations
            Open for writing, empty.

        Raises
        ------
        StoreError
            When there are some already, or the folder cannot be written.
        """
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        lock = hold(folder)
        try:
            return cls(Repository.create(folder, documents.begin, Note("begin").to_dict()), lock)
        except StoreError:
            lock.release()
            raise

    @classmethod
    def open(cls, folder: Path, *, read_only: bool = False, at: str | None = None) -> Self:
        """Open the annotations of a project; what is damaged never opens as empty.

        Parameters
        ----------
        folder : Path
            The project.
        read_only : bool
            Whether another one may write meanwhile; what is read stays as it was when opened.
        at : str, optional
            A snapshot that is taken for the newest one; only for reading.

        Returns
        -------
        Annotations
            Open.

        Raises
        ------
        ProjectBusy
            When another one writes into it.
        StoreError
            When there is no project, it was made by a newer version, or it is damaged.
        """
        if not folder.is_dir():
            raise StoreError("a project", "no such folder", "Look for it elsewhere.", str(folder))
        lock = None if read_only or at is not None else hold(folder)
        try:
            opened = cls(Repository(folder, at), lock)
            if lock is None:
                opened._repository.pin()
            documents.check_format(opened._repository.look())
        except StoreError:
            if lock is not None:
                lock.release()
            raise
        return opened

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back; nothing is left to be written."""
        if self._lock is not None:
            self._lock.release()

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be saved."""
        return self._lock is None

    def save(
        self,
        save: Save,
        message: str = "",
        kind: Cause = "autosave",
        counts: Mapping[str, int] | None = None,
        version: int | None = None,
    ) -> Snapshot:
        """Keep a change, all of it or nothing.

        Parameters
        ----------
        save : Save
            What changed.
        message : str
            In the user's words.
        kind : {"autosave", "round", "manual", "restore", "begin"}
            Why; autosaves expire.
        counts : mapping of str to int, optional
            Shown with the snapshot.
        version : int, optional
            The version of the model in use.

        Returns
        -------
        Snapshot
            On the disk. The newest one when there was nothing to keep and it is an autosave.

        Raises
        ------
        StoreError
            When it cannot be written, or makes no sense; the newest state is the one before.
        """
        self._check_writable()
        with self._writing:
            session = self._repository.begin()
            note = Note(kind, dict(counts or {}), version, session.snapshot_id)
            store = GuardedStore(session.store)
            with writing(self.folder):
                self._write(store, save)
            if not session.has_uncommitted_changes:
                if kind == "autosave":
                    return self._history.describe(session.snapshot_id)
                documents.touch(store)
            made = self._repository.commit(session, message, note.to_dict())
            return self._history.describe(made)

    def keep(self, snapshot: str, message: str = "") -> None:
        """Keep a snapshot for good, with a message of its own.

        Parameters
        ----------
        snapshot : str
            Its id.
        message : str
            In the user's words; what is longer than 90 bytes is cut off.

        Raises
        ------
        StoreError
            When there is no such snapshot, or it cannot be written.
        """
        self._check_writable()
        with self._writing:
            self._history.keep(snapshot, message)

    def restore(self, snapshot: str) -> Snapshot:
        """Make an older state the newest one; the present one is kept first.

        Parameters
        ----------
        snapshot : str
            Its id.

        Returns
        -------
        Snapshot
            A new one, equal to the old one.

        Raises
        ------
        StoreError
            When there is no such snapshot, or it cannot be written.
        """
        self._check_writable()
        with self._writing:
            old, present = self._history.find(snapshot), self._repository.newest
            self._history.keep(present)
            session = self._repository.branch_off(snapshot)
            note = Note("restore", old.counts, old.version, present)
            with writing(self.folder):
                documents.touch(GuardedStore(session.store))
            made = self._repository.commit_over(session, old.message, note.to_dict())
            return self._history.describe(made)

    def expire(self, before: datetime) -> int:
        """Forget autosaves that are older and not kept, and free their space.

        Parameters
        ----------
        before : datetime
            With a time zone.

        Returns
        -------
        int
            Number of snapshots that are gone.

        Raises
        ------
        StoreError
            When the project cannot be written; no other snapshot is touched.
        """
        self._check_writable()
        with self._writing:
            return self._history.expire(before)

    def _check_writable(self) -> None:
        if self._lock is None:
            remedy = "Close the project where it is open for writing, then open it again."
            raise StoreError(
                "a project that is open for writing", "one open read-only", remedy, str(self.folder)
            )

    def _write(self, store: GuardedStore, save: Save) -> None:
        """Write everything of a save into a session."""
        for number in save.removed:
            documents.remove(store, number)
        _write_images(store, save.images)
        if save.project is not None:
            documents.write_document(store, PROJECT, save.project.to_bytes())
        project = save.project or documents.project_record(store)
        objects = project is not None and project.task == "objects"
        shapes = {image.number: image.identity.shape for image in save.images}
        for number, chunks in groupby(save.chunks, key=lambda chunk: chunk.image):
            shape = shapes.get(number) or documents.image_record(store, number).identity.shape
            PieceWriter(store, number, shape, objects=objects).write(chunks)


def _write_images(store: GuardedStore, images: Sequence[ImageRecord]) -> None:
    """Write records, unless one would make its image's arrays unreadable."""
    paths = [layout.record(image.number) for image in images]
    older = documents.read_documents(store, paths)
    for image, path, old in zip(images, paths, older, strict=True):
        new = image.to_bytes()
        before = image if old in (None, new) else ImageRecord.from_bytes(old)
        if before.identity.shape != image.identity.shape:
            remedy = "Add the image again, as a new one."
            expected = f"image {image.number} of {before.identity.shape}"
            raise StoreError(expected, f"{image.identity.shape}", remedy)
        documents.write_document(store, path, new)
