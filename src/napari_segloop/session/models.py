"""Model files from elsewhere: what one says of itself, and taking one into use.

Files are read on the reader's thread; their weights are first looked at by the engine.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelheader import read_info
from napari_segloop.engine.requests import CardAnswer, ModelBlob
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


class ReadingCard(Errand):
    """Read the header of a model file.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    path : Path
        A model file.
    show : callable
        Called with a `CardAnswer`.
    """

    kind = "card"
    is_shown = False

    def __init__(self, desk: Desk, path: Path, show: Callable[[CardAnswer], None]) -> None:
        super().__init__(desk, "Reading a model")
        self._path, self._show_card = path, show

    def begin(self) -> None:
        """Read."""
        self.desk.reader.ask(lambda: card_of(self._path), self._take, self.fail)

    def _take(self, card: CardAnswer) -> None:
        self._show_card(card)
        self._end(is_well=True)


class LoadingModel(Errand):
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
    """

    kind = "load"
    is_shown = False

    def __init__(
        self,
        desk: Desk,
        path: Path,
        task: str | None,
        channels: int | None,
        loaded: Callable[[int], None],
    ) -> None:
        super().__init__(desk, "Loading a model")
        self._path, self._task, self._channels, self._loaded = path, task, channels, loaded

    def begin(self) -> None:
        """Read."""

        def fetch() -> tuple[ModelInfo, ModelBlob]:
            data = read_model_file(self._path)
            info = read_info(self._path)
            return info, ModelBlob(hashlib.sha256(data).hexdigest(), data)

        self.desk.reader.ask(fetch, self._take, self.fail)

    def _take(self, found: tuple[ModelInfo, ModelBlob]) -> None:
        info, blob = found
        try:
            check_fit(info, self._task, self._channels)
        except ModelError as error:
            self.fail(error)
            return
        version = Version(
            0, blob.id, None, info.score, None, True, "", info.steps, len(info.teach_hashes),
            len(info.test_hashes), self._path.name,
        )  # fmt: skip
        facts = Facts(info.task, info.channels, info.values)
        number = self.desk.versions.add(blob, facts, version).number
        self._end(is_well=True)
        self._loaded(number)


def card_of(path: Path) -> CardAnswer:
    """Read what a model file says of itself.

    Parameters
    ----------
    path : Path
        A model file.

    Returns
    -------
    CardAnswer
        Header and size.

    Raises
    ------
    ModelError
        When it is no model of ours.
    """
    info = read_info(path)
    return CardAnswer(json.loads(info.to_json()), path.stat().st_size)


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
