"""The desk of a simulated user: an image with its truth, and the masks as they are by now.

Corrections and predictions go into the product's own plane, so that what is checked means what it
means there. Networks and strategies are not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_segloop.core.annotator import correct
from napari_segloop.core.corrections import CANT_TELL, CHECKED, EXCLUDED, PlaneTruth
from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.firstmasks import first_mask, suggest
from napari_segloop.core.images import check_plane, grey
from napari_segloop.core.labels import check_label_plane
from napari_segloop.core.strategies import Sight, entropy_map
from napari_segloop.core.truth import class_values, values_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.annotator import AnnotatorSettings
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.prediction import Bytes, Prediction
    from napari_segloop.core.regions import Region

EPOCH = 0  # of the class table: nobody adds a class on the way


@dataclass(frozen=True, slots=True)
class Paid:
    """What the correction of a place cost.

    Parameters
    ----------
    seconds : float
        Of the annotator.
    dense_seconds : float
        What it would have cost to paint what was not checked there yet from nothing.
    strokes : int
        Connected errors that were painted over.
    """

    seconds: float
    dense_seconds: float
    strokes: int


@dataclass(slots=True, eq=False)
class Desk:
    """An image that is worked on.

    Parameters
    ----------
    item : TrainingImage
        Pixels and truth.
    plane : PlaneTruth
        Masks as they are, and what is checked.
    uncertainty, entropy : (Y, X) ndarray of uint8 or None
        Of the newest prediction; None before there is one.
    """

    item: TrainingImage
    plane: PlaneTruth
    uncertainty: Bytes | None = None
    entropy: Bytes | None = None

    @classmethod
    def of(cls, item: TrainingImage, values: Sequence[int], *, objects: bool) -> Self:
        """Begin with first masks; what is no truth cannot be told.

        Parameters
        ----------
        item : TrainingImage
            Its labels are the truth, all of it where ``checked`` is None.
        values : sequence of int
            Of the classes, 0 first.
        objects : bool
            Whether labels are ids.

        Returns
        -------
        Desk
            Nothing is checked.
        """
        marks = None if item.checked is None else np.where(item.checked, 0, CANT_TELL)
        first = first_labels(item, values, objects=objects)
        return cls(item, PlaneTruth(first, None if marks is None else marks.astype(np.uint8)))

    @property
    def checked(self) -> Mask:
        """Where the masks are truth."""
        mask: Mask = self.plane.checked == CHECKED
        return mask

    def sight(self) -> Sight:
        """Return what a strategy sees.

        Returns
        -------
        Sight
            Of this moment.
        """
        plane = self.plane
        return Sight(plane.labels, plane.checked, self.item.labels, self.uncertainty, self.entropy)

    def lesson(self) -> TrainingImage:
        """Return what is checked, for training.

        Returns
        -------
        TrainingImage
            The same pixels with the corrected masks.
        """
        return replace(self.item, labels=self.plane.labels.copy(), checked=self.checked)

    def correct(self, region: Region, annotator: AnnotatorSettings) -> Paid:
        """Correct a place and accept it.

        Parameters
        ----------
        region : Region
            The place.
        annotator : AnnotatorSettings
            Margin and speeds.

        Returns
        -------
        Paid
            What it cost.
        """
        plane, truth = self.plane, self.item.labels
        marks = plane.checked.copy()
        done = correct(plane.labels, truth, marks, region, annotator)
        done_before = np.where(marks == CHECKED, EXCLUDED, marks)  # is not painted again
        nothing = correct(np.zeros_like(plane.labels), truth, done_before, region, annotator)
        plane.observe(done.labels, marks, region.slices, epoch=EPOCH, declared=None)
        plane.accept(region.slices, EPOCH)
        return Paid(done.seconds, nothing.seconds, done.strokes)

    def take(self, found: Prediction, *, objects: bool) -> None:
        """Take over a prediction where nothing is checked.

        Parameters
        ----------
        found : Prediction
            Of the whole image.
        objects : bool
            Whether labels are ids.
        """
        rows, columns = self.plane.shape
        self.plane.widen(self.plane.needs(found.labels))
        self.plane.write(found.labels, (slice(0, rows), slice(0, columns)), objects=objects)
        self.uncertainty = found.uncertainty
        if found.probabilities is not None:
            self.entropy = entropy_map(found.probabilities)


def first_labels(item: TrainingImage, values: Sequence[int], *, objects: bool) -> Labels:
    """Return the masks that the dock suggests, as the first class or as ids.

    Parameters
    ----------
    item : TrainingImage
        Its pixels are thresholded.
    values : sequence of int
        Of the classes, 0 first.
    objects : bool
        Whether labels are ids.

    Returns
    -------
    (Y, X) ndarray of unsigned integer
        In a dtype that holds all values.
    """
    image = grey(check_plane(item.image))
    mask = first_mask(image, replace(suggest(image), separate=objects), ids=objects)
    if objects:
        return mask
    return np.where(mask > 0, values[1], 0).astype(values_dtype(values))


def check_images(
    worked: Sequence[TrainingImage], unseen: Sequence[TrainingImage], task: str
) -> tuple[int, ...]:
    """Refuse images that no rehearsal can be held with.

    Parameters
    ----------
    worked, unseen : sequence of TrainingImage
        Corrected, and only scored.
    task : {"classes", "objects"}
        What label values mean.

    Returns
    -------
    tuple of int
        Values of the classes, 0 first; for objects 0 and 1.

    Raises
    ------
    InputError
        When there are too few, or images and truth do not fit together.
    TruthError
        When the truth of one side is of a single class.
    """
    if not worked or not unseen:
        raise InputError(
            "an image to work on and another one to score",
            f"{len(worked)} and {len(unseen)}",
            "Give more images.",
        )
    for item in (*worked, *unseen):
        _check_item(item, check_plane(worked[0].image).shape[0])
    for what, side in (("are worked on", worked), ("are only scored", unseen)):
        _check_kinds(what, side)
    if task == "objects":
        return (0, 1)
    return class_values(_known(item) for item in (*worked, *unseen))


def _check_item(item: TrainingImage, channels: int) -> None:
    found, rows, columns = check_plane(item.image).shape
    if found != channels:
        remedy = "Select channels with --channels, or give images of one kind."
        raise InputError(f"images of {channels} channel(s)", f"{found}", remedy, item.name)
    if check_label_plane(item.labels).shape != (rows, columns):
        raise InputError(
            f"truth of the image's {(rows, columns)} pixels",
            f"{item.labels.shape}",
            "Give the truth that belongs to this image.",
            item.name,
        )


def _check_kinds(what: str, side: Sequence[TrainingImage]) -> None:
    kinds = {bool(kind) for item in side for kind in np.unique(_known(item) > 0)}
    if len(kinds) < 2:
        raise TruthError(
            f"background and something else in the images that {what}",
            "only background" if False in kinds else "no background",
            "Divide the images another way with --seed, or give more of them.",
        )


def _known(item: TrainingImage) -> Labels:
    return item.labels if item.checked is None else item.labels[item.checked]
