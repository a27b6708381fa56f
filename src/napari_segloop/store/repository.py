"""The icechunk repository of a project: sessions, references, and commits that reach the disk.

A commit is a snapshot written beside the history, flushed with all its objects, and only then made
the newest state: whenever the power fails, the newest state is one that was whole. What is in a
snapshot is not known here.

References
----------
.. [1] Icechunk, transactional storage for Zarr. https://icechunk.io/en/stable/spec/
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

from napari_segloop.core.durable import flush_folder
from napari_segloop.store import storage
from napari_segloop.store.card import ANNOTATIONS
from napari_segloop.store.chunkguard import GuardedStore
from napari_segloop.store.durability import Unflushed, flush_tree, sweep
from napari_segloop.store.errors import StoreError, damaged
from napari_segloop.store.faults import reading, writing
from napari_segloop.store.sums import Sums

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import icechunk

MAIN: Final = "main"
_ASIDE: Final = "restoring"  # a branch that lives for the time of one restore


class Repository:
    """The annotations of a project.

    Parameters
    ----------
    folder : Path
        The project.
    at : str, optional
        A snapshot that is taken for the newest one, for reading; that of the branch if not given.

    Raises
    ------
    StoreError
        When there is none, or it cannot be read.
    """

    def __init__(self, folder: Path, at: str | None = None) -> None:
        self.folder, self._at = folder, at
        self._place = folder / ANNOTATIONS
        if not self._place.is_dir():
            raise damaged("the annotations of a project", "no such folder", str(self._place))
        with reading("the annotations of a project", folder):
            self._repository = storage.reopen(self._place)
            self._unflushed, self._sums = Unflushed(self._place), Sums(self._place)
        self.newest  # noqa: B018  # raises

    @classmethod
    def create(
        cls, folder: Path, fill: Callable[[GuardedStore], None], note: dict[str, Any]
    ) -> Self:
        """Make a repository with a first snapshot, whole or not at all.

        Parameters
        ----------
        folder : Path
            The project.
        fill : callable
            Writes the first content.
        note : dict
            What is kept beside the first snapshot.

        Returns
        -------
        Repository
            Opened.

        Raises
        ------
        StoreError
            When there is one already, or it cannot be written.
        """
        place = folder / ANNOTATIONS
        if place.exists():
            remedy = "Open this project, or choose another name."
            raise StoreError("a new project", "one that is there already", remedy, str(folder))
        temporary = folder / f".{uuid4().hex[:8]}.{ANNOTATIONS}"
        with writing(folder):
            try:
                made = storage.create(temporary)
                session = made.writable_session(MAIN)
                fill(GuardedStore(session.store))
                Sums(temporary).write(made, session.commit("", note))
                flush_tree(temporary)
                temporary.rename(place)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            flush_folder(folder)
        return cls(folder)

    @property
    def newest(self) -> str:
        """Id of the newest snapshot."""
        if self._at is not None:
            return self._at
        with reading("the newest snapshot of a project", self.folder):
            return self._repository.lookup_branch(MAIN)

    def pin(self) -> None:
        """Take the newest snapshot of now for the newest one, whatever another one writes."""
        self._at = self.newest

    def look(self, snapshot: str | None = None) -> GuardedStore:
        """Return the content of a snapshot for reading.

        Parameters
        ----------
        snapshot : str, optional
            Its id; the newest when not given.

        Returns
        -------
        GuardedStore
            For zarr.
        """
        snapshot = snapshot or self.newest
        with reading(f"the snapshot {snapshot}", self.folder):
            self._sums.check(self._repository, snapshot)
            session = self._repository.readonly_session(snapshot_id=snapshot)
            return GuardedStore(session.store)

    def begin(self) -> icechunk.Session:
        """Begin a change of the newest state.

        Returns
        -------
        icechunk.Session
            For `commit`; forget it, and nothing happened.
        """
        with writing(self.folder):
            self._place.stat()  # a drive may be gone
        with reading("the newest snapshot of a project", self.folder):
            self._sums.check(self._repository, self.newest)
            return self._repository.writable_session(MAIN)

    def commit(self, session: icechunk.Session, message: str, metadata: dict[str, Any]) -> str:
        """Make a change the newest state, and wait until it is on the disk.

        Parameters
        ----------
        session : icechunk.Session
            Of `begin`; something must have changed in it.
        message : str
            In words.
        metadata : dict
            JSON-ready.

        Returns
        -------
        str
            Id of the snapshot.

        Raises
        ------
        StoreError
            When it cannot be written; the newest state is the one before.
        """
        with writing(self.folder):
            before = session.snapshot_id
            made: str = session.flush(message, metadata)
            self._point(made, before)
        return made

    def branch_off(self, snapshot: str) -> icechunk.Session:
        """Begin a change of an older state, without a copy.

        Parameters
        ----------
        snapshot : str
            Its id.

        Returns
        -------
        icechunk.Session
            For `commit_over`.
        """
        self.look(snapshot)
        with writing(self.folder):
            if _ASIDE in self._repository.list_branches():  # of a restore that was killed
                self._repository.delete_branch(_ASIDE)
            self._repository.create_branch(_ASIDE, snapshot)
            return self._repository.writable_session(_ASIDE)

    def commit_over(self, session: icechunk.Session, message: str, metadata: dict[str, Any]) -> str:
        """Make a change of an older state the newest one.

        Parameters
        ----------
        session : icechunk.Session
            Of `branch_off`.
        message : str
            In words.
        metadata : dict
            JSON-ready.

        Returns
        -------
        str
            Id of the snapshot.
        """
        with writing(self.folder):
            made: str = session.flush(message, metadata)
            self._point(made, self._repository.lookup_branch(MAIN))
            self._repository.delete_branch(_ASIDE)
        return made

    def history(self, tip: str) -> Iterator[icechunk.SnapshotInfo]:
        """Go back in time.

        Parameters
        ----------
        tip : str
            Where to begin.

        Yields
        ------
        SnapshotInfo
            Newest first, until the first one or until what has expired.
        """
        with reading("the history of a project", self.folder):
            yield from self._repository.ancestry(snapshot_id=tip)

    def tags(self) -> dict[str, str]:
        """Return the snapshots that are kept by name.

        Returns
        -------
        dict of str to str
            Name to id.
        """
        with reading("the kept snapshots of a project", self.folder):
            names = self._repository.list_tags()
            return {name: self._repository.lookup_tag(name) for name in sorted(names)}

    def tag(self, name: str, snapshot: str) -> None:
        """Keep a snapshot by a name that was never used.

        Parameters
        ----------
        name : str
            Letters, digits, ``-`` and ``_``.
        snapshot : str
            Its id.
        """
        with writing(self.folder):
            self._repository.create_tag(name, snapshot)
            self._unflushed.flush_reference(self._place / "refs" / f"tag.{name}")

    def expire(self, before: datetime) -> set[str]:
        """Forget what is older and not kept, then delete what nothing leads to any more.

        Parameters
        ----------
        before : datetime
            With a time zone.

        Returns
        -------
        set of str
            Ids that are forgotten.
        """
        with writing(self.folder):
            gone = self._repository.expire_snapshots(before)
            flush_tree(self._place / "snapshots")
            self._repository = storage.reopen(self._place)
            self._repository.garbage_collect(datetime.now(UTC))
            sweep(self._place)
            self._sums.clear()
        return gone

    def _point(self, snapshot: str, before: str) -> None:
        """Make a snapshot the newest state, once all of it is on the disk."""
        self._sums.write(self._repository, snapshot)
        self._unflushed.flush()
        self._repository.reset_branch(MAIN, snapshot, from_snapshot_id=before)
        self._unflushed.flush_reference(self._place / "refs" / f"branch.{MAIN}")
