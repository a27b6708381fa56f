"""What is taught: images and labels checked, mapped, normalised and split.

Everything that can be wrong with truth is found here, before a network exists. Torch-free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.guard import blank, with_guard
from napari_segloop.core.holdout import (
    NO_HISTORY,
    UNKNOWN,
    Block,
    Drawn,
    History,
    Split,
    look_of,
    split,
)
from napari_segloop.core.images import (
    Array,
    ArrayPlane,
    Float,
    Labels,
    Mask,
    check_plane,
    to_float,
)
from napari_segloop.core.labels import check_labels
from napari_segloop.core.magnification import PixelSize, agreed
from napari_segloop.core.modelinfo import OBJECT_OUTPUTS, ModelInfo
from napari_segloop.core.normalize import (
    LIMIT,
    Normalization,
    Statistics,
    for_file,
    from_training,
    measure,
)
from napari_segloop.core.objecttruth import object_truth
from napari_segloop.core.ranges import Range, range_for
from napari_segloop.core.truth import MARK_EACH, check_truth, class_values, to_class_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.settings import TrainSettings

OBJECT_VALUES = (0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class TrainingImage:
    """A plane and what a human says about it.

    Parameters
    ----------
    name : str
        For messages.
    image : (C, Y, X) ndarray
        Any supported dtype.
    labels : (Y, X) ndarray of integer
        Class values or object ids.
    checked : (Y, X) ndarray of bool, optional
        Where the labels are truth; everywhere when not given.
    statistics : Statistics, optional
        Of the whole file that the plane is from; of the plane when not given.
    pixel_size : (float, float), optional
        Height and width of a pixel in micrometres, where they are known.
    index : tuple of int
        Which plane of its file it is: one number for each leading axis.
    origin : (int, int)
        Where it begins in that plane, in rows and columns.
    stack : str, optional
        Names the stack in z or t that the plane is of; blocks at one place of it teach or test
        together.
    drawn : tuple of Drawn
        Places that were drawn at random to test: they never teach.
    """

    name: str
    image: Array
    labels: Labels
    checked: Mask | None = None
    statistics: Statistics | None = None
    pixel_size: PixelSize | None = None
    index: tuple[int, ...] = ()
    origin: tuple[int, int] = (0, 0)
    stack: str | None = None
    drawn: tuple[Drawn, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Truth ready for teaching.

    Parameters
    ----------
    values : tuple of int
        Label value of each class, 0 first; ``(0, 1)`` for objects.
    normalization : Normalization
        Rule, and the numbers of the training images.
    images : tuple of (C, Y, X) ndarray of float32
        Normalised.
    truths : tuple of (Y, X) ndarray of int16
        Class numbers, -1 where not checked.
    split : Split
        Which blocks teach and which test.
    outputs : int
        Classes that the network tells apart; three for objects.
    ranges : tuple of Range
        Between which numbers each image's normalisation is varied in teaching.
    statistics : tuple of Statistics
        Of each image's file.
    pixel_size : (float, float) or None
        Of all images, in micrometres; None when not known or not alike.
    newest : tuple of Block
        Those that teach and did not, or with another truth, teach the model to improve.
    """

    values: tuple[int, ...]
    normalization: Normalization
    images: tuple[Float, ...]
    truths: tuple[Labels, ...]
    split: Split
    outputs: int
    ranges: tuple[Range, ...]
    statistics: tuple[Statistics, ...]
    pixel_size: PixelSize | None = None
    newest: tuple[Block, ...] = ()

    @property
    def channels(self) -> int:
        """Image channels."""
        return int(self.images[0].shape[0])

    def teaching_truth(self) -> tuple[Labels, ...]:
        """Return the truth without every test block and the guard around it.

        Returns
        -------
        tuple of (Y, X) ndarray of int16
            Copies.
        """
        return blank(self.truths, self.split)

    def images_for(self, model: Normalization) -> tuple[Float, ...]:
        """Return the images as a model of other numbers would see them.

        Parameters
        ----------
        model : Normalization
            The rule and the numbers of that model's training images.

        Returns
        -------
        tuple of (C, Y, X) ndarray of float32
            Normalised.
        """
        numbers = (for_file(model, own) for own in self.statistics)
        pairs = zip(self.images, self.ranges, numbers, strict=True)
        return tuple(_renormalised(image, Range(old.used, new, new)) for image, old, new in pairs)


