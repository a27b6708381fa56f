"""Rectangles on a plane that a human is asked to look at, and how they are ranked.

A region knows pixels and numbers only: not which file it is in, nor who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

STRATEGIES = ("ranked", "foreground", "random", "entropy")
"""How a simulated user may choose places (`napari_segloop.core.strategies`)."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle offered for checking, worst first.

    Parameters
    ----------
    y, x : int
        Upper left corner, in pixels.
    height, width : int
        Size, in pixels.
    score : float
        What the ranking sorts by; larger is worse.
    expected_error : float
        Sum of the error probabilities over the unchecked pixels, in pixels.
    reason : str
        Why it is offered, in words.
    index : tuple of int
        The plane: one number for each leading axis.
    worst : float
        How likely it is, 0 to 1, that something in it is wrong to be acted upon
        (`errorplane.worst_box`); 0 where that is not known, as in first masks.
    """

    y: int
    x: int
    height: int
    width: int
    score: float
    expected_error: float
    reason: str
    index: tuple[int, ...] = ()
    worst: float = 0.0

    @property
    def slices(self) -> tuple[slice, slice]:
        """The region as ``(rows, columns)`` slices of its plane."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def overlaps(self, other: Region) -> bool:
        """Say whether two regions of one plane have pixels in common.

        Parameters
        ----------
        other : Region
            Of the same plane.

        Returns
        -------
        bool
            False for those that only touch.
        """
        return (
            self.y < other.y + other.height
            and other.y < self.y + self.height
            and self.x < other.x + other.width
            and other.x < self.x + self.width
        )
