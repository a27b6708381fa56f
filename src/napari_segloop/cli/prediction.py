"""Predicting files plane by plane, as ``predict`` and ``rank`` both do.

Opens, checks and plans; what becomes of a plane's prediction is the caller's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, overload

from napari_segloop.cli.report import drain
from napari_segloop.core.errors import InputError, ModelError
from napari_segloop.core.events import PlaneDone, TileDone
from napari_segloop.core.images import PlaneSource
from napari_segloop.core.magnification import mismatch
from napari_segloop.core.normalize import Normalization, for_file, is_unlike, measure
from napari_segloop.core.planning import make_plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.settings import PredictSettings
from napari_segloop.files.images import open_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_segloop.cli.options import Computing, Reading
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.magnification import PixelSize
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.prediction import Prediction, Wanted
    from napari_segloop.files.images import ImageFile


class Stopped(Exception):  # a request of the user, not an error
    """The user pressed Ctrl-C; what is half written is taken back on the way out."""


class Planes(Sequence[PlaneSource]):
    """The planes of an image file, opened one by one.

    Parameters
    ----------
    image : ImageFile
        The file.
    """

    def __init__(self, image: ImageFile) -> None:
        self._image = image
        self._indices = list(image.indices())

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, number: int) -> PlaneSource: ...

    @overload
    def __getitem__(self, number: slice) -> list[PlaneSource]: ...

    def __getitem__(self, number: int | slice) -> PlaneSource | list[PlaneSource]:
        if isinstance(number, slice):
            return [self._image.plane(index) for index in self._indices[number]]
        return self._image.plane(self._indices[int(number)])


@dataclass(slots=True)
class FilePredictor:
    """Predicts image files with one model.

    The number format is chosen on the first file and holds for all of one command; a network that
    was made ready is used again where the next file has an equal plan.

    Parameters
    ----------
    model : Model
        The model.
    reading : Reading
        How images are read.
    settings : PredictSettings
        How to predict.
    wanted : Wanted
        Which results to make.
    should_stop : callable
        Asked at every tile.
    reporter : Reporter
        Told of tiles and planes.
    """

    model: Model
    reading: Reading
    settings: PredictSettings
    wanted: Wanted
    should_stop: ShouldStop
    reporter: Reporter
    _first: Plan | None = field(default=None, init=False)
    _ready: Predictor | None = field(default=None, init=False)

    def open(self, path: Path) -> ImageFile:
        """Open an image as the model's training images were read.

        Parameters
        ----------
        path : Path
            The image.

        Returns
        -------
        ImageFile
            Of the model's number of channels.

        Raises
        ------
        ModelError
            When the channels do not fit the model.
        InputError
            When the file cannot be read.
        """
        info = self.model.info
        channels = self.reading.channels or info.selected
        image = open_image(path, self.reading.axes or info.axes, channels)
        if image.channels != info.channels:
            image.close()
            raise _other_channels(info, image)
        return image

    def check(self, paths: Sequence[Path]) -> None:
        """Open every file before anything starts.

        Parameters
        ----------
        paths : sequence of Path
            The images.

        Raises
        ------
        ModelError
            When an image does not fit the model.
        InputError
            When not a single file can be read; single damaged files are met again later.
        """
        damaged: list[InputError] = []
        for path in paths:
            try:
                self.open(path).close()
            except ModelError:
                raise
            except InputError as error:
                damaged.append(error)
        if len(damaged) == len(paths):
            raise damaged[0]

    def predict(self, image: ImageFile, plan: Plan) -> Iterator[tuple[tuple[int, ...], Prediction]]:
        """Predict all planes of an image.

        Parameters
        ----------
        image : ImageFile
            The image.
        plan : Plan
            For this image.

        Yields
        ------
        index : tuple of int
            One number for each leading axis.
        prediction : Prediction
            Of this plane.

        Raises
        ------
        Stopped
            When the user asked for it.
        """
        predictor, planes = self._predictor(plan), prod(image.leading_shape)
        for number, index in enumerate(image.indices(), start=1):
            words = _Words(self.reporter, image.path.name, number, planes)
            work = predictor.predict(image.plane(index), self.wanted, self.should_stop)
            prediction = drain(work, words.tell)
            if prediction is None:
                raise Stopped
            yield index, prediction
            self.reporter.event(PlaneDone(number, planes))

    def plan(self, image: ImageFile) -> Plan:
        """Fix how an image is predicted.

        Parameters
        ----------
        image : ImageFile
            The image.

        Returns
        -------
        Plan
            The same for all its planes.
        """
        planes, first = Planes(image), self._first
        numbers = self._numbers(image, planes)
        plane = planes[len(planes) // 2]
        if first is None:
            self._first = make_plan(self.model, plane, numbers, self.settings)
            return self._first
        settings = replace(self.settings, precision=first.precision)
        return replace(make_plan(self.model, plane, numbers, settings), layout=first.layout)

    def _numbers(self, image: ImageFile, planes: Planes) -> Normalization:
        """Return the numbers for a file, and say when the model's do not fit it."""
        rule, statistics = self.model.info.normalization, measure(planes)
        if unlike := mismatch(self.model.info.pixel_size, image_pixel_size(image)):
            self.reporter.notice(f"{image.path}: {unlike}")
        numbers = for_file(rule, statistics)
        if numbers.rule != rule.rule and is_unlike(rule, statistics):
            self.reporter.notice(
                f"{image.path}: the grey values are on another scale than the training images', "
                "so they are normalised by themselves; look at the result with care."
            )
        return numbers

    def _predictor(self, plan: Plan) -> Predictor:
        if self._ready is None or self._ready.plan != plan:
            self._ready = Predictor(self.model, plan)
        return self._ready


@dataclass(frozen=True, slots=True)
class _Words:
    """How far the prediction of a plane is, in words."""

    reporter: Reporter
    name: str
    plane: int
    planes: int

    def tell(self, event: TileDone) -> None:
        """Tell of a tile."""
        self.reporter.event(event)
        where = f"plane {self.plane} of {self.planes}, " if self.planes > 1 else ""
        self.reporter.progress(f"{self.name}: {where}tile {event.tile} of {event.tiles}")


def image_pixel_size(image: ImageFile) -> PixelSize | None:
    """Return what a file says of its pixels.

    Parameters
    ----------
    image : ImageFile
        Open.

    Returns
    -------
    (float, float) or None
        Height and width in micrometres.
    """
    return None if image.pixel_size is None else (image.pixel_size.y, image.pixel_size.x)


def settings_from(
    computing: Computing, *, quality: str = "fast", exact: bool = False
) -> PredictSettings:
    """Return the settings for a device and its threads.

    Parameters
    ----------
    computing : Computing
        What the user asked for.
    quality : {"fast", "careful"}
        Whether to look twice where the network is not sure.
    exact : bool
        Predict as one pass over the whole image would.

    Returns
    -------
    PredictSettings
        Checked.
    """
    return PredictSettings(computing.device, computing.threads, exact=exact, quality=quality)


def _other_channels(info: ModelInfo, image: ImageFile) -> ModelError:
    return ModelError(
        f"an image of {_channels(info.channels)}, like those the model was trained on",
        f"{_channels(image.channels)} (axes {image.axes}, shape {image.shape})",
        "Choose with --channels, or name the axes with --axes.",
        str(image.path),
    )


def _channels(count: int) -> str:
    return "1 channel" if count == 1 else f"{count} channels"
