"""What the primary button does: hands the step on that its text named.

Knows which of the session's methods a step is; the two steps that need a dialog are signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Signal

from napari_segloop.widgets.part import Part, in_column
from napari_segloop.widgets.primary_button import PrimaryButton, same_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import Action, LoopState, Primary


class NextStep(Part):
    """The primary button, bound to the session.

    Parameters
    ----------
    session : LoopSession
        Asked to do the step.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    images_wanted, answer_wanted : Signal
        The step is to add images, or to answer the first question.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"primary"})
    images_wanted = Signal()
    answer_wanted = Signal()

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.button = PrimaryButton()
        self.button.pressed_step.connect(self._do)
        in_column(self).addWidget(self.button)

    def draw(self, state: LoopState) -> None:
        """Show the next step.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self.button.show_step(state.primary)

    def _do(self, step: Primary) -> None:
        if step.action == "add_images":
            self.images_wanted.emit()
        elif step.action == "choose_task":
            self.answer_wanted.emit()
        elif same_words(step, self._session.state.primary):
            self.ask(self._session.press_primary)
        else:
            self.ask(self._outdated(step.action))

    def _outdated(self, action: Action) -> Callable[[], object]:
        """Return what the text on the button says when the session has moved on since."""
        session = self._session
        actions: dict[Action, Callable[[], object]] = {
            "first_masks": session.make_first_masks,
            "next_place": session.start_checking,
            "train": session.train,
            "predict": session.predict_rest,
        }
        return actions.get(action, lambda: None)
