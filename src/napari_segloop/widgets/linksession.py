"""What the layers of an open image ask of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.corrections import Change, PlaneTruth
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes

Index = tuple[int, ...]
Window = tuple[slice, slice]


class LinkSession(Protocol):
    """The part of `LoopSession` that a link needs."""

    def observe(
        self, image: int, index: Index, labels: Labels, checked: Bytes, window: Window
    ) -> Change | None:
        """Take over what changed.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        labels, checked : (Y, X) ndarray
            Live contents of the two layers.
        window : tuple of slice
            Where something may have changed.

        Returns
        -------
        Change or None
            What has to be put back into the layers.
        """

    def planes(self, image: int) -> Mapping[Index, PlaneTruth]:
        """Return the planes that are known.

        Parameters
        ----------
        image : int
            Number in the list.

        Returns
        -------
        mapping of tuple of int to PlaneTruth
            By index.
        """

    def uncertainty(self, image: int, index: Index) -> Bytes | None:
        """Return how unsure the network was about a plane.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.

        Returns
        -------
        (Y, X) ndarray of uint8 or None
            None before it was predicted.
        """

    def set_painting(self, is_painting: bool) -> None:
        """Take note of a stroke being drawn.

        Parameters
        ----------
        is_painting : bool
            Whether the mouse is down.
        """
