"""Predicting: the view, this plane, the whole stack, all images, each with its cost.

Asks the session for costs and starts; what is predicted it does not know.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QLabel, QPushButton, QWidget
from superqt.utils import qthrottled

from napari_segloop.widgets.part import Part, button, in_column, prose

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

Scope = Literal["view", "plane", "stack", "all"]
SCOPES: dict[Scope, tuple[str, str]] = {
    "view": ("The view", "What you see, from its middle outwards"),
    "plane": ("This plane", "The plane that you see, the view first"),
    "stack": ("Whole stack", "All planes of the open image"),
    "all": ("All images", "All planes of all images of the list that are not excluded"),
}
PLANES = "The network works plane by plane: it does not see the planes above and below."
NO_MODEL = "Train first, or use a model file: there is no version to predict with."
COSTED_EVERY = 500  # ms


class PredictSection(Part):
    """One row for each scope: button and cost.

    Parameters
    ----------
    session : LoopSession
        Asked for costs and to predict.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    uncertainty_wanted : Signal
        Emits whether the uncertainty shall be seen.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"images", "versions", "jobs", "primary"})
    uncertainty_wanted = Signal(bool)

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.buttons: dict[Scope, QPushButton] = {}
        self.costs: dict[Scope, QLabel] = {}
        self.hint = prose()
        self.uncertainty = QCheckBox("Show uncertainty")
        self.uncertainty.setToolTip("The probability that a pixel's label is wrong, as a map")
        self.uncertainty.setChecked(True)
        self.uncertainty.toggled.connect(self.uncertainty_wanted)
        self.save = button(
            "Save masks of all images…",
            "Writes two folders, masks and checked, as segloop train reads them",
            self._save,
        )
        self._cost_soon = qthrottled(self._show_costs, timeout=COSTED_EVERY, parent=self)
        self._lay_out()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for row, (scope, (text, tip)) in enumerate(SCOPES.items()):
            made = button(text, tip, partial(self._predict, scope), f"Predict: {text}")
            self.buttons[scope], self.costs[scope] = made, QLabel()
            grid.addWidget(made, row, 0)
            grid.addWidget(self.costs[scope], row, 1)
        column = in_column(self, 0.3)
        column.addWidget(self.hint)
        column.addLayout(grid)
        column.addWidget(self.uncertainty)
        column.addWidget(self.save)

    def draw(self, state: LoopState) -> None:
        """Show what can be predicted.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        has_model = state.version is not None
        is_open = any(image.is_open for image in state.images)
        for scope, made in self.buttons.items():
            made.setEnabled(has_model and (is_open or (scope == "all" and bool(state.images))))
        self.save.setEnabled(any(i.status in {"predicted", "checked"} for i in state.images))
        self.hint.setText(PLANES if has_model else NO_MODEL)
        self.summarised.emit(f"with version {state.version}" if has_model else "")
        if self.isVisible():
            self._cost_soon()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Ask for the costs when they are seen.

        Parameters
        ----------
        event : QShowEvent
            It is shown.
        """
        super().showEvent(event)
        self._cost_soon()

    def _show_costs(self) -> None:
        has_model = self._session.state.version is not None
        for scope, label in self.costs.items():
            cost = self.ask(self._session.predict_cost, scope) if has_model else ""
            label.setText((cost or "").removeprefix("the view").removeprefix(", "))

    def _save(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Save masks in this folder")
        if name:
            self.ask(self._session.save_masks, Path(name))

    def _predict(self, scope: Scope) -> None:
        self.ask(self._session.predict, scope)
