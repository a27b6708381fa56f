"""What settings of the first masks give on the visible part, as a layer that is only looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_segloop.core.images import grey
from napari_segloop.widgets.labels_layers import masks_colours

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.core.images import Array
    from napari_segloop.core.images import Labels as LabelArray
    from napari_segloop.engine.requests import FirstMaskAnswer
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.widgets.opened import Opened

Index = tuple[int, ...]
Box = tuple[int, int, int, int]
NAME = "first masks (preview)"


class Preview:
    """The preview layer of a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Where it is shown.
    session : LoopSession
        Asked for the masks; its answers are passed to `show_answer`.
    """

    def __init__(self, viewer: Viewer, session: LoopSession) -> None:
        self._viewer, self._session = viewer, session
        self._layer: Labels | None = None
        self._for: tuple[Opened, Index, Box] | None = None

    def ask(
        self, opened: Opened, view: tuple[int, Index, Box], settings: FirstMaskSettings | None
    ) -> None:
        """Ask for a preview.

        Parameters
        ----------
        opened : Opened
            The image that is open.
        view : (int, tuple of int, tuple of int)
            What is visible: image, plane, top, left, bottom, right.
        settings : FirstMaskSettings or None
            Suggested when None.
        """
        _, index, box = view
        top, left, bottom, right = box
        if top >= bottom or left >= right:
            return
        self._for = (opened, index, box)
        source = self._session.source(opened.image)

        def fetch() -> Array:
            return source.read(index, slice(top, bottom), slice(left, right))

        def send(plane: Array) -> None:
            self._session.preview_first_mask(grey(plane), settings)

        self._session.desk.reader.ask(fetch, send, self._session.desk.tell)

    def show_answer(self, answer: FirstMaskAnswer) -> None:
        """Show masks that were asked for.

        Parameters
        ----------
        answer : FirstMaskAnswer
            Of the box that was asked for last.
        """
        if self._for is None:
            return
        opened, index, (top, left, bottom, right) = self._for
        if answer.labels.shape != (bottom - top, right - left) or not opened.is_alive:
            return
        data = np.ascontiguousarray(answer.labels.reshape((1,) * len(index) + answer.labels.shape))
        where = opened.placement.moved((*index, top, left)).arguments()
        if not self._shows(data.shape, where):
            asked = self._for
            self.hide()
            self._for = asked
            self._add(data, where)
        elif self._layer is not None:
            self._layer.data = data

    def _shows(self, shape: tuple[int, ...], where: dict[str, Any]) -> bool:
        """Whether the layer is there and in place: adding one takes napari a third of a second."""
        layer = self._layer
        if layer is None or layer not in self._viewer.layers or layer.data.shape != shape:
            return False
        return bool(np.allclose(layer.translate, where["translate"]))

    def _add(self, data: LabelArray, where: dict[str, Any]) -> None:
        active = self._viewer.layers.selection.active
        classes = None if self._session.desk.objects else self._session.table
        layer = Labels(data, name=NAME, opacity=0.6, colormap=masks_colours(classes), **where)
        layer.editable = False
        self._layer = self._viewer.add_layer(layer)
        self._viewer.layers.selection.active = active

    def hide(self) -> None:
        """Take the layer away."""
        self._for = None
        if self._layer is not None and self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)
        self._layer = None
