"""Tiles as they are read out of a plane: mirrored beyond its edge, normalised, in batches.

The network is not known here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.images import to_float

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_segloop.core.images import Float, Mask, PlaneSource
    from napari_segloop.core.normalize import Normalization
    from napari_segloop.core.tiling import Tile


def read_tile(plane: PlaneSource, tile: Tile, rule: Normalization) -> tuple[Float, Mask]:
    """Read a tile; what lies beyond the image is its mirror image.

    Parameters
    ----------
    plane : PlaneSource
        Pixels.
    tile : Tile
        Which.
    rule : Normalization
        Of the image.

    Returns
    -------
    values : (C, h, w) ndarray of float32
        Normalised, for the network.
    known : (H, W) ndarray of bool
        Which of the pixels that the tile owns are finite.
    """
    _, rows, columns = plane.shape
    r, c = tile.rows, tile.columns
    window = plane.read(slice(r.start, min(r.stop, rows)), slice(c.start, min(c.stop, columns)))
    values, known = to_float(window)
    beyond = (0, max(0, r.stop - rows)), (0, max(0, c.stop - columns))
    return np.pad(rule.apply(values), ((0, 0), *beyond), mode="reflect"), known[tile.inside]


def batches(tiles: Iterable[Tile], size: int) -> Iterator[list[Tile]]:
    """Take tiles so many at a time.

    Parameters
    ----------
    tiles : iterable of Tile
        In any order.
    size : int
        Of a batch.

    Yields
    ------
    list of Tile
        The last one may be shorter.
    """
    iterator = iter(tiles)
    while batch := list(islice(iterator, size)):
        yield batch
