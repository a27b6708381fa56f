"""The layers of an image too large to be edited whole: what the session knows, to be looked at.

Planes are unpacked when they come into view, so a stack larger than memory can be predicted and
looked through. What is wrong in it is corrected in work areas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import SegLoopError
from napari_segloop.widgets.connections import Connections
from napari_segloop.widgets.labels_layers import layers_over, refresh_uncertainty
from napari_segloop.widgets.lazy import LazyPlanes
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.userlabels import check_fits
from napari_segloop.widgets.view import plane_in_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.utils.events import Event

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.images import Array
    from napari_segloop.session.desk import Write
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.widgets.placement import Placement

Index = tuple[int, ...]


class Onlook:
    """Ties layers that cannot be edited to what the session knows.

    Parameters
    ----------
    viewer : napari.Viewer
        The layers are added to it.
    session : LoopSession
        Knows the image.
    image : int
        Its number.
    placement : Placement
        Where it lies, without channels.
    largest : int
        Bytes that the masks of one plane may take.
    on_end : callable
        Called with a sentence when a layer was removed.

    Raises
    ------
    ResourceError
        When a plane takes more.
    """

    def __init__(
        self,
        viewer: Viewer,
        session: LoopSession,
        image: int,
        placement: Placement,
        largest: int,
        on_end: Callable[[str], None],
    ) -> None:
        self._viewer, self._session, self.image = unwrapped(viewer), session, image
        self._on_end, self.is_alive = on_end, True
        self._is_new = self._is_newly_unsure = False
        self._last: tuple[Index, PlaneTruth | None] | None = None
        ids = np.dtype(np.uint32 if session.desk.objects else np.uint8)
        check_fits(session.source(image).plane_shape, ids, largest)
        session.desk.looked_at = image
        self._say()
        byte = np.dtype(np.uint8)
        self._arrays = (
            self._lazy(ids, self._labels),
            self._lazy(byte, self._checked),
            self._lazy(byte, self._unsure),
        )
        classes = None if session.desk.objects else session.table
        name = session.source(image).name
        self.layers = layers_over(name, self._arrays, placement, classes=classes)
        for layer in self.layers.all():
            self._viewer.add_layer(layer)
            layer.editable = False
        self._connections = Connections()
        self._connections.connect(self._viewer.layers.events.removed, self._on_removed)
        self._is_newly_unsure = bool(self._arrays[2][self._index].any())

    def tick(self) -> None:
        """Show what is new in the plane in view."""
        if self._is_new:
            self._is_new = False
            self.layers.masks.refresh(extent=False, highlight=False)
            self.layers.checked.refresh(extent=False, highlight=False)
        if self._is_newly_unsure:
            self._is_newly_unsure = False
            refresh_uncertainty(self.layers.uncertainty)

    def apply(self, write: Write) -> None:
        """Take note that a plane changed.

        Parameters
        ----------
        write : Write
            For this image; others are passed over.
        """
        if write.image != self.image or not self.is_alive:
            return
        self._last = None
        for array in self._arrays:
            array.forget(write.index)
        if write.index == self._index:
            self._is_new |= write.labels is not None or write.checked is not None
            self._is_newly_unsure |= write.uncertainty is not None

    def scan_all(self) -> None:
        """Nothing is painted here."""

    def settle(self, index: Index) -> None:
        """Nothing is painted here.

        Parameters
        ----------
        index : tuple of int
            The plane.
        """

    def close(self) -> None:
        """Let go of the layers, which stay in the viewer."""
        self.is_alive = False
        self._connections.close()

    def _say(self) -> None:
        name = self._session.source(self.image).name
        self._session.desk.tell(
            f"{name} is too large to be edited as a whole. Predict it and look through the result.",
            "info",
            "To correct it, make a work area of a part.",
        )

    @property
    def _index(self) -> Index:
        return plane_in_view(self._viewer, self.layers.masks)

    def _lazy(
        self, dtype: np.dtype[np.generic], read: Callable[[Index], Array | None]
    ) -> LazyPlanes:
        source = self._session.source(self.image)

        def read_or_say(index: Index) -> Array | None:
            try:
                return read(index)
            except SegLoopError as error:  # a damaged file
                self._session.desk.tell(error)
                return None

        return LazyPlanes(source.leading, source.plane_shape, dtype, read_or_say)

    def _plane(self, index: Index) -> PlaneTruth | None:
        """Unpack a plane once for both layers."""
        if self._last is None or self._last[0] != index:
            self._last = index, self._session.desk.truths.peek((self.image, index))
        return self._last[1]

    def _labels(self, index: Index) -> Array | None:
        plane = self._plane(index)
        return None if plane is None else plane.labels

    def _checked(self, index: Index) -> Array | None:
        plane = self._plane(index)
        return None if plane is None else plane.checked

    def _unsure(self, index: Index) -> Array | None:
        return self._session.desk.truths.uncertainty((self.image, index))

    def _on_removed(self, event: Event) -> None:
        gone = unwrapped(event.value)
        if self.is_alive and any(gone is layer for layer in self.layers.all()[1:]):
            self.close()
            remedy = "Nothing is lost: open the image again to go on."
            self._on_end(f"The layer {gone.name!r} was removed. {remedy}")
