"""A snapshot beside now: its masks as outlines over those of the present, and what differs.

Shows the plane in view and follows it; how a snapshot is read is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import QObject, QTimer

from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.widgets.changed_since import changed_words, where_changed
from napari_segloop.widgets.labels_layers import make_checked, masks_colours
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.project_words import short_when

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_segloop.core.images import Labels as LabelArray
    from napari_segloop.core.images import Mask
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.widgets.opened import Opened
    from napari_segloop.widgets.snapshots import Snapshots
    from napari_segloop.widgets.stage import Stage

Index = tuple[int, ...]
OUTLINE = 2
"""Width in pixels: the masks of now stay to be seen inside."""
CHANGED = DirectLabelColormap(color_dict={None: "#ff00ff", 0: "transparent", 1: "#ff00ff"})
"""Magenta, which no class has at first."""
SHARE = 0.5
"""Opacity of what changed: the image stays to be seen."""
CALM = 200
"""Milliseconds that a plane is in view before it is asked for."""


class LookedAt(QObject):
    """The layers of the snapshot that one dock asked for.

    Parameters
    ----------
    stage : Stage
        Knows viewer, session and the open image.
    list_of : Snapshots
        Of the dock; says which snapshot was asked for.
    """

    def __init__(self, stage: Stage, list_of: Snapshots) -> None:
        super().__init__(list_of)
        self._stage, self._list = stage, list_of
        self._layers: tuple[Layer, ...] = ()
        self._shown: tuple[str, int, Index] | None = None  # snapshot, image, plane
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(CALM)
        self._calm.timeout.connect(self._ask_again)
        list_of.now_wanted.connect(self.hide)
        session = stage.session
        self._ears = (
            Ear(self, session.looked, self.show),
            Ear(self, session.opening, self._leave),
            Ear(self, session.changed, self._follow),
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is shown: what was checked, masks, and where they differ; empty when it is now."""
        shown = self._stage.viewer.layers
        return tuple(layer for layer in self._layers if layer in shown)

    def show(self, image: int, index: Index, labels: LabelArray, checked: Bytes) -> None:
        """Show a plane of the snapshot that was asked for.

        Parameters
        ----------
        image : int
            Its number.
        index : tuple of int
            The plane.
        labels, checked : (Y, X) ndarray
            As they were.
        """
        opened, asked = self._stage.opened, self._list.asked
        if asked is None or opened is None or opened.image != image or not opened.is_alive:
            return
        self.hide()
        known = self._stage.session.desk.truths.peek((image, index))
        now = PlaneTruth(np.zeros(labels.shape, np.uint8)) if known is None else known
        changed = where_changed(labels, now.labels)
        words = changed_words(changed, checked, now.checked)
        self._add(opened, index, (checked, labels, changed), self._name(image, asked))
        self._shown = asked, image, index
        self._list.show_looked_at(asked, words)

    def _add(
        self, opened: Opened, index: Index, planes: tuple[Bytes, LabelArray, Mask], name: str
    ) -> None:
        viewer, session = self._stage.viewer, self._stage.session
        checked, labels, changed = (
            np.array(plane).reshape((1,) * len(index) + plane.shape) for plane in planes
        )
        where = opened.placement.moved((*index, 0, 0)).arguments()
        colours = masks_colours(None if session.desk.objects else session.table)
        masks = Labels(labels, name=f"{name} masks", opacity=1.0, colormap=colours, **where)
        masks.contour = OUTLINE
        before = make_checked(name, checked, where)
        before.visible = False
        differs = Labels(
            changed.astype(np.uint8),
            name=f"{name} changed since",
            opacity=SHARE,
            colormap=CHANGED,
            **where,
        )
        active = viewer.layers.selection.active
        self._layers = (before, masks, differs)
        for layer in self._layers:
            layer.editable = False
            viewer.add_layer(layer)
        viewer.layers.selection.active = active

    def _name(self, image: int, asked: str) -> str:
        session = self._stage.session
        times = (short_when(each.time) for each in session.state.snapshots if each.id == asked)
        return f"{session.source(image).name} of {next(times, 'then')}"

    def hide(self) -> None:
        """Take the layers away."""
        for layer in self.layers:
            self._stage.viewer.layers.remove(layer)
        self._layers, self._shown = (), None
        self._list.show_looked_at(None)

    def _leave(self, _image: int | None) -> None:
        self.hide()

    def _follow(self, part: str) -> None:
        """Go along with the plane in view; a layer that the user removed ends it."""
        if self._shown is None or part != "view":
            return
        if not self.layers:
            self.hide()
        elif self._stage.session.view is not None and self._stage.session.view[1] != self._shown[2]:
            self._calm.start()

    def _ask_again(self) -> None:
        if self._shown is not None:
            self._list.ask_for(self._shown[0])
