"""Which checked blocks teach and which only test.

A block's side is decided by a hash, not by chance or by order, so that it stays where it is
whatever else is checked meanwhile: of its pixels, or in a stack of its place there, so that what
lies above it in z or t is on the same side. Where the hash alone would leave a class untested,
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
    probability : float
        Of being offered, for a place drawn at random; 1 for any other.
    """

    image: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    content: str
    probability: float = 1.0

    @property
    def look(self) -> str:
        """Hash of the pixels alone."""
        return look_of(self.content)

    @property
    def window(self) -> tuple[slice, slice]:
        """The block as slices of its plane."""
        return slice(*self.rows), slice(*self.columns)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A place that was drawn at random to test, and so never teaches.

    Parameters
    ----------
    rows, columns : (int, int)
        First and last + 1.
    probability : float
        Of being drawn, above 0.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    probability: float = 1.0

    @property
    def window(self) -> tuple[slice, slice]:
        """The place as slices of its plane."""
        return slice(*self.rows), slice(*self.columns)


@dataclass(frozen=True, slots=True)
class Split:
    """Blocks that teach and blocks that test.

    Parameters
    ----------
    teach, test : tuple of Block
        Together all that hold checked pixels, but for those that the guard leaves nothing of.
    guard : int
        Pixels around each block that tests in which truth neither teaches nor tests.
    stacks : tuple of str or None
        Which stack in z or t each image is a plane of; empty where none is.
    """

    teach: tuple[Block, ...]
    test: tuple[Block, ...]
    guard: int = 0
    stacks: tuple[str | None, ...] = ()

    def tests_beside(self, image: int) -> Iterator[Block]:
        """Yield the blocks that test on an image or on another plane of its stack.

        Parameters
        ----------
        image : int
            Position of the image.

        Yields
        ------
        Block
            Its place counts for the image, too.
        """
        stack = self.stacks[image] if self.stacks else None
        for block in self.test:
            if block.image == image or (stack is not None and stack == self.stacks[block.image]):
                yield block


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
    stacks: Sequence[str | None] | None = None,
    drawn: Sequence[Sequence[Drawn]] | None = None,
) -> Split:
    """Divide the checked blocks of all images.

    Places that were drawn to test do so; where they are a smaller share, blocks are added.

    A block tests when its hash is small. Then blocks are added in the order of that hash until
    every class is tested, as long as half of the class still teaches. Blocks that a model was
    tested with come first, blocks that it was taught last. Blocks of equal pixels, and blocks at
    one place of a stack, go together.

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
    stacks : sequence of str or None, optional
        Which stack in z or t each image is a plane of; None for an image by itself.
    drawn : sequence of sequence of Drawn, optional
        Places of each image that test, and never teach.

    Returns
    -------
    Split
        `test` is empty when there is too little truth to divide.
    """
    classes = max((int(truth.max()) + 1 for truth in truths if truth.size), default=0)
    drawn = drawn or [()] * len(images)
    always, tested = _always(images, truths, drawn, classes)
    truths = [_without(truth, places) for truth, places in zip(truths, drawn, strict=True)]
    columns: dict[str, list[_Candidate]] = {}
    for i, stack in enumerate(stacks or [None] * len(images)):
        for key, item in _blocks(i, images[i], truths[i], classes, stack):
            columns.setdefault(key, []).append(item)
    ranked = sorted((_place(key, columns[key], history), key) for key in columns)
    teach = sum((item.counts for column in columns.values() for item in column), np.int64(0))
    whole, test = teach, list(always)
    share = max(0.0, share - float(tested.sum() / max(1, tested.sum() + np.sum(teach))))
    for place, key in ranked[: len(ranked) - 1]:
        counts = sum(item.counts for item in columns[key])
        untested = (teach == whole) & (counts > 0) & (tested == 0)
        left = teach - counts
        if (place < share or untested.any()) and (2 * left >= whole).all():
            test.extend(item.block for item in columns[key])
            teach = left
    every = [item.block for _, key in ranked for item in columns[key]]
    chosen = set(test)
    teach_blocks = tuple(block for block in every if block not in chosen)
    return Split(teach_blocks, tuple(test), stacks=tuple(stacks or ()))


def _always(
    images: Sequence[Array],
    truths: Sequence[Labels],
    drawn: Sequence[Sequence[Drawn]],
    classes: int,
) -> tuple[list[Block], NDArray[np.int64]]:
    """Return the places drawn to test that hold truth, and how much of each class."""
    found, counts = list[Block](), np.zeros(classes, np.int64)
    for number, places in enumerate(drawn):
        for place in places:
            truth = truths[number][place.window]
            known = truth[truth != UNKNOWN]
            if known.size:
                content = _digest(images[number][:, *place.window]) + _digest(truth)
                block = Block(number, place.rows, place.columns, content, place.probability)
                found.append(block)
                counts += np.bincount(known, minlength=classes)
    return found, counts


def _without(truth: Labels, places: Sequence[Drawn]) -> Labels:
    if not places:
        return truth
    left = truth.copy()
    for place in places:
        left[place.window] = UNKNOWN
    return left


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A block and its pixels of each class."""

    block: Block
    counts: NDArray[np.int64]


def _place(key: str, column: Sequence[_Candidate], history: History) -> float:
    """Return the place of a column of blocks in the queue for testing, -1 to 2."""
    looks = {item.block.look for item in column}
    seen = bool(looks & history.taught) - bool(looks & history.tested)
    return float(int(key, 16) / 16**DIGITS + seen)


def _blocks(
    image: int, pixels: Array, truth: Labels, classes: int, stack: str | None
) -> Iterator[tuple[str, _Candidate]]:
    """Yield the blocks of one image that hold checked pixels, each with what decides its side."""
    for rows, columns in product(*(_cuts(length) for length in truth.shape)):
        window = slice(*rows), slice(*columns)
        known = truth[window][truth[window] != UNKNOWN]
        if known.size == 0:
            continue
        look, answer = _digest(pixels[:, *window]), _digest(truth[window])
        key = look if stack is None else _hash(f"{stack} {rows} {columns}".encode())
        block = Block(image, rows, columns, look + answer)
        yield key, _Candidate(block, np.bincount(known, minlength=classes))


def _digest(array: Array) -> str:
    return _hash(np.ascontiguousarray(array).tobytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def _cuts(length: int) -> list[tuple[int, int]]:
    """Divide an axis into equal blocks: at least four where that leaves blocks of some size."""
    count = max(round(length / BLOCK), min(4, length // SMALLEST_BLOCK), 1)
    edges = [length * i // count for i in range(count + 1)]
    return list(pairwise(edges))
