"""The tie between an open image's layers and what the session knows of its planes, both ways.

What counts is content. napari's events are only hints of where to look first; then strips of all
planes are compared in turn, a few milliseconds each time `tick` is called. What the session writes
goes into the layers with one refresh a turn. The module does not know classes, queues or keys.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_segloop.core.corrections import EXCLUDED
from napari_segloop.widgets.connections import Connections
from napari_segloop.widgets.histories import Act, Acts, around, places_of
from napari_segloop.widgets.labels_layers import hint_of_marks, refresh_uncertainty
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.strokes import Strokes
from napari_segloop.widgets.surface import Surface
from napari_segloop.widgets.view import plane_in_view, updated_window, whole_window
from napari_segloop.widgets.watching import QUIET, SCAN_SECONDS, Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.layers import Layer
    from napari.utils.events import Event

    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Write
    from napari_segloop.widgets.histories import Kind, Where
    from napari_segloop.widgets.labels_layers import LoopLayers
    from napari_segloop.widgets.linksession import LinkSession

Index = tuple[int, ...]
Window = tuple[slice, slice]


class ImageLink:
    """Ties the three layers of an open image to the session.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the layers are.
    session : LinkSession
        What knows the planes.
    image : int
        The image's number.
    layers : LoopLayers
        Its layers, in the viewer.
    acts : Acts
        What the user does is noted here.
    on_end : callable
        Called once with a sentence when the tie cannot be kept: a layer was removed or has
        another shape now.
    on_hint : callable
        Called with a sentence when a stroke was taken back.
    """

    def __init__(
        self,
        viewer: Viewer,
        session: LinkSession,
        image: int,
        layers: LoopLayers,
        *,
        acts: Acts | None = None,
        on_end: Callable[[str], None] = lambda _: None,
        on_hint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.image, self.layers = image, layers
        self.acts = acts if acts is not None else Acts()
        self.is_alive = True
        self._viewer, self._session = unwrapped(viewer), session
        self._on_end, self._on_hint = on_end, on_hint
        self._surfaces: dict[Kind, Surface] = {"masks": Surface(layers.masks)}
        self._surfaces["checked"] = Surface(layers.checked)
        self._hints = dict[Index, Window]()
        self._has_new_uncertainty = False
        self._quiet = 0
        self._fill()
        self._watch = Watch(self.labels.shape, self.labels.dtype.itemsize)
        for index in session.planes(image):
            self._watch.forget(index)
        self._connections = Connections()
        self._strokes = Strokes([layers.masks, layers.checked], session.set_painting)
        self._connect()

    @property
    def labels(self) -> Labels:
        """The masks, all planes, live."""
        return self._surfaces["masks"].array

    @property
    def checked(self) -> Bytes:
        """What is checked, all planes, live."""
        return self._surfaces["checked"].array

    @property
    def index(self) -> Index:
        """The plane in view."""
        return plane_in_view(self._viewer, self.layers.masks)

    def tick(self) -> None:
        """Look for changes for a few milliseconds and show what was written; call it often."""
        if not self._is_whole():
            return
        if not self._strokes.is_painting:
            self._clear_stale()
        self._look_at_hints()
        if not self._strokes.is_painting:
            seconds = SCAN_SECONDS if self._quiet < QUIET else SCAN_SECONDS / 4
            self._quiet += 1
            for where in self._watch.changed(self.labels, self.checked, seconds):
                self._observe(where)
        self._refresh()

    def look(self) -> None:
        """Look at once where napari hinted at a change."""
        if self._is_whole():
            self._look_at_hints()
            self._refresh()

    def scan_all(self) -> None:
        """Look at everything at once, as before a job."""
        if self._is_whole():
            self._look_at_hints()
            for where in self._watch.all_changed(self.labels, self.checked):
                self._observe(where)
            self._refresh()

    def settle(self, index: Index) -> None:
        """Look at one plane at once.

        Parameters
        ----------
        index : tuple of int
            The plane.
        """
        if self._is_whole():
            self._look_at_hints()
            where = (index, whole_window(self.labels))
            if not self._watch.is_known(self.labels, self.checked, where):
                self._observe(where)
                self._watch.settle(self.labels, self.checked, where)
            self._refresh()

    def apply(self, write: Write) -> None:
        """Put pixels from the session into the layers.

        Parameters
        ----------
        write : Write
            For this image; others are passed over.
        """
        if write.image != self.image or not self._is_whole():
            return
        where = (write.index, write.window)
        was_known = self._watch.is_known(self.labels, self.checked, where)
        if write.labels is not None:
            self._put("masks", where, write.labels)
        if write.checked is not None:
            self._put("checked", where, write.checked)
        if write.uncertainty is not None:
            self._put_uncertainty(where, write.uncertainty)
        if was_known:
            self._watch.settle(self.labels, self.checked, where)

    def hint(self, where: Where) -> None:
        """Have a window looked at in the next turn.

        Parameters
        ----------
        where : (tuple of int, tuple of slice)
            Plane and window.
        """
        index, window = where
        known = self._hints.get(index)
        self._hints[index] = window if known is None else around(known, window)

    def close(self) -> None:
        """Look at everything once more and let go of the layers, which stay in the viewer."""
        if self.is_alive and all(surface.fits() for surface in self._surfaces.values()):
            self.scan_all()
        self.is_alive = False
        self._connections.close()
        self._strokes.close()

    def _fill(self) -> None:
        """Show what the session knows already."""
        for index, plane in self._session.planes(self.image).items():
            where = (index, whole_window(plane.labels))
            self._surfaces["masks"].put(*where, plane.labels)
            self._surfaces["checked"].put(*where, plane.checked)
            known = self._session.uncertainty(self.image, index)
            if known is not None:
                self._put_uncertainty(where, known)
        self._refresh()

    def _connect(self) -> None:
        connect = self._connections.connect
        for kind, surface in self._surfaces.items():
            events = surface.layer.events
            connect(events.paint, partial(self._on_paint, kind))
            connect(events.data, partial(self._on_data, kind))
            connect(events.set_data, lambda _: self._watch.view(self.index))
            connect(events.labels_update, self._on_labels_update)
        connect(self._viewer.dims.events.current_step, lambda _: self._watch.view(self.index))
        connect(self._viewer.layers.events.removed, self._on_removed)

    def _on_paint(self, kind: Kind, event: Event) -> None:
        places = places_of(event.value, self.labels.ndim)
        self.acts.add(Act(kind, places))
        for where in places:
            self.hint(where)
        if not places:
            self._watch.view(self.index)

    def _on_labels_update(self, event: Event) -> None:
        """Follow a stroke while it is drawn."""
        window = updated_window(self._viewer, event)
        if window is not None:
            self.hint((self.index, window))

    def _on_data(self, kind: Kind, _: Event) -> None:
        surface = self._surfaces[kind]
        if not self._is_whole():
            return
        surface.own()
        surface.drop_undo()
        self._watch.forget()
        self._watch.view(self.index)

    def _on_removed(self, event: Event) -> None:
        gone: Layer = unwrapped(event.value)
        if any(gone is surface.layer for surface in self._surfaces.values()):
            self._end(f"The layer {gone.name!r} was removed.")

    def _is_whole(self) -> bool:
        """Whether the layers are as they were made; if not, the tie ends."""
        for surface in self._surfaces.values() if self.is_alive else ():
            if not surface.fits():
                name, shape = surface.layer.name, tuple(surface.layer.data.shape)
                other = f"{shape} instead of {surface.shape}"
                self._end(f"The layer {name!r} has another shape now: {other}.")
        return self.is_alive

    def _end(self, reason: str) -> None:
        if self.is_alive:
            self.close()
            self._on_end(f"{reason} Nothing is lost: open the image again to go on.")

    def _look_at_hints(self) -> None:
        hints, self._hints = self._hints, {}
        for where in hints.items():
            self._observe(where)

    def _observe(self, where: Where) -> None:
        self._quiet = 0
        index, window = where
        self._tell_of_marks(where)
        planes = self.labels[index], self.checked[index]
        change = self._session.observe(self.image, index, *planes, window)
        if change is None:
            return
        self._surfaces["checked"].put(index, change.window, change.checked)
        if change.labels is not None:
            self._surfaces["masks"].put(index, change.window, change.labels)

    def _tell_of_marks(self, where: Where) -> None:
        """Say so when a class or id was painted in the checked layer; the session undoes it."""
        index, window = where
        if self.checked[index][window].max(initial=0) > EXCLUDED:
            self._on_hint(hint_of_marks(self.layers))

    def _put(self, kind: Kind, where: Where, values: Labels) -> None:
        if self._surfaces[kind].put(*where, values) and self.acts.touched(kind, *where):
            self._surfaces[kind].drop_undo()

    def _put_uncertainty(self, where: Where, values: Bytes) -> None:
        layer = self.layers.uncertainty
        if layer.data.shape != self.labels.shape:
            return
        layer.data[(*where[0], *where[1])] = values
        self._has_new_uncertainty = True

    def _clear_stale(self) -> None:
        for kind, surface in self._surfaces.items():
            if surface.clear_undo():
                self.acts.forget(kind)

    def _refresh(self) -> None:
        for surface in self._surfaces.values():
            surface.refresh()
        if self._has_new_uncertainty:
            self._has_new_uncertainty = False
            refresh_uncertainty(self.layers.uncertainty)
