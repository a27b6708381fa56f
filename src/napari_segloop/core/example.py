"""A small piece of what a model was taught on, kept in its file so that people recognise it.

Grey values and class numbers as base64, with limits that hold on reading. Torch-free; it knows
arrays, not images or models.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.images import Float, Labels
    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.prediction import Bytes

SIDE: Final = 128
"""Largest side in pixels: grey values and classes together are 43 KiB of text at most."""
NOT_CHECKED: Final = 255
"""Stands for pixels that nobody checked, among class numbers."""


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of a training image with what is checked in it.

    Parameters
    ----------
    height, width : int
        Pixels, 1 to 128.
    image : str
        Grey values, uint8 in row order, as base64.
    classes : str
        Class numbers likewise; 255 where nothing is checked.

    Raises
    ------
    ValueError
        When sizes or contents do not fit together.
    """

    height: int
    width: int
    image: str
    classes: str

    def __post_init__(self) -> None:
        for side in (self.height, self.width):
            if type(side) is not int or not 1 <= side <= SIDE:
                msg = f"an example of {side!r} pixels"
                raise ValueError(msg)
        for text in (self.image, self.classes):
            longest = 4 * -(-self.height * self.width // 3)
            if not isinstance(text, str) or len(text) != longest:
                msg = "an example of another size than it says"
                raise ValueError(msg)
            self._array(text)

    @classmethod
    def of(cls, grey: Bytes, classes: Bytes) -> Example:
        """Pack two planes.

        Parameters
        ----------
        grey, classes : (Y, X) ndarray of uint8
            At most 128 x 128 pixels.

        Returns
        -------
        Example
            For a model's header.
        """
        texts = (b64encode(plane.tobytes()).decode() for plane in (grey, classes))
        return cls(*grey.shape, *texts)

    @classmethod
    def from_data(cls, data: object) -> Example | None:
        """Read it from a header.

        Parameters
        ----------
        data : object
            What JSON held; None for no example.

        Returns
        -------
        Example or None
            Checked.

        Raises
        ------
        ValueError, TypeError
            When it is damaged.
        """
        if data is None:
            return None
        if not isinstance(data, dict):
            msg = "an example that is no record"
            raise TypeError(msg)
        fields: Mapping[str, str] = data
        return cls(**fields)  # type: ignore[arg-type]  # checked by the class itself

    def planes(self) -> tuple[Bytes, Bytes]:
        """Unpack it.

        Returns
        -------
        tuple of (Y, X) ndarray of uint8
            Grey values, and class numbers.
        """
        return self._array(self.image), self._array(self.classes)

    def _array(self, text: str) -> Bytes:
        content = b64decode(text, validate=True)
        return np.frombuffer(content, np.uint8).reshape(self.height, self.width)


def example_of(lesson: Lesson) -> Example | None:
    """Choose the piece that shows most: the classes first, then how much is checked.

    Parameters
    ----------
    lesson : Lesson
        What is taught.

    Returns
    -------
    Example or None
        The middle of a block that teaches; None when none does.
    """
    pieces = [
        (block.image, tuple(_middle(part) for part in block.window)) for block in lesson.split.teach
    ]
    if not pieces:
        return None
    image, window = max(pieces, key=lambda piece: _shown(lesson.truths[piece[0]][piece[1]]))
    truth = lesson.truths[image][window]
    classes = np.where(truth < 0, NOT_CHECKED, truth).astype(np.uint8)
    return Example.of(_grey(lesson.images[image][0][window]), classes)


def _middle(part: slice) -> slice:
    start = part.start + max(0, part.stop - part.start - SIDE) // 2
    return slice(start, min(part.stop, start + SIDE))


def _shown(truth: Labels) -> tuple[int, int]:
    known = truth[truth >= 0]
    return int(np.count_nonzero(np.bincount(known))), known.size


def _grey(plane: Float) -> Bytes:
    low, high = np.percentile(plane, (1, 99))
    grey: Bytes = (255 * ((plane - low) / max(high - low, 1e-6)).clip(0, 1)).astype(np.uint8)
    return grey
