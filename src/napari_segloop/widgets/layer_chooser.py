"""Choosing among open layers: images to add, alone or together as channels, or labels to take over.

Knows names and shapes that others offer; no layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from napari_segloop.widgets.part import in_column, prose
from napari_segloop.widgets.theme import em
from napari_segloop.widgets.trust_question import TrustQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.widgets.trust_question import Trust, Zero

NOTHING_OPEN = "There is none to choose: open one in napari first."
_Key = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class LayerOffer:
    """A layer that can be chosen.

    Parameters
    ----------
    key : object
        What tells it from all others; given back as it is.
    name : str
        As in the layer list.
    shape : tuple of int
        Of its data.
    channel_axis : int or None
        Which axis probably holds channels.
    """

    key: object
    name: str
    shape: tuple[int, ...]
    channel_axis: int | None = None


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """Image layers to add.

    Parameters
    ----------
    keys : tuple of object
        Of the chosen offers, in the order of the list.
    together : bool
        Whether they are the channels of one image.
    channel_axis : int or None
        Of each layer's data.
    """

    keys: tuple[object, ...]
    together: bool
    channel_axis: int | None


@dataclass(frozen=True, slots=True)
class LabelsChoice:
    """A Labels layer to take masks from, and what of it to trust."""

    key: object
    trust: Trust
    zero: Zero


class LayerChooser(QDialog):
    """The list of offers, with OK and Cancel.

    Parameters
    ----------
    offers : sequence of LayerOffer
        What there is.
    title : str
        Of the window.
    several : bool
        Whether more than one can be chosen.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(
        self,
        offers: Sequence[LayerOffer],
        title: str,
        *,
        several: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(em(self, 24))
        self._offers = tuple(offers)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        mode = QAbstractItemView.SelectionMode
        self.list.setSelectionMode(mode.ExtendedSelection if several else mode.SingleSelection)
        if several:
            self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        for place, offer in enumerate(self._offers):
            item = QListWidgetItem(f"{offer.name}    {' x '.join(map(str, offer.shape))}")
            item.setData(_Key, place)
            self.list.addItem(item)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.list.itemSelectionChanged.connect(self._enable)
        self.column = in_column(self)
        gap = em(self, 0.7)
        self.column.setContentsMargins(gap, gap, gap, gap)
        if not offers:
            self.column.addWidget(prose(NOTHING_OPEN))
        self.column.addWidget(self.list)
        if offers:
            self.list.setCurrentRow(0)
        self._enable()

    @property
    def chosen(self) -> tuple[LayerOffer, ...]:
        """The selected offers, from the top."""
        items = (self.list.item(row) for row in range(self.list.count()))
        return tuple(
            self._offers[item.data(_Key)]
            for item in items
            if item is not None and item.isSelected()
        )

    def _enable(self) -> None:
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(bool(self.chosen))


class ImageChooser(LayerChooser):
    """Choose Image layers to add.

    Parameters
    ----------
    offers : sequence of LayerOffer
        What there is.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, offers: Sequence[LayerOffer], parent: QWidget | None = None) -> None:
        self.together = QCheckBox("Together they are the channels of one image")
        self.together.setToolTip("In the order of the list; drag to change it")
        self.axis = QComboBox()
        super().__init__(offers, "Add open layers", several=True, parent=parent)
        self.axis.setToolTip("Which axis of the data holds channels (RGB is known by itself)")
        self.axis.setAccessibleName("Axis of the channels")
        self.column.addWidget(self.together)
        self.column.addWidget(prose("Channels of each layer lie along"))
        self.column.addWidget(self.axis)
        self.column.addWidget(self.buttons)

    def choice(self) -> ImageChoice:
        """Return what was chosen.

        Returns
        -------
        ImageChoice
            With the keys of the offers.
        """
        keys = tuple(offer.key for offer in self.chosen)
        return ImageChoice(
            keys, len(keys) > 1 and self.together.isChecked(), self.axis.currentData()
        )

    def _enable(self) -> None:
        super()._enable()
        chosen = self.chosen
        same = len({offer.shape for offer in chosen}) == 1
        self.together.setEnabled(len(chosen) > 1 and same)
        self.axis.clear()
        self.axis.addItem("no axis: one channel", None)
        if same:
            self._offer_axes(chosen[0])

    def _offer_axes(self, offer: LayerOffer) -> None:
        for axis, length in enumerate(offer.shape[:-2]):
            self.axis.addItem(f"axis {axis} of length {length}", axis)
        self.axis.setCurrentIndex(max(0, self.axis.findData(offer.channel_axis)))


class LabelsChooser(LayerChooser):
    """Choose a Labels layer to take masks from.

    Parameters
    ----------
    offers : sequence of LayerOffer
        What there is.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, offers: Sequence[LayerOffer], parent: QWidget | None = None) -> None:
        super().__init__(offers, "Take masks from a Labels layer", several=False, parent=parent)
        self.question = TrustQuestion()
        self.column.addWidget(self.question)
        self.column.addWidget(self.buttons)

    def choice(self) -> LabelsChoice:
        """Return what was chosen.

        Returns
        -------
        LabelsChoice
            With the key of the offer.
        """
        return LabelsChoice(self.chosen[0].key, self.question.trust, self.question.zero)
