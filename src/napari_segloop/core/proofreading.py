"""Where given masks disagree with what the rest of them teach about pixels that look alike.

No network is taught: what the starter network sees is weighed by witnesses, each of which has seen
the masks of all blocks but its own. Where masks come from is not known here, nor who looks at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from napari_segloop.core.devices import choose_device, set_threads
from napari_segloop.core.errors import InputError
from napari_segloop.core.events import TileDone
from napari_segloop.core.foldmap import deal_out
from napari_segloop.core.sight import HALO, LARGEST_TILE, Sight, gather, magnified
from napari_segloop.core.tilereading import read_tile
from napari_segloop.core.tiling import fit_tile, grid
from napari_segloop.core.truth import IGNORED, class_values
from napari_segloop.core.witnesses import FOLDS, Sample, call, doubt

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.foldmap import FoldMap
    from napari_segloop.core.images import Labels, Mask, PlaneSource, ShouldStop
    from napari_segloop.core.normalize import Normalization
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.tiling import Tile
    from napari_segloop.core.witnesses import Witnesses

MOST_PLANES: Final = 16  # that teach
MOST_PIXELS: Final = 2**22  # that teach, of all planes; of larger ones tiles spread over them
OF_A_CLASS: Final = 5000  # pixels
OF_ALL: Final = 24_000


@dataclass(frozen=True, slots=True, eq=False)
class GivenMasks:
    """A plane and masks that somebody else made.

    Parameters
    ----------
    plane : PlaneSource
        Pixels.
    labels : (Y, X) ndarray of integer
        Class values or ids.
    numbers : Normalization
        Of the image.
    checked : (Y, X) ndarray of integer, optional
        0 not checked, 1 checked, 2 can't tell, 3 excluded: of the last two nothing is learnt.
    """

    plane: PlaneSource
    labels: Labels
    numbers: Normalization
    checked: Labels | None = None

    def __post_init__(self) -> None:
        for what in (self.labels, self.checked):
            if what is not None and what.shape != self.plane.shape[1:]:
                raise InputError(
                    f"masks of {self.plane.shape[1:]} pixels, as the image",
                    f"{what.shape}",
                    "Give those of this image.",
                )

    def tiles(self) -> list[Tile]:
        """Return the tiles in which the plane is looked at.

        Returns
        -------
        list of Tile
            Row by row.
        """
        shape = self.plane.shape[1], self.plane.shape[2]
        return list(grid(shape, fit_tile(shape, LARGEST_TILE, HALO), HALO))


class Proofreader:
    """Looks for what is wrong in masks, after it has learnt what they have in common.

    Parameters
    ----------
    objects : bool
        Whether labels are ids: then only objects and background are told apart.
    seed : int
        Fixes which pixels teach.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    threads : int, optional
        Processor threads.
    """

    def __init__(
        self,
        *,
        objects: bool = False,
        seed: int = 0,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._objects, self._seed = objects, seed
        self._device = choose_device(device)
        set_threads(threads)
        self._values: tuple[int, ...] = (0, 1)
        self._witnesses: Witnesses | None = None
        self._sights = dict[int, Sight]()

    def learn(
        self, masks: Sequence[GivenMasks], should_stop: ShouldStop = lambda: False
    ) -> Generator[TileDone, None, bool]:
        """Learn what masks have in common.

        Parameters
        ----------
        masks : sequence of GivenMasks
            All of them, of images with the same channels; at most 16 planes, evenly spaced, are
            taken out of it.
        should_stop : callable
            Asked at every tile.

        Returns
        -------
        bool
            Whether it came to an end.

        Yields
        ------
        TileDone
            After each tile that teaches.

        Raises
        ------
        InputError
            When there are fewer than two classes, or more than 32.
        """
        count = min(MOST_PLANES, len(masks))
        chosen = np.unique(np.linspace(0, len(masks) - 1, count).astype(int)).tolist()
        taught = [(number, masks[number]) for number in chosen]
        if not self._objects:
            self._values = class_values([given.labels for _, given in taught])
        work = [
            (number, given, tile)
            for number, given in taught
            for tile in _spread(given.tiles(), MOST_PIXELS // count)
        ]
        quota = ceil(min(OF_A_CLASS, OF_ALL // len(self._values)) / max(1, len(work)))
        samples, pixels = list[Sample](), np.zeros(len(self._values), np.int64)
        for done, each in enumerate(work):
            if should_stop():
                return False
            samples.append(self._sample(*each, quota, pixels))
            yield TileDone(done + 1, len(work))
        self._witnesses = self._call(samples, pixels)
        return True

    def doubt(
        self, number: int, given: GivenMasks, should_stop: ShouldStop = lambda: False
    ) -> Generator[TileDone, None, Bytes | None]:
        """Say how likely each label of a plane is wrong.

        Parameters
        ----------
        number : int
            Of the plane, as in `learn`.
        given : GivenMasks
            The plane.
        should_stop : callable
            Asked at every tile.

        Returns
        -------
        (Y, X) ndarray of uint8, or None
            Probability times 255: 0 where the image holds no number, and of classes that cover so
            little that nobody else knows them; None when stopped.

        Yields
        ------
        TileDone
            After each tile.
        """
        found, tiles = np.zeros(given.labels.shape, np.uint8), given.tiles()
        folds = self._folds(number, given)
        for done, tile in enumerate(tiles):
            if should_stop():
                return None
            found[tile.owned] = self._doubt_in(given, tile, folds)
            yield TileDone(done + 1, len(tiles))
        return found

    def _call(self, samples: Sequence[Sample], pixels: NDArray[np.int64]) -> Witnesses:
        sample = Sample.joined(samples) if samples else None
        known = 0 if sample is None else len(sample.classes.unique())
        if sample is None or known < 2:
            raise InputError(
                "masks with at least two classes, background counted",
                "one and the same label everywhere" if known else "no pixel to learn from",
                "Give masks in which something is marked, and something is not.",
            )
        shares = torch.from_numpy(pixels / pixels.sum()).float().clamp_min_(1e-6)
        return call(sample, shares.to(self._device))

    def _sample(
        self,
        number: int,
        given: GivenMasks,
        tile: Tile,
        quota: int,
        pixels: NDArray[np.int64],
    ) -> Sample:
        """Take some pixels of each class out of a tile, and count all of them."""
        own, inside = tile.owned, tile.inside
        folds = self._folds(number, given)
        features, known = self._look(given, tile)
        classes = self._classes(given, *own)
        classes[~known] = IGNORED
        pixels += np.bincount(classes.ravel(), minlength=IGNORED + 1)[: len(pixels)]
        classes[~folds.inner(*own)] = IGNORED
        rng = np.random.default_rng([self._seed, number, own[0].start, own[1].start])
        taken = [_some(classes == each, quota, rng) for each in range(len(pixels))]
        rows, columns = np.unravel_index(np.concatenate(taken), classes.shape)
        start = inside[0].start, inside[1].start
        return Sample(
            gather(features, *(_tensor(at + by) for at, by in zip((rows, columns), start, strict=True))),
            _tensor(classes[rows, columns]).to(self._device),
            _tensor(folds.read(*own)[rows, columns]).to(self._device),
        )

    def _doubt_in(self, given: GivenMasks, tile: Tile, folds: FoldMap) -> Bytes:
        if self._witnesses is None:
            msg = "nothing was learnt"
            raise ValueError(msg)
        features, known = self._look(given, tile)
        window = slice(tile.rows.start, tile.rows.stop), slice(tile.columns.start, tile.columns.stop)
        classes = _tensor(_mirrored(self._classes(given, *window), window)).to(self._device)
        with torch.inference_mode():
            sums = magnified(features, self._witnesses.stacked)
            said = self._witnesses.say(sums, _tensor(folds.read(*window)).to(self._device))
            wrong = doubt(said, classes.where(classes != IGNORED, -1))[tile.inside]
        found: Bytes = (wrong * 255).round_().to(torch.uint8).cpu().numpy()
        return found * known

    def _look(self, given: GivenMasks, tile: Tile) -> tuple[list[Tensor], Mask]:
        channels = given.plane.shape[0]
        if channels not in self._sights:
            self._sights[channels] = Sight(channels, self._device)
        values, known = read_tile(given.plane, tile, given.numbers)
        return self._sights[channels].look(torch.from_numpy(values)), known

    def _folds(self, number: int, given: GivenMasks) -> FoldMap:
        return deal_out(given.labels, FOLDS, self._seed + number)

    def _classes(self, given: GivenMasks, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """Return class numbers; `IGNORED` for what is unknown, excluded or can't be told."""
        labels = given.labels[rows, columns]
        if self._objects:
            classes = (labels != 0).astype(np.uint8)
        else:
            places = np.searchsorted(self._values, labels).clip(max=len(self._values) - 1)
            is_known = np.asarray(self._values)[places] == labels
            classes = np.where(is_known, places, IGNORED).astype(np.uint8)
        if given.checked is not None:
            classes[given.checked[rows, columns] > 1] = IGNORED
        return classes


