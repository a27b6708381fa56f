"""The image that is open: its layers, the tie to the session, and the way to its places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import ResourceError
from napari_segloop.core.workboxes import LARGEST_COPY
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.workarea import WorkArea
from napari_segloop.widgets.brush import CheckedBrush
from napari_segloop.widgets.drawn_box import show_edges
from napari_segloop.widgets.labels_layers import make_layers, masks_colours, show_uncertainty
from napari_segloop.widgets.links import ImageLink
from napari_segloop.widgets.onlook import Onlook
from napari_segloop.widgets.open_image import OpenedFile
from napari_segloop.widgets.peek import Peek
from napari_segloop.widgets.placement import Placement
from napari_segloop.widgets.sources import LayerSource
from napari_segloop.widgets.stray import StrayStrokes
from napari_segloop.widgets.undoing import Undoing
from napari_segloop.widgets.view import box_in_view, plane_in_view
from napari_segloop.widgets.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari import Viewer
    from napari.layers import Layer

    from napari_segloop.core.classes import ClassTable
    from napari_segloop.session.desk import Write
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.session.state import Place
    from napari_segloop.widgets.labels_layers import LoopLayers

Index = tuple[int, ...]
Box = tuple[int, int, int, int]


class Opened:
    """An image of the list as layers.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    session : LoopSession
        Knows the image.
    image : int
        Its number.
    on_end : callable
        Called with a sentence when its layers are gone or have another shape.
    largest : int
        Bytes of masks that may be edited; more can only be looked at.

    Raises
    ------
    SegLoopError
        When it cannot be shown.
    """

    def __init__(
        self,
        viewer: Viewer,
        session: LoopSession,
        image: int,
        on_end: Callable[[str], None],
        largest: int = LARGEST_COPY,
    ) -> None:
        self.viewer, self.session, self.image = viewer, session, image
        self.link: ImageLink | Onlook | None = None
        self._largest = largest
        self._undoing: Undoing | None = None
        self._walk: Walk | None = None
        self._stray: StrayStrokes | None = None
        self._peek = Peek()
        self.source = source = session.source(image)
        self._base = source.base if isinstance(source, WorkArea) else source
        is_file = isinstance(self._base, FileSource)
        self._file = OpenedFile(viewer, self._base) if is_file else None  # type: ignore[arg-type]
        self.placement = self._place()
        if session.task is not None:
            self._tie_or_say(on_end)

    @property
    def is_alive(self) -> bool:
        """Whether masks can be shown."""
        return self.link is not None and self.link.is_alive

    @property
    def base(self) -> ImageSource:
        """The whole image: this one, or that which the work area is a part of."""
        return self._base

    @property
    def image_layers(self) -> tuple[Layer, ...]:
        """What shows the bare image."""
        if self._file is not None:
            return self._file.layers
        return self._base.layers if isinstance(self._base, LayerSource) else ()

    def close(self) -> None:
        """Take away what was added to the viewer."""
        self._peek.end()
        if self._walk is not None:
            self._walk.leave()
        for part in (self._undoing, self._stray):
            if part is not None:
                part.close()
        if self.link is not None:
            self.link.close()
            for layer in self.link.layers.all():
                if any(layer is shown for shown in self.viewer.layers):
                    self.viewer.layers.remove(layer)
        if self._file is not None:
            self._file.close()

    def tick(self) -> None:
        """Look for changes for a few milliseconds, and show what is new."""
        if self._stray is not None:
            self._stray.tick()
        if self.link is not None:
            self.link.tick()

    def apply(self, write: Write) -> None:
        """Put pixels from the session into the layers.

        Parameters
        ----------
        write : Write
            For any image.
        """
        if self.link is not None:
            self.link.apply(write)

    def look(self, index: Index | None) -> None:
        """Look at a plane, or at everything, before the session goes on.

        Parameters
        ----------
        index : tuple of int or None
            The plane.
        """
        if self.link is not None:
            self.link.scan_all() if index is None else self.link.settle(index)

    def seen(self) -> tuple[int, Index, Box] | None:
        """Return what the user sees.

        Returns
        -------
        (int, tuple of int, tuple of int) or None
            Image, plane, and top, left, bottom, right; None when there is nothing to see it on.
        """
        if self.link is None:
            return None
        masks = self.link.layers.masks
        return self.image, plane_in_view(self.viewer, masks), box_in_view(self.viewer, masks)

    def colour(self, classes: ClassTable | None) -> None:
        """Show the classes' colours.

        Parameters
        ----------
        classes : ClassTable or None
            Of the project.
        """
        if self.link is not None and not self.session.desk.objects:
            self.link.layers.masks.colormap = masks_colours(classes)

    def choose_label(self, value: int) -> None:
        """Paint with a class.

        Parameters
        ----------
        value : int
            Its label value.
        """
        if self.link is not None:
            masks = self.link.layers.masks
            masks.selected_label = value
            self.viewer.layers.selection.active = masks
            if masks.mode == "pan_zoom":
                masks.mode = "paint"

    def show_uncertainty(self, is_shown: bool) -> None:  # two states
        """Show or hide how unsure the network was.

        Parameters
        ----------
        is_shown : bool
            Which of the two.
        """
        if self.link is not None:
            show_uncertainty(self.link.layers.uncertainty, is_shown)

    def go(self, place: Place | None) -> None:
        """Move the view to a place and outline it; None takes the outline away.

        Parameters
        ----------
        place : Place or None
            Where the user is.
        """
        if self._walk is None:
            return
        if place is None or place.image != self.image:
            self._walk.leave()
        else:
            self._walk.go(place.region)

    def peek(self, is_on: bool) -> None:  # two states
        """Show the bare image while a key is held.

        Parameters
        ----------
        is_on : bool
            Whether it is down.
        """
        if self.link is None:
            return
        self._peek.start(self.link.layers.all()) if is_on else self._peek.end()

    @property
    def brush(self) -> CheckedBrush | None:
        """The brushes of the checked layer; None where nothing can be painted."""
        if not isinstance(self.link, ImageLink):
            return None
        return CheckedBrush(self.viewer, self.link.layers)

    def base_placement(self) -> Placement:
        """Return where the whole image lies, without channels.

        Returns
        -------
        Placement
            Of `base`.
        """
        if isinstance(self._base, LayerSource):
            return self._base.placement
        return Placement.of(self.image_layers[0])

    def _place(self) -> Placement:
        source, whole = self.session.source(self.image), self.base_placement()
        return whole.moved(source.box.start) if isinstance(source, WorkArea) else whole

    def _tie_or_say(self, on_end: Callable[[str], None]) -> None:
        """Show what is too large to be edited so that it can be looked at, or else bare."""
        source, desk = self.session.source(self.image), self.session.desk
        shape = (*source.leading, *source.plane_shape)
        classes = None if desk.objects else self.session.table
        desk.looked_at = None
        try:
            layers = make_layers(
                source.name, shape, self.placement, classes=classes, limit=self._largest
            )
        except ResourceError:
            self._look_on(on_end)
        else:
            self._tie(layers, on_end)

    def _look_on(self, on_end: Callable[[str], None]) -> None:
        try:
            self.link = Onlook(
                self.viewer, self.session, self.image, self.placement, self._largest, on_end
            )
            self._walk = Walk(self.viewer, self.link.layers)
        except ResourceError as error:  # not even one plane
            self.session.desk.tell(error, "warning")

    def _tie(self, layers: LoopLayers, on_end: Callable[[str], None]) -> None:
        for layer in layers.all():
            self.viewer.add_layer(layer)
        if isinstance(self.session.source(self.image), WorkArea):
            show_edges(layers.masks)
        self.viewer.layers.selection.active = layers.masks
        layers.masks.selected_label = self.session.table.values[0]
        self.link = ImageLink(
            self.viewer,
            self.session,
            self.image,
            layers,
            on_end=on_end,
            on_hint=self._hint,
        )
        self._stray = StrayStrokes(
            self.viewer, layers, lambda: self.session.queue.at is not None, self._hint
        )
        self._undoing = Undoing(self.viewer, self.session, self.link)
        self._walk = Walk(self.viewer, layers)

    def _hint(self, text: str) -> None:
        self.session.desk.tell(text, "warning")
