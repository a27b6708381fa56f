"""What can be done with the versions of the model, and with model files from elsewhere.

Files of many megabytes are read and written on the reader's thread.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.session.job_actions import JobActions
from napari_segloop.session.models import FileErrand, card_of, loading

if TYPE_CHECKING:
    from napari_segloop.engine.requests import ModelBlob


class VersionActions(JobActions):
    """Versions and model files."""

    def use_version(self, number: int) -> None:
        """Use a version again.

        Parameters
        ----------
        number : int
            Its number.
        """
        with self.acting():
            versions = self.desk.versions
            versions.check(number, self.task)
            self.run(
                FileErrand(
                    self.desk,
                    "use",
                    lambda: versions.fetch(number),
                    lambda blob: self._use(number, blob),
                )
            )

    def _use(self, number: int, blob: ModelBlob) -> None:
        self.desk.versions.check(number, self.task)
        self.desk.versions.use(number, blob)
        self.note("versions")
        self._follow()

    def load_model(self, path: Path) -> None:
        """Use a model file as a new version.

        Parameters
        ----------
        path : Path
            A model file.
        """
        with self.acting():
            opened = self.desk.images.opened
            channels = None if opened is None else self.source(opened).channels
            self.run(loading(self.desk, Path(path), self.task, channels, self._loaded))

    def _loaded(self, number: int) -> None:
        facts = self.desk.versions.facts
        if facts is not None and self.task is None:
            self.answer_task("objects" if facts.task == "objects" else "classes")
        if facts is not None:
            self.declare(facts.values)
        self.desk.tell(f"Version {number} was loaded and is in use.", "info")
        opened = self.desk.images.opened
        self.tell_unlike([] if opened is None else [opened])
        self.note("versions")
        self._follow()

    def card(self, path: Path) -> None:
        """Read what a model file says of itself; `card_read` tells the answer.

        Parameters
        ----------
        path : Path
            A model file.
        """
        with self.acting():
            read = partial(card_of, Path(path))
            self.run(FileErrand(self.desk, "card", read, self.card_read.emit))

    def save_model(self, number: int, path: Path) -> None:
        """Copy a version to a file of the user's choice.

        Parameters
        ----------
        number : int
            Its number.
        path : Path
            Where.
        """
        with self.acting():
            save = partial(self.desk.versions.export, number, Path(path))
            text = f"Version {number} was saved as {path}."
            self.run(FileErrand(self.desk, "save", save, lambda _: self.desk.tell(text, "info")))
