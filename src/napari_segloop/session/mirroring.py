"""The second copy of a project, brought up to date after each save, on a thread of its own.

A drive that is away costs nothing but the copy: what is missing there follows when it is back.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from napari_segloop.session.reading import Reader
from napari_segloop.store.recent import mirror_of, set_mirror

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.store.project import Project


class Mirroring:
    """Keeps the second copy.

    Parameters
    ----------
    tell : callable
        Called when `text` changed.

    Attributes
    ----------
    project : Project or None
        What is copied.
    folder : Path or None
        Where the second copy lies; None when there is none.
    text : str
        When it was last up to date, or what is wrong.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._reader = Reader()
        self.project: Project | None = None
        self._is_busy = self._is_late = False
        self.folder: Path | None = None
        self.text = ""

    @property
    def is_busy(self) -> bool:
        """Whether it is copying."""
        return self._is_busy

    def take_up(self, project: Project | None) -> None:
        """Copy another project from now on, to where its copy was before.

        Parameters
        ----------
        project : Project or None
            Open.
        """
        self.project, self.text = project, ""
        may_write = project is not None and not project.is_read_only
        self.folder = mirror_of(project.folder) if project is not None and may_write else None
        self.update()

    def choose(self, folder: Path | None) -> None:
        """Keep the second copy in another folder, or keep none.

        Parameters
        ----------
        folder : Path or None
            Exists, perhaps not always.

        Raises
        ------
        OutputError
            When the choice cannot be remembered.
        """
        if self.project is not None:
            set_mirror(self.project.folder, folder)
            self.folder, self.text = folder, ""
            self._tell()
            self.update()

    def update(self) -> None:
        """Bring the copy up to date, once more if it is being done already."""
        project, folder = self.project, self.folder
        if project is None or folder is None:
            return
        self._is_late = self._is_busy
        if self._is_busy:
            return
        self._is_busy = True

        def work() -> None:
            from napari_segloop.store.mirror import Mirror  # noqa: PLC0415  # slow: zarr

            Mirror(project, folder).update()

        self._reader.ask(work, lambda _: self._done(), self._failed)

    def poll(self) -> None:
        """Take over what was done; never waits."""
        self._reader.poll()

    def close(self) -> None:
        """End the thread after what it copies now."""
        self._reader.close()

    def _done(self) -> None:
        self._end(f"Second copy {datetime.now().astimezone():%H:%M}")

    def _failed(self, error: SegLoopError) -> None:
        self._end(f"The second copy is not up to date: {error.got}. {error.remedy}")

    def _end(self, text: str) -> None:
        self._is_busy, self.text = False, text
        self._tell()
        if self._is_late:
            self.update()
