"""Which checked blocks teach and which only test.

A block's side is decided by a hash of its content, not by chance or by order, so that a block that
tests today is never taught tomorrow, whatever else has been checked meanwhile. Torch-free; it
knows truth, not networks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.images import Array, Labels

TEST_SHARE = 0.17
BLOCK = 160  # pixels; a compromise between many blocks and blocks that hold whole objects
SMALLEST_BLOCK = 24
UNKNOWN = -1  # truth of pixels that nobody checked


@dataclass(frozen=True, slots=True)
class Block:
    """A rectangle of one training image.

    Parameters
    ----------
    image : int
        Position of the image.
    rows, columns : tuple of int
        First and last + 1.
    content : str
        Hash of its pixels and truth, 16 hexadecimal digits.
    """

    image: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    content: str

    @property
    def window(self) -> tuple[slice, slice]:
        """The block as slices of its plane."""
        return slice(*self.rows), slice(*self.columns)


@dataclass(frozen=True, slots=True)
class Split:
    """Blocks that teach and blocks that test; together all that hold checked pixels."""

    teach: tuple[Block, ...]
    test: tuple[Block, ...]


def split(images: Sequence[Array], truths: Sequence[Labels], share: float = TEST_SHARE) -> Split:
    """Divide the checked blocks of all images.

    A block tests when the hash of its *image* pixels is small. Then blocks are added in the order
    of that hash until every class is tested, as long as half of the class still teaches.

    Parameters
    ----------
    images : sequence of (C, Y, X) ndarray
        Pixels.
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    share : float
        Wanted share of the checked pixels that test, 0 to 1.

    Returns
    -------
    Split
        `test` is empty when there is too little truth to divide.
    """
    classes = max((int(truth.max()) + 1 for truth in truths if truth.size), default=0)
    ranked = sorted(
        (item for i in range(len(images)) for item in _blocks(i, images[i], truths[i], classes)),
        key=lambda item: (item.place, item.block.image, item.block.rows, item.block.columns),
    )
    teach = sum((item.counts for item in ranked), np.zeros(classes, np.int64))
    whole, test = teach.copy(), list[Block]()
    for item in ranked[: len(ranked) - 1]:
        untested = (teach == whole) & (item.counts > 0)
        left = teach - item.counts
        if (item.place < share or untested.any()) and (2 * left >= whole).all():
            test.append(item.block)
            teach = left
    chosen = set(test)
    return Split(tuple(i.block for i in ranked if i.block not in chosen), tuple(test))


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block, its place between 0 and 1, and its pixels of each class."""

    place: float
    block: Block
    counts: NDArray[np.int64]


def _blocks(image: int, pixels: Array, truth: Labels, classes: int) -> Iterator[_Candidate]:
    """Yield the blocks of one image that hold checked pixels."""
    for rows, columns in product(*(_cuts(length) for length in truth.shape)):
        window = slice(*rows), slice(*columns)
        known = truth[window][truth[window] != UNKNOWN]
        if known.size == 0:
            continue
        look = hashlib.sha256(np.ascontiguousarray(pixels[:, *window]).tobytes())
        place = int.from_bytes(look.digest()[:8]) / 2**64
        look.update(np.ascontiguousarray(truth[window]).tobytes())
        block = Block(image, rows, columns, look.hexdigest()[:16])
        yield _Candidate(place, block, np.bincount(known, minlength=classes))


def _cuts(length: int) -> list[tuple[int, int]]:
    """Divide an axis into equal blocks: at least four where that leaves blocks of some size."""
    count = max(round(length / BLOCK), min(4, length // SMALLEST_BLOCK), 1)
    edges = [length * i // count for i in range(count + 1)]
    return list(pairwise(edges))
