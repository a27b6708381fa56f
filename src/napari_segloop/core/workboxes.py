"""Work areas: boxes of an image too large to edit whole, as plain arithmetic.

A box counts pixels along the leading axes and Y and X, without channels. Where it lies in the
world follows from the image's scale and position; layers and files are not known here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

GIB: Final = 2**30
LARGEST_COPY: Final = 2 * GIB
"""Above this many bytes an editable copy of an image is never offered."""


@dataclass(frozen=True, slots=True)
class WorkBox:
    """A box of whole pixels.

    Parameters
    ----------
    start : tuple of int
        First pixel along each leading axis, Y and X.
    stop : tuple of int
        One past the last.

    Raises
    ------
    InputError
        When the two differ in length, or the box is empty or begins before 0.

    Examples
    --------
    >>> WorkBox((0, 10, 20), (5, 74, 84)).shape
    (5, 64, 64)
    """

    start: tuple[int, ...]
    stop: tuple[int, ...]

    def __post_init__(self) -> None:
        pairs = list(zip(self.start, self.stop, strict=False))
        if len(self.start) != len(self.stop) or len(pairs) < 2:
            raise InputError(
                "a work area with a start and a stop for each axis, Y and X at least",
                f"{self.start} to {self.stop}",
                "Draw it again.",
            )
        if any(not 0 <= start < stop for start, stop in pairs):
            raise InputError(
                "a work area that holds pixels of the image",
                f"{self.start} to {self.stop}",
                "Draw it on the image.",
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along each axis."""
        return tuple(stop - start for start, stop in zip(self.start, self.stop, strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box in its image, for indexing."""
        return tuple(map(slice, self.start, self.stop))

    def nbytes(self, itemsize: int) -> int:
        """Return the memory that labels and checked of the box take.

        Parameters
        ----------
        itemsize : int
            Bytes of one label.

        Returns
        -------
        int
            Bytes; ``checked`` has one a pixel.
        """
        return math.prod(self.shape) * (itemsize + 1)

    def translate(self, scale: Sequence[float], position: Sequence[float]) -> tuple[float, ...]:
        """Return where a layer that shows the box lies.

        Parameters
        ----------
        scale : sequence of float
            Of the image, world units a pixel; the box's layer has the same.
        position : sequence of float
            The image's ``translate``, in world units.

        Returns
        -------
        tuple of float
            The layer's ``translate``. An image that is rotated or sheared needs its own matrix,
            applied to ``start``.

        Examples
        --------
        >>> WorkBox((0, 10, 20), (5, 74, 84)).translate((2, 0.5, 0.5), (0, 100, 0))
        (0.0, 105.0, 10.0)
        """
        parts = zip(self.start, scale, position, strict=True)
        return tuple(float(at + start * size) for start, size, at in parts)


def clip_box(start: Sequence[float], stop: Sequence[float], shape: Sequence[int]) -> WorkBox:
    """Return the whole pixels of a drawn box that an image has.

    Parameters
    ----------
    start, stop : sequence of float
        Two opposite corners in the image's pixels, in any order, pixel edges at whole numbers. A
        pixel that is touched belongs to the box.
    shape : sequence of int
        The image without channels.

    Returns
    -------
    WorkBox
        Inside the image.

    Raises
    ------
    InputError
        When the box misses the image, holds no pixel, or has other axes.

    Examples
    --------
    >>> clip_box((8.5, -3), (2.2, 5), (6, 9))
    WorkBox(start=(2, 0), stop=(6, 5))
    """
    if not len(start) == len(stop) == len(shape):
        raise InputError(
            f"a work area of {len(shape)} axes", f"{len(start)} and {len(stop)}", "Draw it again."
        )
    if not all(map(math.isfinite, (*start, *stop))):
        raise InputError("a work area of finite size", f"{start} to {stop}", "Draw it again.")
    corners = [sorted(pair) for pair in zip(start, stop, strict=True)]
    first = tuple(max(0, math.floor(low)) for low, _ in corners)
    last = tuple(min(n, math.ceil(high)) for (_, high), n in zip(corners, shape, strict=True))
    return WorkBox(first, last)


def check_memory(box: WorkBox, itemsize: int, limit: int = LARGEST_COPY) -> WorkBox:
    """Refuse a box whose labels would not fit.

    Parameters
    ----------
    box : WorkBox
        The box.
    itemsize : int
        Bytes of one label.
    limit : int
        Largest memory of labels and checked together, in bytes.

    Returns
    -------
    WorkBox
        The same box.

    Raises
    ------
    InputError
        When it takes more.
    """
    needed = box.nbytes(itemsize)
    if needed > limit:
        size = " x ".join(map(str, box.shape))
        raise InputError(
            f"a work area of at most {limit / GIB:.3g} GiB",
            f"{needed / GIB:.3g} GiB for {size} pixels",
            "Draw a smaller one, or choose fewer planes.",
        )
    return box