def prepare_lesson(
    images: Sequence[TrainingImage], settings: TrainSettings, start: ModelInfo | None = None
) -> Lesson:
    """Check, map, normalise and split the training images.

    Parameters
    ----------
    images : sequence of TrainingImage
        At least one.
    settings : TrainSettings
        Task, ignored value and normalization rule.
    start : ModelInfo, optional
        Of the model to improve: what it was taught does not test, if that can be helped.

    Returns
    -------
    Lesson
        Ready for teaching.

    Raises
    ------
    InputError
        When an image is no image, or image and labels do not fit together.
    TruthError
        When nothing, or only one class, is checked.
    """
    if not images:
        raise TruthError("an image with checked pixels", "none", MARK_EACH)
    for item in images:
        _check_shapes(item, images[0])
    values = _values(images, settings)
    truths = tuple(_truth(item, values, settings) for item in images)
    check_truth(truths, values)
    statistics = tuple(item.statistics or measure([ArrayPlane(item.image)]) for item in images)
    pooled = from_training(statistics)
    normalization = Normalization(settings.normalization, pooled.centre, pooled.scale)
    normalised = tuple(
        for_file(normalization, own).apply(to_float(check_plane(item.image))[0])
        for item, own in zip(images, statistics, strict=True)
    )
    planes, stacks = [check_plane(item.image) for item in images], [_stack(item) for item in images]
    drawn = [item.drawn for item in images]
    parts = split(planes, truths, history=_history(start), stacks=stacks, drawn=drawn)
    parts = with_guard(parts, truths, settings.patch)
    outputs = OBJECT_OUTPUTS if settings.task == "objects" else len(values)
    ranges = tuple(range_for(normalization, item) for item in statistics)
    size = agreed(item.pixel_size for item in images)
    new = () if settings.afresh else _newest(parts, start)
    return Lesson(
        values, normalization, normalised, truths, parts, outputs, ranges, statistics, size, new
    )


def _renormalised(image: Float, numbers: Range) -> Float:
    change = numbers.change(0.0)
    return image if change is None else (image * change[0] + change[1]).clip(-LIMIT, LIMIT)


def _history(start: ModelInfo | None) -> History:
    if start is None:
        return NO_HISTORY
    return History(start.seen, frozenset(map(look_of, start.test_hashes)))


def _stack(item: TrainingImage) -> str | None:
    return item.stack and f"{item.stack} {item.origin}"


def _newest(parts: Split, start: ModelInfo | None) -> tuple[Block, ...]:
    if start is None:
        return ()
    known = frozenset(start.teach_hashes)
    return tuple(block for block in parts.teach if block.content not in known)


def _check_shapes(item: TrainingImage, first: TrainingImage) -> None:
    plane = check_plane(item.image)
    if plane.shape[0] != check_plane(first.image).shape[0]:
        raise InputError(
            f"images of {check_plane(first.image).shape[0]} channel(s), like {first.name}",
            f"{plane.shape[0]}",
            "Select channels with --channels, or train on images of one kind.",
            item.name,
        )
    for what, array in (("labels", item.labels), ("checked mask", item.checked)):
        if array is not None and array.shape != plane.shape[1:]:
            raise InputError(
                f"{what} of the image's {plane.shape[1:]} pixels",
                f"{array.shape}",
                "Give the labels that belong to this image.",
                item.name,
            )


def _values(images: Sequence[TrainingImage], settings: TrainSettings) -> tuple[int, ...]:
    if settings.task == "objects":
        return OBJECT_VALUES
    checked = (
        item.labels if item.checked is None else item.labels[item.checked] for item in images
    )
    return class_values(checked, settings.ignore)


def _truth(item: TrainingImage, values: tuple[int, ...], settings: TrainSettings) -> Labels:
    known = to_float(check_plane(item.image))[1]
    if item.checked is not None:
        known &= item.checked
    if settings.ignore is not None:
        known &= item.labels != settings.ignore
    if settings.task == "objects":
        return object_truth(check_labels(item.labels), known)
    classes = to_class_indices(np.where(known, item.labels, 0), values)
    return np.where(known, classes.astype(np.int16), np.int16(UNKNOWN))
