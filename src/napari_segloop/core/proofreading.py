"""Where given masks disagree with what the rest of them teach about pixels that look alike.

No network is taught: what the starter network sees is weighed by witnesses, each of which has seen
the masks of all blocks but its own. Where masks come from is not known here, nor who looks at them.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from napari_segloop.core.devices import choose_device, set_threads
from napari_segloop.core.errors import InputError
from napari_segloop.core.events import TileDone
from napari_segloop.core.foldmap import deal_out
from napari_segloop.core.sight import HALO, LARGEST_TILE, gather, magnified, sight_of
from napari_segloop.core.tilereading import read_tile
from napari_segloop.core.tiling import fit_tile, grid
from napari_segloop.core.truth import IGNORED, class_values
from napari_segloop.core.witnesses import FOLDS, Sample, call, doubt

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.foldmap import FoldMap
    from napari_segloop.core.givenmasks import GivenMasks
    from napari_segloop.core.images import Mask, ShouldStop
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.tiling import Tile
    from napari_segloop.core.witnesses import Witnesses

MOST_PLANES: Final = 16  # that teach
MOST_PIXELS: Final = 2**22  # that teach, of all planes; of larger ones tiles spread over them
OF_A_CLASS: Final = 5000  # pixels
OF_ALL: Final = 24_000


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
        self._values: tuple[int, ...] | None = None
        self._witnesses: Witnesses | None = None

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
            for tile in _spread(_tiles(given), MOST_PIXELS // count)
        ]
        classes = 2 if self._values is None else len(self._values)
        quota = ceil(min(OF_A_CLASS, OF_ALL // classes) / max(1, len(work)))
        samples, pixels = list[Sample](), np.zeros(classes, np.int64)
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
        found, tiles = np.zeros(given.labels.shape, np.uint8), _tiles(given)
        folds = self._folds(number, given)
        for done, tile in enumerate(tiles):
            if should_stop():
                return None
            found[tile.owned] = self._doubt_in(given, tile, folds)
            yield TileDone(done + 1, len(tiles))
        return found

    def _call(self, samples: Sequence[Sample], pixels: NDArray[np.int64]) -> Witnesses:
        sample = Sample.joined(samples) if samples else None
        known = 0 if sample is None else int((sample.classes.bincount() > 0).sum())
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
        classes = given.classes(self._values, *own)
        classes[~known] = IGNORED
        pixels += np.bincount(classes.ravel(), minlength=IGNORED + 1)[: len(pixels)]
        classes[~folds.inner(*own)] = IGNORED
        rng = np.random.default_rng([self._seed, number, own[0].start, own[1].start])
        taken = [_some(classes == each, quota, rng) for each in range(len(pixels))]
        rows, columns = np.unravel_index(np.concatenate(taken), classes.shape)
        y, x = (_tensor(at + by.start) for at, by in zip((rows, columns), inside, strict=True))
        return Sample(
            gather(features, y, x),
            _tensor(classes[rows, columns]).to(self._device),
            _tensor(folds.read(*own)[rows, columns]).to(self._device),
        )

    def _doubt_in(self, given: GivenMasks, tile: Tile, folds: FoldMap) -> Bytes:
        if self._witnesses is None:
            msg = "nothing was learnt"
            raise ValueError(msg)
        features, known = self._look(given, tile)
        window = _read(tile)
        classes = _tensor(given.classes(self._values, *window)).to(self._device)
        with torch.inference_mode():
            sums = magnified(features, self._witnesses.stacked)
            said = self._witnesses.say(sums, _tensor(folds.read(*window)).to(self._device))
            wrong = doubt(said, classes.where(classes != IGNORED, -1))[tile.inside]
        found: Bytes = (wrong * 255).round_().to(torch.uint8).cpu().numpy()
        return found * known

    def _look(self, given: GivenMasks, tile: Tile) -> tuple[list[Tensor], Mask]:
        """Return the features of a tile, and which of its own pixels hold anything to see."""
        values, known = read_tile(given.plane, tile, given.numbers)
        if values.min() == values.max():  # only the tile's edge would tell its pixels apart
            known = np.zeros_like(known)
        sight = sight_of(given.plane.shape[0], self._device)
        return sight.look(torch.from_numpy(values)), known

    def _folds(self, number: int, given: GivenMasks) -> FoldMap:
        return deal_out(given.labels, FOLDS, self._seed + number)


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


def _tiles(given: GivenMasks) -> list[Tile]:
    shape = given.plane.shape[1], given.plane.shape[2]
    return list(grid(shape, fit_tile(shape, LARGEST_TILE, HALO), HALO))


def _spread(tiles: Sequence[Tile], pixels: int) -> list[Tile]:
    """Take tiles with so many pixels in all, evenly; at least one."""
    rows, columns = tiles[0].rows, tiles[0].columns
    size = (rows.stop - rows.start) * (columns.stop - columns.start)
    count = min(len(tiles), max(1, pixels // size))
    return [tiles[number] for number in np.linspace(0, len(tiles) - 1, count).astype(int)]


def _read(tile: Tile) -> tuple[slice, slice]:
    """Return all pixels of a tile, as slices of the plane and of what lies beyond it."""
    return slice(tile.rows.start, tile.rows.stop), slice(tile.columns.start, tile.columns.stop)


def _some(mask: Mask, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    places = np.flatnonzero(mask)
    taken: NDArray[np.int64] = rng.choice(places, min(count, len(places)), replace=False)
    return taken


def _tensor(array: NDArray[np.integer]) -> Tensor:
    return torch.from_numpy(array.astype(np.int64))
