"""What a model file says of itself, before it is used, and whether it fits here.

Draws a header; loads no weights.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QImage, QPixmap
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLabel, QWidget

from napari_segloop.core.example import NOT_CHECKED
from napari_segloop.core.labelclass import COLOURS
from napari_segloop.core.magnification import in_words
from napari_segloop.core.modelinfo import BASES
from napari_segloop.session.words import TASKS, counted, percent
from napari_segloop.widgets.part import in_column, prose
from napari_segloop.widgets.theme import em
from napari_segloop.widgets.words import teach_and_test, when

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.example import Example
    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.session.models import Card

_MEGA = 1e6


def card_rows(info: ModelInfo, size: int) -> tuple[tuple[str, str], ...]:
    """Put a model's header into words.

    Parameters
    ----------
    info : ModelInfo
        The header.
    size : int
        Of the file, in bytes.

    Returns
    -------
    tuple of (str, str)
        What, and what it is.
    """
    return tuple((what, text) for what, text in _rows(info, size) if text)


def _rows(info: ModelInfo, size: int) -> Iterator[tuple[str, str]]:
    yield "Made by", info.author or "not stated"
    yield "Finds", TASKS[info.task]
    if info.task == "classes":
        yield "Classes", ", ".join(f"label {value}" for value in info.values[1:])
    axes = f", axes {info.axes}" if info.axes else ""
    yield "Images", counted(info.channels, "channel") + axes
    known = info.pixel_size
    yield "Pixel size", "not recorded in the file" if known is None else in_words(known)
    yield "Agreement", "not tested" if info.score is None else f"{percent(info.score)} (mean Dice)"
    yield "Regions", teach_and_test(len(info.teach_hashes), len(info.test_hashes))
    start = f" from {BASES[info.base]}" if info.base else ""
    yield "Training", f"{counted(info.steps, 'step')}{start}"
    yield "Made", when(info.created)
    yield "Encoder", f"{info.encoder}, depth {info.depth}"
    yield "Made with", ", ".join(f"{name} {version}" for name, version in info.versions)
    yield "File", f"{size / _MEGA:.0f} MB"


class ModelCard(QDialog):
    """The card, with Use and Cancel.

    Parameters
    ----------
    name : str
        Of the file.
    card : Card
        What the file says.
    misfit : str
        Why it cannot be used here and what to do; empty when it fits.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(
        self, name: str, card: Card, misfit: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model {name}")
        self.setMinimumWidth(em(self, 26))
        column, gap = in_column(self), em(self, 0.7)
        column.setContentsMargins(gap, gap, gap, gap)
        form = QFormLayout()
        self.rows = card_rows(card.info, card.size)
        for what, text in self.rows:
            label = prose(text)
            label.setTextFormat(Qt.TextFormat.PlainText)  # a file may come from anywhere
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            form.addRow(QLabel(f"<b>{what}</b>"), label)
        self.example = QLabel()
        if card.info.example is not None:
            self.example.setPixmap(example_picture(card.info.example))
            self.example.setToolTip("A piece of a training image; in colour what was labelled.")
            form.addRow(QLabel("<b>Example</b>"), self.example)
        self.misfit = prose(f"<b>It does not fit here.</b> {escape(misfit)}")
        self.misfit.setVisible(bool(misfit))
        column.addWidget(self.misfit)
        column.addLayout(form)
        column.addStretch()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use = self.buttons.addButton("Use this model", QDialogButtonBox.ButtonRole.AcceptRole)
        if self.use is not None:
            self.use.setEnabled(not misfit)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        column.addWidget(self.buttons)


def example_picture(example: Example) -> QPixmap:
    """Draw a piece of a training image, with colour where something was labelled.

    Parameters
    ----------
    example : Example
        Of a model's header.

    Returns
    -------
    QPixmap
        One pixel each.
    """
    grey, classes = example.planes()
    colours = np.array([QColor(each).getRgb()[:3] for each in COLOURS])
    labelled = (classes > 0) & (classes != NOT_CHECKED)
    rgb = np.repeat(grey[..., np.newaxis].astype(float), 3, axis=2)
    rgb[labelled] = 0.6 * rgb[labelled] + 0.4 * colours[(classes[labelled] - 1) % len(COLOURS)]
    data, (height, width) = rgb.astype(np.uint8).tobytes(), grey.shape
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image)  # copies the data
