"""Where an image's pixels come from: what the session asks of a file or an open layer.

A source reads planes; it does not know labels, layers' names or the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from napari_segloop.core.images import Array

Index = tuple[int, ...]


class ImageSource(Protocol):
    """An image as planes ``(C, Y, X)``, one for each combination of its leading axes."""

    @property
    def name(self) -> str:
        """What the image list shows."""

    @property
    def where(self) -> str:
        """File path, or ``open layer``."""

    @property
    def leading(self) -> tuple[int, ...]:
        """Lengths of the axes before Y and X, without channels; empty for a single plane."""

    @property
    def plane_shape(self) -> tuple[int, int]:
        """Rows and columns."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    def read(self, index: Index, rows: slice, columns: slice) -> Array:
        """Return pixels; called from a background thread.

        Parameters
        ----------
        index : tuple of int
            One number for each leading axis.
        rows, columns : slice
            The window, in pixels.

        Returns
        -------
        (C, rows, columns) ndarray
            A copy in the stored dtype.

        Raises
        ------
        SegLoopError
            When the pixels cannot be had any more.
        """

    def is_alive(self) -> bool:
        """Say whether the pixels can still be had; quick, without reading."""
