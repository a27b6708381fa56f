"""Which checked blocks teach and which only test.

A block's side is decided by a hash of its pixels, not by chance or by order, so that it stays
where it is whatever else is checked meanwhile. Where the hash alone would leave a class untested,
more blocks test, and those may change as truth grows: so a model remembers its blocks, and what
it was taught does not test what is made of it. Torch-free; it knows truth, not networks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
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
DIGITS = 16  # of a hash
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
        Hashes of its pixels and of its truth, 16 hexadecimal digits each.
    """

    image: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    content: str

    @property
    def look(self) -> str:
        """Hash of the pixels alone."""
        return look_of(self.content)

    @property
    def window(self) -> tuple[slice, slice]:
        """The block as slices of its plane."""
        return slice(*self.rows), slice(*self.columns)


@dataclass(frozen=True, slots=True)
class Split:
    """Blocks that teach and blocks that test; together all that hold checked pixels."""

    teach: tuple[Block, ...]
    test: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Blocks that a model was taught and tested with, by their pixels' hashes."""

    taught: frozenset[str] = field(default_factory=frozenset)
    tested: frozenset[str] = field(default_factory=frozenset)


NO_HISTORY = History()


def look_of(content: str) -> str:
    """Return the part of a block's hash that its truth does not change.

    Parameters
    ----------
    content : str
        As in `Block`.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    return content[:DIGITS]


def split(
    images: Sequence[Array],
    truths: Sequence[Labels],
    share: float = TEST_SHARE,
    history: History = NO_HISTORY,
) -> Split:
    """Divide the checked blocks of all images.

    A block tests when the hash of its *image* pixels is small. Then blocks are added in the order
    of that hash until every class is tested, as long as half of the class still teaches. Blocks
    that a model was tested with come first, blocks that it was taught last.

    Parameters
    ----------
    images : sequence of (C, Y, X) ndarray
        Pixels.
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    share : float
        Wanted share of the checked pixels that test, 0 to 1.
    history : History
        What the model saw that training starts from.

    Returns
    -------
    Split
        `test` is empty when there is too little truth to divide.
    """
    classes = max((int(truth.max()) + 1 for truth in truths if truth.size), default=0)
    ranked = sorted(
        (
            item
            for i in range(len(images))
            for item in _blocks(i, images[i], truths[i], classes, history)
        ),
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
    """A block, its place in the queue for testing (-1 to 2), and its pixels of each class."""

    place: float
    block: Block
    counts: NDArray[np.int64]


def _blocks(
    image: int, pixels: Array, truth: Labels, classes: int, history: History
) -> Iterator[_Candidate]:
    """Yield the blocks of one image that hold checked pixels."""
    for rows, columns in product(*(_cuts(length) for length in truth.shape)):
        window = slice(*rows), slice(*columns)
        known = truth[window][truth[window] != UNKNOWN]
        if known.size == 0:
            continue
        look, answer = _digest(pixels[:, *window]), _digest(truth[window])
        place = int(look, 16) / 16**DIGITS + (look in history.taught) - (look in history.tested)
        block = Block(image, rows, columns, look + answer)
        yield _Candidate(place, block, np.bincount(known, minlength=classes))


def _digest(array: Array) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:DIGITS]


def _cuts(length: int) -> list[tuple[int, int]]:
    """Divide an axis into equal blocks: at least four where that leaves blocks of some size."""
    count = max(round(length / BLOCK), min(4, length // SMALLEST_BLOCK), 1)
    edges = [length * i // count for i in range(count + 1)]
    return list(pairwise(edges))
