"""The classes: which there are, in which colour and order, and the one to paint with.

Draws a `ClassTable`; what a change does to pixels is the session's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QMenu, QPushButton, QWidget

from napari_segloop.session.words import TASKS, counted
from napari_segloop.widgets.part import Part, button, in_column, in_row, prose
from napari_segloop.widgets.pictures import swatch
from napari_segloop.widgets.questions import confirm
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import colours_of, em

if TYPE_CHECKING:
    from qtpy.QtGui import QPixmap

    from napari_segloop.core.labelclass import LabelClass
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import LoopState, Task

ADDING = (
    "Background that was checked before a class is added counts as not checked for it until you "
    "brush over it or accept it again."
)
OBJECTS = (
    "Each object has a number of its own, 0 is background. "
    "Press M on the masks layer for the next free number."
)
_COLOUR, _NAME = 0, 1


class ClassesSection(Part):
    """The table of classes with its buttons.

    Parameters
    ----------
    session : LoopSession
        Asked to change classes.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    label_chosen : Signal
        Emits the label value to paint with.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"classes", "task"})
    label_chosen = Signal(int)

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.rows: Rows[LabelClass] = Rows(self._columns(), lambda each: each.value)
        self.table = Table(self.rows, "Classes", stretched=_NAME, lines=(2, 6))
        self.table.hide_titles()
        self.table.setEditTriggers(
            Table.EditTrigger.EditKeyPressed
            | Table.EditTrigger.SelectedClicked
            | Table.EditTrigger.DoubleClicked
        )
        self.table.chosen.connect(self._enable)
        self.table.entered_row.connect(self._choose)
        self.table.doubleClicked.connect(self._recolour_clicked)
        self.sentence = prose()
        self._task: Task | None = None
        self._make_buttons()
        column = in_column(self, 0.3)
        column.addWidget(self.table)
        column.addLayout(in_row(self.add, self.delete, self.merge, self.up, self.down))
        column.addWidget(self.sentence)
        column.addLayout(in_row(self.other_task, stretch=True))
        self._enable()

    def _columns(self) -> tuple[Column[LabelClass], ...]:
        return (
            Column("", lambda _each: "", picture=self._swatch, tooltip=_colour_tip),
            Column("Class", lambda each: each.name, tooltip=_name_tip, edit=self._rename),
            Column("Label", lambda each: f"label {each.value}", tooltip=_name_tip),
        )

    def _make_buttons(self) -> None:
        session = self._session
        self.add = button("Add", f"Add a class. {ADDING}", lambda: self.ask(session.add_class))
        self.delete = button("Delete", "Delete this class (asks first)", self._delete)
        self.merge = QPushButton("Merge into…")
        self.merge.setToolTip("Make this class a part of another one (asks first)")
        self.merge.setMenu(QMenu(self.merge))
        self.up = button("▲", "One up in the list", lambda: self._move(-1), "Move class up")
        self.down = button("▼", "One down in the list", lambda: self._move(1), "Move class down")
        self.other_task = button(
            "", "Answer the first question anew (asks first)", self._change_task
        )
        for narrow in (self.up, self.down):
            narrow.setFixedWidth(em(self, 1.9))

    def draw(self, state: LoopState) -> None:
        """Show the classes.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        classes = () if state.classes is None else state.classes.classes
        self.rows.set_rows(classes)
        self._task, is_objects = state.task, state.task == "objects"
        self.other_task.setText("Find kinds of area…" if is_objects else "Find single objects…")
        self.sentence.setText(OBJECTS if is_objects else ADDING)
        self.add.setEnabled(not is_objects)
        self.summarised.emit(
            "single objects" if is_objects else counted(len(classes), "class", "classes")
        )
        self._enable()

    @property
    def selected(self) -> LabelClass | None:
        """The class whose row is selected."""
        places = self.table.selected_rows()
        return self.rows.rows[places[0]] if places else None

    def _enable(self) -> None:
        selected, classes = self.selected, self.rows.rows
        place = classes.index(selected) if selected in classes else -1
        several = selected is not None and len(classes) > 1
        self.delete.setEnabled(several)
        self.merge.setEnabled(several)
        self.up.setEnabled(place > 0)
        self.down.setEnabled(0 <= place < len(classes) - 1)
        self._fill_menu(selected)

    def _fill_menu(self, selected: LabelClass | None) -> None:
        menu = self.merge.menu()
        if menu is None:
            return
        menu.clear()
        for other in self.rows.rows:
            if other is not selected and (entry := menu.addAction(other.name)) is not None:
                entry.triggered.connect(lambda _checked=False, into=other: self._merge(into))

    def _choose(self, place: int) -> None:
        self.label_chosen.emit(self.rows.rows[place].value)

    def _rename(self, each: LabelClass, name: str) -> None:
        self.ask(self._session.rename_class, each.value, name)

    def _recolour_clicked(self) -> None:
        index = self.table.currentIndex()
        if index.column() != _COLOUR or self.selected is None:
            return
        chosen = QColorDialog.getColor(QColor(self.selected.colour), self, "Colour of the class")
        if chosen.isValid():
            self.ask(self._session.recolour_class, self.selected.value, chosen.name())

    def _move(self, step: int) -> None:
        if (selected := self.selected) is not None:
            place = self.rows.rows.index(selected) + step
            self.ask(self._session.move_class, selected.value, place)

    def _delete(self) -> None:
        if (selected := self.selected) is None:
            return
        consequence = (
            f"Everything that is labelled {selected.name}, in all images, becomes background that "
            "is not checked. This cannot be undone."
        )
        if confirm(self, f"Delete the class {selected.name}?", consequence, "Delete"):
            self.ask(self._session.delete_class, selected.value)

    def _merge(self, into: LabelClass) -> None:
        if (selected := self.selected) is None:
            return
        consequence = (
            f"Everything that is labelled {selected.name}, in all images, becomes {into.name}; "
            "what is checked stays checked. This cannot be undone."
        )
        if confirm(self, f"Merge {selected.name} into {into.name}?", consequence, "Merge"):
            self.ask(self._session.merge_class, selected.value, into.value)

    def _change_task(self) -> None:
        other: Task = "classes" if self._task == "objects" else "objects"
        consequence = (
            "Labels mean something else then: all masks of this project, and what was checked in "
            "them, are dropped. This cannot be undone."
        )
        if confirm(self, f"Look for {TASKS[other]} instead?", consequence, "Drop and change"):
            self.ask(self._session.answer_task, other)

    def _swatch(self, each: LabelClass) -> QPixmap:
        return swatch(each.colour, em(self, 0.95), colours_of(self))


def _colour_tip(each: LabelClass) -> str:
    return f"{each.colour}; double-click to choose another colour"


def _name_tip(each: LabelClass) -> str:
    return f"Click to paint {each.name} (label {each.value}); F2 or double-click to rename"
