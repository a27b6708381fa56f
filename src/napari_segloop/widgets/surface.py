"""One labels layer that the loop made: its array, our own writes into it, one refresh a turn.

Writes go straight into the array, so that nothing that we predicted ever becomes a step of the
user's undo. The module does not know what the labels mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels as LabelArray

Index = tuple[int, ...]
Window = tuple[slice, slice]


class Surface:
    """A labels layer over a plain array.

    Parameters
    ----------
    layer : napari.layers.Labels
        Its data is a plain array.
    """

    def __init__(self, layer: Labels) -> None:
        self.layer = layer
        self.shape = tuple(layer.data.shape)
        self._is_stale = False
        self._is_dirty = False

    @property
    def array(self) -> NDArray[np.unsignedinteger]:
        """The layer's pixels, live."""
        data: NDArray[np.unsignedinteger] = self.layer.data
        return data

    def fits(self) -> bool:
        """Say whether the layer still has the shape of its image.

        Returns
        -------
        bool
            Whether it may be read and written.
        """
        return not self.layer.multiscale and tuple(self.layer.data.shape) == self.shape

    def own(self) -> None:
        """Replace data that must not be edited in place by a plain array of ours.

        A script may set anything as a layer's data: a file's pixels, a read-only or lazy array.
        """
        data = self.layer.data
        if _is_plain(data):
            return
        values = np.asarray(data)
        largest = int(values.max(initial=0))
        dtype = np.promote_types(np.uint8, np.min_scalar_type(largest))
        self.layer.data = np.array(values.clip(min=0), dtype=dtype, order="C")

    def put(self, index: Index, window: Window, values: LabelArray) -> bool:
        """Write pixels; they are shown by the next `refresh`.

        Parameters
        ----------
        index : tuple of int
            The plane.
        window : tuple of slice
            Rows and columns.
        values : (h, w) ndarray of integer
            New labels.

        Returns
        -------
        bool
            Whether any pixel is different now.
        """
        if not values.size or np.array_equal(self.array[index][window], values):
            return False
        self._widen(int(values.max()))
        self.array[index][window] = values
        self._is_dirty = True
        return True

    def refresh(self) -> None:
        """Show what was written since the last time."""
        if self._is_dirty:
            self._is_dirty = False
            self.layer.refresh(extent=False, highlight=False)

    def drop_undo(self) -> None:
        """Ask for napari's undo history to be cleared, by the next `clear_undo`."""
        self._is_stale = True

    def clear_undo(self) -> bool:
        """Clear napari's undo history if that was asked for; the user keeps the tool in hand.

        Returns
        -------
        bool
            Whether it was cleared.
        """
        if not self._is_stale:
            return False
        self._is_stale = False
        mode, label = self.layer.mode, self.layer.selected_label
        self.layer.editable = False
        self.layer.editable = True
        self.layer.mode, self.layer.selected_label = mode, label
        return True

    def _widen(self, largest: int) -> None:
        """Change to a dtype that holds a value; the history would write into the old array."""
        if largest > np.iinfo(self.array.dtype).max:
            self.layer.data = self.array.astype(np.min_scalar_type(largest))
            self.drop_undo()


def _is_plain(data: object) -> bool:
    if not isinstance(data, np.ndarray) or isinstance(data, np.memmap):
        return False
    return data.flags.writeable and data.flags.c_contiguous and data.dtype.kind == "u"
