"""First masks and images from what is at hand: opens the dialog that a button asks for.

Knows dialogs; which layers are open and how files are read others say and do.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QDialog, QFileDialog, QWidget

from napari_segloop.core.errors import ModelError
from napari_segloop.session.models import check_fit
from napari_segloop.widgets.layer_chooser import ImageChooser, LabelsChooser
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.model_card import ModelCard
from napari_segloop.widgets.pairing_dialog import PairingDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.models import Card
    from napari_segloop.widgets.layer_chooser import LayerOffer

MODELS = "SegLoop models (*.safetensors *.segloop);;All files (*)"


class OtherWays(QObject):
    """Dialogs over the panel.

    Parameters
    ----------
    session : LoopSession
        Asked for cards and models.
    owner : QWidget
        Over which the dialogs open.

    Attributes
    ----------
    images_chosen, labels_chosen, files_chosen : Signal
        Emit an `ImageChoice`, a `LabelsChoice`, a `MaskFiles`.
    image_layers, labels_layers : callable
        Return the `LayerOffer` of what is open; set by whoever knows the viewer.
    """

    images_chosen = Signal(object)
    labels_chosen = Signal(object)
    files_chosen = Signal(object)

    def __init__(self, session: LoopSession, owner: QWidget) -> None:
        super().__init__(owner)
        self._session, self._owner = session, owner
        self._asked: Path | None = None
        self.image_layers: Callable[[], Sequence[LayerOffer]] = tuple
        self.labels_layers: Callable[[], Sequence[LayerOffer]] = tuple
        self._ear = Ear(self, session.card_read, self._show_soon)

    def choose_images(self) -> None:
        """Let the user choose Image layers."""
        chooser = ImageChooser(self.image_layers(), self._owner)
        if _is_wanted(chooser):
            self.images_chosen.emit(chooser.choice())

    def choose_labels(self) -> None:
        """Let the user choose a Labels layer."""
        chooser = LabelsChooser(self.labels_layers(), self._owner)
        if _is_wanted(chooser):
            self.labels_chosen.emit(chooser.choice())

    def choose_files(self) -> None:
        """Let the user choose mask files."""
        dialog = PairingDialog(self._session.state.images, self._owner)
        if _is_wanted(dialog):
            self.files_chosen.emit(dialog.choice())

    def choose_model(self) -> None:
        """Let the user choose a model file; its card follows."""
        name, _ = QFileDialog.getOpenFileName(self._owner, "Use a model file", "", MODELS)
        if name:
            self._asked = Path(name)
            self._session.card(self._asked)

    def _show_soon(self, card: Card) -> None:
        """Let the clock's turn end first: a dialog within it would stop the clock."""
        QTimer.singleShot(0, partial(self.show_card, card))

    def show_card(self, card: Card) -> None:
        """Show what the model file says, and use it if the user wants.

        Parameters
        ----------
        card : Card
            Of the file that was chosen last.
        """
        path, self._asked = self._asked, None
        if path is None:
            return
        if _is_wanted(ModelCard(path.name, card, self._misfit(card), self._owner)):
            self._session.load_model(path)

    def _misfit(self, card: Card) -> str:
        state = self._session.state
        opened = next((image.id for image in state.images if image.is_open), None)
        channels = None if opened is None else self._session.source(opened).channels
        try:
            check_fit(card.info, state.task, channels)
        except ModelError as error:
            return str(error)
        return ""


def _is_wanted(dialog: QDialog) -> bool:
    answer = dialog.exec()
    dialog.deleteLater()
    return answer == QDialog.DialogCode.Accepted
