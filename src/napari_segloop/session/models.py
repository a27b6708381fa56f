"""Model files from elsewhere: what one says of itself, and taking one into use.

Files are read on the reader's thread; their weights are first looked at by the engine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from napari_segloop.core.errors import ModelError, SegLoopError
from napari_segloop.core.modelheader import read_info
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.errands import Errand
from napari_segloop.session.modelbytes import read_model_file
from napari_segloop.session.state import Version
from napari_segloop.session.versions import Facts
from napari_segloop.session.words import TASKS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.session.desk import Desk

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Card:
    """What a model file says of itself, and its size in bytes."""

    info: ModelInfo
    size: int


class FileErrand(Errand):
    """Read or write a file on the reader's thread.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    kind : str
        What it is for.
    work : callable
        Called on the thread.
    then : callable
        Called with its result; when it raises, that is said.
    """

    is_shown = False

    def __init__(
        self, desk: Desk, kind: str, work: Callable[[], T], then: Callable[[T], None]
    ) -> None:
        super().__init__(desk, "Reading or writing a file")
        self.kind, self._work, self._then = kind, work, cast("Callable[[object], None]", then)

    def begin(self) -> None:
        """Ask the thread."""
        self.desk.reader.ask(self._work, self._take, self.fail)

    def _take(self, found: object) -> None:
        try:
            self._then(found)
        except SegLoopError as error:
            self.fail(error)
        self._end(is_well=True)


def loading(
    desk: Desk,
    path: Path,
    task: str | None,
    channels: int | None,
    loaded: Callable[[int], None],
) -> FileErrand:
    """Take a model file into use as a new version.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    path : Path
        A model file.
    task : {"classes", "objects"} or None
        What the project looks for; None when that is open.
    channels : int or None
        Of the image that is open.
    loaded : callable
        Called with the number of the new version.

    Returns
    -------
    FileErrand
        To be run.
    """

    def fetch() -> tuple[ModelInfo, ModelBlob]:
        data = read_model_file(path)
        info = read_info(path)
        return info, ModelBlob(hashlib.sha256(data).hexdigest(), data)

    def take(found: tuple[ModelInfo, ModelBlob]) -> None:
        info, blob = found
        check_fit(info, task, channels)
        version = Version(
            0, blob.id, None, info.score, None, True, "", info.steps, len(info.teach_hashes),
            len(info.test_hashes), path.name,
        )  # fmt: skip
        facts = Facts(info.task, info.channels, info.values, info.pixel_size)
        loaded(desk.versions.add(blob, facts, version).number)

    return FileErrand(desk, "load", fetch, take)


def card_of(path: Path) -> Card:
    """Read what a model file says of itself.

    Parameters
    ----------
    path : Path
        A model file.

    Returns
    -------
    Card
        Header and size.

    Raises
    ------
    ModelError
        When it is no model of ours.
    """
    return Card(read_info(path), path.stat().st_size)


def check_fit(info: ModelInfo, task: str | None, channels: int | None) -> None:
    """Refuse a model that cannot work here.

    Parameters
    ----------
    info : ModelInfo
        What the model says.
    task : {"classes", "objects"} or None
        What the project looks for.
    channels : int or None
        Of the images.

    Raises
    ------
    ModelError
        With the remedy.
    """
    if task is not None and info.task != task:
        raise ModelError(
            f"a model for {TASKS[task]}",
            f"one for {TASKS[info.task]}",
            "Choose another model, or answer the first question the other way.",
        )
    if channels is not None and info.channels != channels:
        raise ModelError(
            f"a model for images of {channels} channel(s)",
            f"one for {info.channels}",
            "Open the same channels that it was taught on, or train a new one.",
        )
