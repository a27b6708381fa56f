"""The part of a plane that the user sees, while the plane is being predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from napari_segloop.session.desk import Key, Window

Box = tuple[int, int, int, int]

SMALL: Final = 0.4
"""Of the plane: as much of it is predicted twice, to be there first."""


@dataclass(slots=True)
class InView:
    """What is in view of a plane, and how many of its pixels are not there yet.

    Parameters
    ----------
    key : (int, tuple of int)
        Image and index.
    shape : (int, int)
        Of the plane.
    box : tuple of int
        Top, left, bottom, right; inside the plane.
    missing : int
        Pixels.
    """

    key: Key
    shape: tuple[int, int]
    box: Box
    missing: int

    @classmethod
    def of(cls, key: Key, view: Box, shape: tuple[int, int]) -> InView | None:
        """Return what is in view.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        view : tuple of int
            Top, left, bottom, right; may reach over the edges.
        shape : (int, int)
            Of the plane.

        Returns
        -------
        InView or None
            None where that is all of the plane, or nothing.
        """
        top, left = max(0, view[0]), max(0, view[1])
        bottom, right = min(shape[0], view[2]), min(shape[1], view[3])
        if top >= bottom or left >= right or (bottom - top, right - left) == shape:
            return None
        return cls(key, shape, (top, left, bottom, right), (bottom - top) * (right - left))

    @property
    def is_small(self) -> bool:
        """Whether it is worth predicting by itself."""
        pixels = (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])
        return bool(pixels < SMALL * self.shape[0] * self.shape[1])

    def common(self, window: Window) -> int:
        """Count the pixels that a window has in common with what is in view.

        Parameters
        ----------
        window : tuple of slice
            In the plane.

        Returns
        -------
        int
            How many.
        """
        rows, columns = window
        height = min(rows.stop, self.box[2]) - max(rows.start, self.box[0])
        width = min(columns.stop, self.box[3]) - max(columns.start, self.box[1])
        return int(max(0, height) * max(0, width))
