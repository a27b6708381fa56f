"""Experts' settings of training; nobody needs them.

Shows and replaces the session's `TrainSettings`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from napari_segloop.widgets.part import Part, in_column

if TYPE_CHECKING:
    from napari_segloop.session.loop import LoopSession

ENCODERS = ("resnet18", "resnet34", "resnet50", "efficientnet-b0", "mobilenet_v2")
MICROSCOPY = "Has seen many kinds of made micrographs; comes with SegLoop"
PHOTOS = "ImageNet, fetched once; if that fails, training starts from general microscopy"
STARTS = {
    "starter": ("general microscopy", MICROSCOPY),
    "imagenet": ("everyday photos (needs the network once)", PHOTOS),
    "none": ("from zero", "Knows nothing yet, so learning takes longer"),
}
A_MODEL = "a model of yours…"
OWN = "A model file becomes the version in use, and 'Improve' goes on from it"
START = "What the first training and 'Learn again from all' begin with"
_MOST = 2**31 - 1


class Advanced(Part):
    """Encoder, what the network starts from, seed; where it runs.

    Parameters
    ----------
    session : LoopSession
        Its `settings` are shown and replaced.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    model_wanted : Signal
        The user wants to start from a model file.
    """

    model_wanted = Signal()

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.encoder = QComboBox()
        self.encoder.setEditable(True)
        self.encoder.addItems(ENCODERS)
        self.encoder.setCurrentText(session.settings.encoder)
        self.encoder.setToolTip("Any encoder of segmentation-models-pytorch")
        self.start = QComboBox()
        self._set_up_start()
        self.seed = QSpinBox()
        self.seed.setRange(0, _MOST)
        self.seed.setValue(session.settings.seed)
        self.seed.setToolTip("Same seed, steps and computer: the same network")
        self.computer = QLabel()
        self.computer.setToolTip("Preferences > Plugins > SegLoop says where training runs")
        self._lay_out()
        self.encoder.currentTextChanged.connect(self._change)
        self.start.activated.connect(self._choose_start)
        self.seed.valueChanged.connect(self._change)

    def _set_up_start(self) -> None:
        told = [*STARTS.items(), (None, (A_MODEL, OWN))]
        for row, (name, (text, why)) in enumerate(told):
            self.start.addItem(text, name)
            self.start.setItemData(row, why, Qt.ItemDataRole.ToolTipRole)
        self.start.setMinimumContentsLength(8)
        shrinks = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.start.setSizeAdjustPolicy(shrinks)
        self.start.setAccessibleName(START)
        self._show_start()

    def _show_start(self) -> None:
        self.start.setCurrentIndex(self.start.findData(self._session.settings.start))
        self.start.setToolTip(f"{START}: {STARTS[self._session.settings.start][1]}")

    def _choose_start(self, _row: int) -> None:
        """Take what the user chose; a model is loaded as a version and changes no setting."""
        if self.start.currentData() is None:
            self.model_wanted.emit()
        else:
            self._change()
        self._show_start()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Encoder", self.encoder)
        form.addRow("Starts from", self.start)
        form.addRow("Seed", self.seed)
        column = in_column(self, 0.3)
        note = QLabel("Used by 'Learn again from all' and by the first training.")
        note.setWordWrap(True)
        note.setMinimumWidth(1)
        column.addWidget(note)
        column.addLayout(form)
        column.addWidget(self.computer)
        self.computer.hide()

    def show_computer(self, name: str) -> None:
        """Say that training and prediction run on another computer.

        Parameters
        ----------
        name : str
            Its address; empty for this one.
        """
        self.computer.setText(f"Runs on another computer: {name}")
        self.computer.setVisible(bool(name))

    def _change(self, *_value: object) -> None:
        self._session.settings = replace(
            self._session.settings,
            encoder=self.encoder.currentText().strip() or ENCODERS[1],
            start=self.start.currentData(),
            seed=self.seed.value(),
        )
