"""Undo and redo on the loop's labels layers, in the order in which the user acted.

One order runs through both layers and the places that were accepted. The view goes to what an undo
changes, so that nothing is undone unseen. What a stroke held is napari's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from app_model.types import KeyCode, KeyMod

from napari_segloop.widgets.connections import Connections, Emitter
from napari_segloop.widgets.histories import Act
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.view import is_in_view, show_plane, show_window

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Labels

    from napari_segloop.widgets.histories import Kind, Where
    from napari_segloop.widgets.links import ImageLink

UNDO = KeyMod.CtrlCmd | KeyCode.KeyZ
REDO = KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyZ


class TakesBack(Protocol):
    """What undo asks of the session."""

    @property
    def looking(self) -> Emitter:
        """Emits image and index right before a place is judged."""

    @property
    def answer_taken_back(self) -> Emitter:
        """Emits the image of an answer that was taken back, whoever asked for it."""

    def take_back_last(self) -> bool:
        """Take back the last acceptance; see `LoopSession.take_back_last`."""

    def accept_again(self) -> bool:
        """Say again what was taken back last; see `LoopSession.accept_again`."""


class Undoing:
    """Undo and redo for an open image.

    Parameters
    ----------
    viewer : napari.Viewer
        Its view is moved.
    session : TakesBack
        Takes back acceptances and says them again.
    link : ImageLink
        The image's layers and what the user did there.
    """

    def __init__(self, viewer: Viewer, session: TakesBack, link: ImageLink) -> None:
        self._viewer, self._session, self._link = unwrapped(viewer), session, link
        layers = link.layers
        self._layers: dict[Kind, Labels] = {"masks": layers.masks, "checked": layers.checked}
        for layer in self._layers.values():
            layer.bind_key(UNDO, lambda _: self.undo(), overwrite=True)
            layer.bind_key(REDO, lambda _: self.redo(), overwrite=True)
        self._connections = Connections()
        self._connections.connect(session.looking, self._on_looking)
        self._connections.connect(session.answer_taken_back, self._on_taken_back)

    def close(self) -> None:
        """Give the keys back to napari."""
        self._connections.close()
        for layer in self._layers.values():
            layer.bind_key(UNDO, None)
            layer.bind_key(REDO, None)

    def undo(self) -> None:
        """Take back the last thing that the user did and that still shows."""
        self._link.look()
        while (act := self._link.acts.last()) is not None:
            if act.kind == "acceptance":
                is_done = self._session.take_back_last()
                if self._link.acts.last() is act:  # it was of another image, or there is none
                    self._link.acts.take()
            else:
                self._link.acts.take()
                is_done = self._replay(act, is_undo=True)
            if is_done:
                return
        self._session.take_back_last()  # of an image that was open before

    def redo(self) -> None:
        """Do again the last thing that was taken back and that would show."""
        self._link.look()
        while (act := self._link.acts.next()) is not None:
            self._link.acts.give_back()
            if act.kind == "acceptance":
                if self._session.accept_again():
                    return
            elif self._replay(act, is_undo=False):
                return
        if self._link.acts.is_new:
            self._session.accept_again()  # taken back while another image was open

    def _on_looking(self, image: int, index: tuple[int, ...] | None) -> None:
        if image == self._link.image and index is not None:
            self._link.acts.add(Act("acceptance"))

    def _on_taken_back(self, image: int) -> None:
        if image == self._link.image:
            self._link.acts.take_answer()

    def _replay(self, act: Act, *, is_undo: bool) -> bool:
        """Have napari undo or redo a stroke, and say whether any pixel changed."""
        layer = self._layers[act.kind]
        if act.places:
            self._go(layer, act.places)
        before = self._content(layer, act)
        layer.undo() if is_undo else layer.redo()
        after = self._content(layer, act)
        for where in act.places:
            self._link.hint(where)
        self._link.look()
        return any(not np.array_equal(*pair) for pair in zip(before, after, strict=True))

    def _content(self, layer: Labels, act: Act) -> list[np.ndarray]:
        if not act.places:
            return [layer.data.copy()]
        return [layer.data[index][window].copy() for index, window in act.places]

    def _go(self, layer: Labels, places: tuple[Where, ...]) -> None:
        """Move the view only when nothing of the stroke can be seen."""
        if any(is_in_view(self._viewer, layer, *place) for place in places):
            return
        index, window = places[0]
        show_plane(self._viewer, layer, index)
        if not is_in_view(self._viewer, layer, index, window):
            show_window(self._viewer, layer, index, _with_margin(window, layer.data.shape[-2:]))


def _with_margin(window: tuple[slice, slice], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Widen a small stroke to at least 64 pixels, so that its surroundings are seen."""
    rows, columns = (
        slice(
            max(0, min(part.start, (part.start + part.stop) // 2 - 32)),
            min(length, max(part.stop, (part.start + part.stop) // 2 + 32)),
        )
        for part, length in zip(window, shape, strict=True)
    )
    return rows, columns
