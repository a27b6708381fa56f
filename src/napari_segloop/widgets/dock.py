"""The dock SegLoop: the panel of a viewer's stage. It builds, connects and forwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_segloop.widgets.areas import Areas
from napari_segloop.widgets.choices import Choices
from napari_segloop.widgets.looked import LookedAt
from napari_segloop.widgets.panel import SegLoopPanel
from napari_segloop.widgets.stage import stage_of
from napari_segloop.widgets.warming import warm_up

if TYPE_CHECKING:
    import napari

AFTER_PAINT = 1000  # milliseconds


class SegLoopDock(QWidget):
    """Segment by teaching a network.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        Where the dock is.
    """

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.stage = stage_of(napari_viewer)
        self.panel = SegLoopPanel(self.stage.session, self)
        self.choices = Choices(self.stage, self)
        self.areas = Areas(self.stage, self.panel.images.area)
        self.looked = LookedAt(self.stage, self.panel.history.snapshots)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)
        self._connect()
        QTimer.singleShot(AFTER_PAINT, warm_up)

    def _connect(self) -> None:
        masks, stage, ways = self.panel.first_masks, self.stage, self.choices.ways
        masks.preview_wanted.connect(stage.ask_for_preview)
        masks.preview_over.connect(stage.preview.hide)
        masks.layer_wanted.connect(ways.choose_labels)
        masks.files_wanted.connect(ways.choose_files)
        masks.model_wanted.connect(ways.choose_model)
        self.panel.advanced.model_wanted.connect(ways.choose_model)
        self.panel.images.layers_wanted.connect(ways.choose_images)
        self.panel.images.area_wanted.connect(self.areas.ask)
        self.panel.classes.label_chosen.connect(stage.choose_label)
        self.panel.predict.uncertainty_wanted.connect(stage.show_uncertainty)
        self.panel.check.brushes.wanted.connect(stage.take_brush)
        stage.brush_changed.connect(self.panel.check.brushes.show_brush)
        self.panel.check.show_keys(stage.wishes.keys)
        self.panel.advanced.show_computer(stage.wishes.computer)
