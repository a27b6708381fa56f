"""A part of the dock: it draws what it is told of the state and hands on what the user wants.

Holds the session and nothing of its own; where a refusal is shown it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_segloop.core.errors import SegLoopError
from napari_segloop.session.state import Told
from napari_segloop.widgets.theme import em

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState

P = ParamSpec("P")
R = TypeVar("R")


class Part(QWidget):
    """Base of what stands in the dock.

    Parameters
    ----------
    session : LoopSession
        Asked to do things.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    draws : frozenset of str
        Names of the parts of the state that it shows.
    refused : Signal
        Emits a `Told` when the session refused something.
    summarised : Signal
        Emits a few words for the header of its section.
    """

    draws: ClassVar[frozenset[str]] = frozenset()
    refused = Signal(object)
    summarised = Signal(str)

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session

    def draw(self, state: LoopState) -> None:
        """Show a state.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """

    def ask(self, action: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Have the session do something; a refusal is told, not raised.

        Parameters
        ----------
        action : callable
            A method of the session.
        *args, **kwargs : object
            For the action.

        Returns
        -------
        object
            What the action returns; None when it was refused.
        """
        try:
            return action(*args, **kwargs)
        except SegLoopError as error:
            self.refused.emit(Told.of(error))
            return None


def button(text: str, tooltip: str, action: Callable[[], object], name: str = "") -> QPushButton:
    """Make a push button.

    Parameters
    ----------
    text : str
        What it says.
    tooltip : str
        What it does.
    action : callable
        Called when it is clicked.
    name : str
        For screen readers; the text when empty.

    Returns
    -------
    QPushButton
        Ready to be laid out.
    """
    made = QPushButton(text)
    made.setToolTip(tooltip)
    made.setAccessibleName(name or text)
    made.setAutoDefault(False)
    made.clicked.connect(lambda _checked=False: action())
    return made


def prose(text: str = "") -> QLabel:
    """Make a label for sentences: wrapped, and never wider than the dock.

    Parameters
    ----------
    text : str
        The sentences.

    Returns
    -------
    QLabel
        Ready to be laid out.
    """
    label = QLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    return label


def in_row(*widgets: QWidget, stretch: bool = False) -> QHBoxLayout:
    """Lay widgets out side by side.

    Parameters
    ----------
    *widgets : QWidget
        From the left.
    stretch : bool
        Whether free room stays at the right.

    Returns
    -------
    QHBoxLayout
        Without margins.
    """
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        row.addWidget(widget)
    if stretch:
        row.addStretch()
    return row


def in_column(owner: QWidget, spacing: float = 0.35) -> QVBoxLayout:
    """Give a widget a layout from top to bottom.

    Parameters
    ----------
    owner : QWidget
        Whose layout.
    spacing : float
        Between its parts, in em.

    Returns
    -------
    QVBoxLayout
        Without margins.
    """
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(em(owner, spacing))
    return column
