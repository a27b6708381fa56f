"""What ``segloop rank`` ranks: a model's own masks, or given ones that something judges.

Each judge opens images and says of each plane which masks it has and how likely they are wrong.
What is made of it is the ranking's business.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_segloop.cli.novelty import look_over
from napari_segloop.core.errors import InputError
from napari_segloop.core.images import to_float
from napari_segloop.core.object_uncertainty import object_uncertainty
from napari_segloop.core.reasons import MODEL, NOVEL, disagreeing
from napari_segloop.core.seldom import seldom_seen
from napari_segloop.core.truth import class_values
from napari_segloop.files.images import open_labels
from napari_segloop.files.training import check_pair, label_index

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from napari_segloop.cli.novelty import Novelty
    from napari_segloop.cli.prediction import FilePredictor
    from napari_segloop.core.images import Labels, Mask, PlaneSource
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region
    from napari_segloop.files.images import ImageFile

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A plane with masks.

    Parameters
    ----------
    index : tuple of int
        The plane.
    labels : (Y, X) ndarray of integer
        Its masks.
    uncertainty : (Y, X) ndarray of uint8
        Probability times 255 that a label is wrong.
    is_novel : bool
        Whether the image is unlike what the model learnt.
    others : str or None
        What given masks disagree with.
    """

    index: Index
    labels: Labels
    uncertainty: Bytes
    is_novel: bool = False
    others: str | None = None

    def named(self, region: Region) -> Region:
        """Return a place with its reason.

        Parameters
        ----------
        region : Region
            Of this plane.

        Returns
        -------
        Region
            The same place.
        """
        if self.is_novel:
            return replace(region, reason=NOVEL)
        if self.others is not None:
            return replace(region, reason=disagreeing(region.reason, self.others))
        return region


class Judge(Protocol):
    """Says of images how likely their masks are wrong."""

    @property
    def name(self) -> str:
        """Of the model, for the result."""

    @property
    def objects(self) -> bool:
        """Whether labels are ids."""

    @property
    def seldom(self) -> tuple[int, ...]:
        """Labels of classes that the model has rarely seen."""

    @property
    def unlike(self) -> list[Path]:
        """Images unlike what the model learnt, of those judged so far."""

    def open(self, path: Path) -> ImageFile:
        """Open an image."""

    def judge(self, image: ImageFile) -> Iterator[Judged]:
        """Yield the planes of an image."""


class OfModel:
    """Judges what a model predicts, or with its probabilities the masks that are given.

    Parameters
    ----------
    predictor : FilePredictor
        Wants uncertainty, or for given masks probabilities.
    masks : mapping of Path to Path, optional
        Mask file of each image; the model's own masks when not given.
    axes : str, optional
        The stored axes, named by the user.
    """

    def __init__(
        self,
        predictor: FilePredictor,
        masks: Mapping[Path, Path] | None = None,
        axes: str | None = None,
    ) -> None:
        self._predictor, self._masks, self._axes = predictor, masks, axes
        self.unlike: list[Path] = []

    @property
    def name(self) -> str:
        """Id of the model."""
        return self._predictor.model.id

    @property
    def objects(self) -> bool:
        """Whether the model tells objects apart."""
        return self._predictor.model.info.task == "objects"

    @property
    def seldom(self) -> tuple[int, ...]:
        """Labels of classes that few pixels taught."""
        info = self._predictor.model.info
        return seldom_seen(info.values, info.taught)

    def open(self, path: Path) -> ImageFile:
        """Open an image as the model's training images were read.

        Parameters
        ----------
        path : Path
            The image.

        Returns
        -------
        ImageFile
            Open.
        """
        return self._predictor.open(path)

    def judge(self, image: ImageFile) -> Iterator[Judged]:
        """Predict the planes of an image.

        Parameters
        ----------
        image : ImageFile
            Open.

        Yields
        ------
        Judged
            Each plane.
        """
        plan = self._predictor.plan(image)
        info, reporter = self._predictor.model.info, self._predictor.reporter
        novelty = look_over(image, plan, info, reporter)
        if novelty.planes:
            self.unlike.append(image.path)
        if self._masks is None:
            yield from self._own(image, plan, novelty)
        else:
            yield from self._given(image, plan, novelty, self._masks[image.path])

    def _own(self, image: ImageFile, plan: Plan, novelty: Novelty) -> Iterator[Judged]:
        for index, found in self._predictor.predict(image, plan):
            if found.uncertainty is not None:
                yield Judged(index, found.labels, found.uncertainty, index in novelty.planes)

    def _given(
        self, image: ImageFile, plan: Plan, novelty: Novelty, masks: Path
    ) -> Iterator[Judged]:
        given = GivenFile(image, masks, self._axes)
        for index, found in self._predictor.predict(image, plan):
            if found.probabilities is not None:
                labels = given.read(index)
                wrong = self._wrong(found.probabilities, labels, masks)
                _forget_unknown(wrong, image.plane(index))
                yield Judged(index, labels, wrong, index in novelty.planes, MODEL)

    def _wrong(self, probabilities: Bytes, labels: Labels, file: Path) -> Bytes:
        """Return how likely given labels are wrong, by a model's probabilities."""
        if self.objects:
            return object_uncertainty(probabilities, labels)
        values = self._predictor.model.info.values
        if unknown := sorted(set(class_values([labels])) - set(values)):
            raise InputError(
                f"masks with the model's label values {', '.join(map(str, values))}",
                f"the value {unknown[0]}",
                "Give masks of the same classes, or rank them with the word starter.",
                str(file),
            )
        places = np.searchsorted(values, labels)
        wrong: Bytes = 255 - np.take_along_axis(probabilities, places[None], 0)[0]
        return wrong


class GivenFile:
    """Masks of an image, from a file.

    Parameters
    ----------
    image : ImageFile
        The image.
    path : Path
        The file.
    axes : str, optional
        The stored axes, named by the user.

    Raises
    ------
    InputError
        When the masks do not fit the image.
    """

    def __init__(self, image: ImageFile, path: Path, axes: str | None) -> None:
        self._image, self._file = image, open_labels(path, axes)
        check_pair(image, self._file)

    def read(self, index: Index) -> Labels:
        """Return the masks of a plane.

        Parameters
        ----------
        index : tuple of int
            Of the image.

        Returns
        -------
        (Y, X) ndarray of integer
            Class values or ids.
        """
        return self._file.read(label_index(self._image, self._file, index))


def check_masks(
    masks: Mapping[Path, Path], open_image: Callable[[Path], ImageFile], axes: str | None
) -> None:
    """Open all masks beside their images before anything starts.

    Parameters
    ----------
    masks : mapping of Path to Path
        Mask file of each image.
    open_image : callable
        Opens an image.
    axes : str, optional
        The stored axes, named by the user.

    Raises
    ------
    InputError
        When not a single file fits its image; single ones that do not are met again later.
    """
    damaged = list[InputError]()
    for path, file in masks.items():
        try:
            with open_image(path) as image:
                GivenFile(image, file, axes)
        except InputError as error:
            damaged.append(error)
    if damaged and len(damaged) == len(masks):
        raise damaged[0]


def _forget_unknown(wrong: Bytes, plane: PlaneSource) -> None:
    """Set to 0 what the image holds no number for."""
    if plane.dtype.kind == "f":
        rows, columns = (slice(0, length) for length in plane.shape[1:])
        known: Mask = to_float(plane.read(rows, columns))[1]
        wrong[~known] = 0
