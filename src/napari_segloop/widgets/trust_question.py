"""Two questions about masks from elsewhere: which parts to trust, and what 0 means.

Gives two words; what follows from them the session knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qtpy.QtWidgets import QButtonGroup, QLabel, QRadioButton, QWidget

from napari_segloop.widgets.part import in_column

if TYPE_CHECKING:
    from collections.abc import Mapping

Trust = Literal["all", "painted", "nothing"]
Zero = Literal["background", "unknown"]
_Words = tuple[str, str]
TRUST: dict[Trust, tuple[str, str]] = {
    "all": ("All of it", "Everything counts as checked by you"),
    "painted": ("What I painted", "Labelled pixels count as checked by you, 0 does not"),
    "nothing": ("Nothing", "They are a start only: to be corrected and checked"),
}
ZERO: dict[Zero, tuple[str, str]] = {
    "background": ("Background", "0 is background, and as sure as the labels"),
    "unknown": ("Not labelled", "0 may be anything: it is not checked"),
}


class TrustQuestion(QWidget):
    """Both questions.

    Parameters
    ----------
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trusts, self.zeros = QButtonGroup(self), QButtonGroup(self)
        self._column = in_column(self, 0.2)
        self._ask("<b>Which parts do you trust?</b>", TRUST, self.trusts)
        self._ask("<b>What does 0 mean?</b>", ZERO, self.zeros)
        self.trusts.buttonToggled.connect(self._enable)
        self.choose("nothing", "background")

    def _ask(
        self,
        question: str,
        answers: Mapping[Trust, _Words] | Mapping[Zero, _Words],
        group: QButtonGroup,
    ) -> None:
        self._column.addWidget(QLabel(question))
        for text, meaning in answers.values():
            made = QRadioButton(f"{text}: {meaning[0].lower()}{meaning[1:]}")
            made.setToolTip(meaning)
            group.addButton(made, len(group.buttons()))
            self._column.addWidget(made)

    @property
    def trust(self) -> Trust:
        """The first answer."""
        return tuple(TRUST)[self.trusts.checkedId()]

    @property
    def zero(self) -> Zero:
        """The second answer; it matters only where all is trusted."""
        return tuple(ZERO)[self.zeros.checkedId()]

    def choose(self, trust: Trust, zero: Zero) -> None:
        """Answer both.

        Parameters
        ----------
        trust : {"all", "painted", "nothing"}
            The first answer.
        zero : {"background", "unknown"}
            The second one.
        """
        self.trusts.buttons()[tuple(TRUST).index(trust)].setChecked(True)
        self.zeros.buttons()[tuple(ZERO).index(zero)].setChecked(True)

    def _enable(self) -> None:
        for made in self.zeros.buttons():
            made.setEnabled(self.trust == "all")
