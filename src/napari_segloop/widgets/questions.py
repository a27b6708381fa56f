"""Asking before something is done that cannot be undone.

A sentence in, yes or no out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QMessageBox

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


def confirm(parent: QWidget, question: str, consequence: str, yes: str) -> bool:
    """Ask whether to go on.

    Parameters
    ----------
    parent : QWidget
        Over which it is asked.
    question : str
        What will be done.
    consequence : str
        What becomes of the work done so far.
    yes : str
        Text of the button that goes on, a verb.

    Returns
    -------
    bool
        True when the user wants it; Cancel is the default.
    """
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("SegLoop")
    box.setText(question)
    box.setInformativeText(consequence)
    going_on = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.exec()
    answer = box.clickedButton() is going_on
    box.deleteLater()
    return answer
