"""First masks: by threshold with a live preview, or from what is at hand.

Knows settings and buttons; the visible plane, layers and files are others' business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QWidget
from superqt.utils import qdebounced

from napari_segloop.core.errors import InputError
from napari_segloop.session.state import Told
from napari_segloop.widgets.first_mask_form import FirstMaskForm
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.part import Part, button, in_column, in_row

if TYPE_CHECKING:
    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.engine.requests import FirstMaskAnswer
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

PREVIEWED_AFTER = 150  # ms without another change


class FirstMasksSection(Part):
    """The form, the preview, and the other ways.

    Parameters
    ----------
    session : LoopSession
        Asked to make first masks.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    preview_wanted : Signal
        Emits `FirstMaskSettings`, or None for settings that fit the image: whoever knows the
        visible plane passes them to ``session.preview_first_mask``.
    preview_over : Signal
        The preview shall be taken away.
    layer_wanted, files_wanted, model_wanted : Signal
        The user wants masks from a Labels layer, from files, from a model file.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"images", "task", "jobs"})
    preview_wanted = Signal(object)
    preview_over = Signal()
    layer_wanted = Signal()
    files_wanted = Signal()
    model_wanted = Signal()

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._is_edited = False
        self.form = FirstMaskForm()
        self.form.edited.connect(self._edited)
        self.preview = QCheckBox("Live preview")
        self.preview.setToolTip("Show what the settings give on the visible part, as they change")
        self.preview.toggled.connect(self._switch)
        self.choose = button(
            "Choose for me", "Settings that fit the visible part", self._choose_for_me
        )
        self._make_buttons()
        self._preview_soon = qdebounced(self._ask_for_preview, timeout=PREVIEWED_AFTER, parent=self)
        self._ear = Ear(self, session.preview, self._on_preview)
        self._lay_out()

    def _make_buttons(self) -> None:
        self.here = button(
            "Use for this image",
            "First masks for the plane that you see; what is checked is never overwritten",
            lambda: self._make("plane"),
        )
        self.everywhere = button(
            "Use for all images",
            "First masks for all planes of all images; what is checked is never overwritten",
            lambda: self._make("all"),
        )
        self.layer = button(
            "Labels layer…", "Take masks from an open Labels layer", self.layer_wanted.emit
        )
        self.files = button(
            "Mask files…", "Take mask files of another tool, paired by name", self.files_wanted.emit
        )
        self.model = button(
            "Model file…", "Use a saved model; its card is shown first", self.model_wanted.emit
        )

    def _lay_out(self) -> None:
        column = in_column(self, 0.3)
        column.addWidget(self.form)
        column.addLayout(in_row(self.preview, self.choose))
        column.addLayout(in_row(self.here, self.everywhere))
        other = QLabel("Or take them from")
        other.setContentsMargins(0, 4, 0, 0)
        column.addWidget(other)
        column.addLayout(in_row(self.layer, self.files, self.model))

    def draw(self, state: LoopState) -> None:
        """Show what can be done.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.form.show_task(objects=state.task == "objects")
        is_open = any(image.is_open for image in state.images)
        busy = any(job.kind == "first_mask" for job in state.jobs)
        for widget in (self.preview, self.choose, self.layer):
            widget.setEnabled(is_open)
        self.here.setEnabled(is_open and not busy)
        self.everywhere.setEnabled(bool(state.images) and not busy)
        self.files.setEnabled(bool(state.images))
        if not is_open:
            self.preview.setChecked(False)
        bare = sum(image.status == "new" for image in state.images)
        self.summarised.emit(f"{bare} without masks" if bare else "")

    def _edited(self) -> None:
        self._is_edited = True
        if self.preview.isChecked():
            self._preview_soon()

    def _switch(self, is_on: bool) -> None:  # a Qt slot
        if is_on:
            self._ask_for_preview()
        else:
            self.preview_over.emit()

    def _ask_for_preview(self) -> None:
        if self.preview.isChecked():
            settings = self._settings()
            if settings is not None or not self._is_edited:
                self.preview_wanted.emit(settings)

    def _choose_for_me(self) -> None:
        self._is_edited = False
        if self.preview.isChecked():
            self._ask_for_preview()
        else:
            self.preview.setChecked(True)

    def _on_preview(self, answer: FirstMaskAnswer) -> None:
        """Show settings that were chosen for the user."""
        if not self._is_edited:
            self.form.show_settings(answer.settings)

    def _settings(self) -> FirstMaskSettings | None:
        """Return what the form says; None before the user touched it, or when it makes no sense."""
        if not self._is_edited:
            return None
        try:
            return self.form.settings()
        except InputError as error:
            self.refused.emit(Told.of(error))
            return None

    def _make(self, scope: Literal["plane", "all"]) -> None:
        settings = self._settings()
        if settings is None and self._is_edited:
            return
        self.preview.setChecked(False)
        self.ask(self._session.make_first_masks, settings, scope=scope)