def proofread(
    masks: Sequence[GivenMasks], reader: Proofreader, should_stop: ShouldStop = lambda: False
) -> Generator[TileDone, None, list[Bytes] | None]:
    """Say how likely each label of some planes is wrong, by what they have in common.

    Parameters
    ----------
    masks : sequence of GivenMasks
        Planes.
    reader : Proofreader
        New.
    should_stop : callable
        Asked at every tile.

    Returns
    -------
    list of (Y, X) ndarray of uint8, or None
        Probability times 255, of each plane; None when stopped.

    Yields
    ------
    TileDone
        Of learning, then of each plane.

    Raises
    ------
    InputError
        When there are fewer than two classes, or more than 32.
    """
    if not (yield from reader.learn(masks, should_stop)):
        return None
    found = list["Bytes"]()
    for number, given in enumerate(masks):
        plane = yield from reader.doubt(number, given, should_stop)
        if plane is None:
            return None
        found.append(plane)
    return found


def _spread(tiles: Sequence[Tile], pixels: int) -> list[Tile]:
    """Take tiles with so many pixels in all, evenly; at least one."""
    rows, columns = tiles[0].rows, tiles[0].columns
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    count = min(len(tiles), max(1, pixels // size))
    return [tiles[number] for number in np.linspace(0, len(tiles) - 1, count).astype(int)]


def _some(mask: Mask, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    places = np.flatnonzero(mask)
    return rng.choice(places, min(count, len(places)), replace=False)


def _mirrored(classes: NDArray[np.uint8], window: tuple[slice, slice]) -> NDArray[np.uint8]:
    """Mirror what lies beyond the plane, as its pixels are."""
    beyond = [
        (0, part.stop - part.start - length)
        for part, length in zip(window, classes.shape, strict=True)
    ]
    return np.pad(classes, beyond, mode="reflect")


def _tensor(array: NDArray[np.integer]) -> Tensor:
    return torch.from_numpy(array.astype(np.int64))
