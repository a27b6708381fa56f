"""The few settings of a first mask by threshold.

Shows and gives `FirstMaskSettings`; it does not threshold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from napari_segloop.widgets.part import in_row
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.firstmasks import FirstMaskSettings

METHODS = {"otsu": "one cut for all (Otsu)", "local": "local, for uneven light"}
OBJECTS = {"bright": "bright", "dark": "dark"}
_LARGEST = 2_000_000_000


class FirstMaskForm(QWidget):
    """Fields for method, side, smoothing, holes, sizes and touching objects.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    edited : Signal
        Emits nothing, after the user changed a field.
    """

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.method = _choice(METHODS, "How the cut in the grey values is chosen")
        self.objects = _choice(OBJECTS, "Which side of the cut is objects")
        self.smoothing = QDoubleSpinBox()
        self.smoothing.setRange(0, 1000)
        self.smoothing.setSingleStep(0.5)
        self.smoothing.setDecimals(1)
        self.smoothing.setSuffix(" px")
        self.smoothing.setToolTip("Blur before the cut, standard deviation; 0 is none")
        self.smallest = _size("Objects of fewer pixels are dropped")
        self.largest = _size("Objects of more pixels are dropped; 0 keeps all", none="no limit")
        self.fill_holes = QCheckBox("Fill holes")
        self.fill_holes.setToolTip("Background enclosed by an object becomes object")
        self.separate = QCheckBox("Separate touching")
        self.separate.setToolTip("Cut touching objects apart at their necks (watershed)")
        self._is_chosen = False  # by the user: to separate or not
        self._block: int | None = None
        self._lay_out()
        self._listen()
        self._show_defaults()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(em(self, 0.25))
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Method", self.method)
        form.addRow("Objects are", self.objects)
        form.addRow("Smoothing", self.smoothing)
        form.addRow("Smallest", self.smallest)
        form.addRow("Largest", self.largest)
        switches = in_row(self.fill_holes, self.separate, stretch=True)
        switches.setSpacing(em(self, 1))
        form.addRow(switches)

    def _listen(self) -> None:
        self.method.currentIndexChanged.connect(self._tell)
        self.objects.currentIndexChanged.connect(self._tell)
        for number in (self.smoothing, self.smallest, self.largest):
            number.valueChanged.connect(self._tell)
        self.fill_holes.toggled.connect(self._tell)
        self.separate.clicked.connect(self._choose_to_separate)

    def _show_defaults(self) -> None:
        """As `FirstMaskSettings()`, which would import scikit-image before the first paint."""
        with QSignalBlocker(self):
            self.smoothing.setValue(1.0)
            self.smallest.setValue(16)
            self.fill_holes.setChecked(True)

    def settings(self) -> FirstMaskSettings:
        """Return what the fields say.

        Returns
        -------
        FirstMaskSettings
            Checked.

        Raises
        ------
        InputError
            When the largest size is below the smallest.
        """
        from napari_segloop.core.firstmasks import FirstMaskSettings  # noqa: PLC0415  # slow import

        return FirstMaskSettings(
            method=self.method.currentData(),
            objects=self.objects.currentData(),
            smoothing=self.smoothing.value(),
            fill_holes=self.fill_holes.isChecked(),
            smallest=self.smallest.value(),
            largest=self.largest.value() or None,
            separate=self.separate.isChecked(),
            block=self._block,
        )

    def show_settings(self, settings: FirstMaskSettings) -> None:
        """Fill the fields, without telling anyone.

        Parameters
        ----------
        settings : FirstMaskSettings
            What they shall say.
        """
        with QSignalBlocker(self):
            self._block = settings.block
            self.method.setCurrentIndex(self.method.findData(settings.method))
            self.objects.setCurrentIndex(self.objects.findData(settings.objects))
            self.smoothing.setValue(settings.smoothing)
            self.smallest.setValue(settings.smallest)
            self.largest.setValue(settings.largest or 0)
            self.fill_holes.setChecked(settings.fill_holes)
            self.separate.setChecked(settings.separate)

    def show_task(self, *, objects: bool) -> None:
        """Offer to separate objects where single ones are looked for; at first they are.

        Parameters
        ----------
        objects : bool
            Whether they are.
        """
        self.separate.setVisible(objects)
        if not (objects and self._is_chosen):
            self._is_chosen = False
            self.separate.setChecked(objects)

    def _choose_to_separate(self) -> None:
        self._is_chosen = True
        self.edited.emit()

    def _tell(self, *_value: object) -> None:
        self.edited.emit()


def _choice(words: Mapping[str, str], tooltip: str) -> QComboBox:
    box = QComboBox()
    for value, text in words.items():
        box.addItem(text, value)
    box.setToolTip(tooltip)
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _size(tooltip: str, none: str = "") -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, _LARGEST)
    box.setGroupSeparatorShown(True)
    box.setSuffix(" px")
    box.setSpecialValueText(none)
    box.setToolTip(tooltip)
    return box
