"""What is said of a project: when it was saved or why not, where it lies, how much room it takes.

When it is saved is not known here.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_segloop.session.pace import AGAIN
from napari_segloop.session.savedstate import SavedState

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.session.mirroring import Mirroring
    from napari_segloop.session.reading import Reader
    from napari_segloop.store.project import Project

EVERY: Final = 60.0
"""Seconds between two looks at how much room the project takes."""


class SavedLine:
    """The line that the face shows.

    Parameters
    ----------
    writer : Reader
        Measures the project.
    tell : callable
        Called with "saved" when the line is another.
    """

    def __init__(self, writer: Reader, tell: Callable[[str], None]) -> None:
        self._writer, self._tell = writer, tell
        self._measured_at = 0.0
        self.state = SavedState()

    def show(self, project: Project | None, mirroring: Mirroring, size: int | None) -> None:
        """Say where the project is.

        Parameters
        ----------
        project : Project or None
            None before there is one.
        mirroring : Mirroring
            Its second copy.
        size : int or None
            Bytes that it takes, where that is known anew.
        """
        self.state = SavedState() if project is None else replace(
            self.state,
            path=str(project.folder),
            name=project.name,
            is_read_only=project.is_read_only,
            mirror=str(mirroring.folder or ""),
            mirror_text=mirroring.text,
            bytes=self.state.bytes if size is None else size,
        )  # fmt: skip
        self._tell("saved")

    def saved(self) -> None:
        """Say that everything is saved."""
        text = f"Saved {datetime.now().astimezone():%H:%M}"
        self.state = replace(self.state, text=text, level="info")

    def failed(self, error: SegLoopError) -> None:
        """Say why it is not.

        Parameters
        ----------
        error : SegLoopError
            Of the store.
        """
        text = f"Not saved: {error.got}. You can go on: it is tried again every {AGAIN:.0f} s."
        path = error.file or self.state.path
        self.state = replace(self.state, text=text, level="error", path=str(Path(path)))
        self._tell("saved")

    def measure(self, project: Project | None, then: Callable[[int], None]) -> None:
        """Look now and then how many bytes the project takes, on the writing thread.

        Parameters
        ----------
        project : Project or None
            Open.
        then : callable
            Called with it by a later poll.
        """
        now = time.monotonic()
        if project is not None and now - self._measured_at > EVERY:
            self._measured_at = now
            self._writer.ask(project.size, then, lambda _: None)
