"""Somebody at the dock with mouse, keys and dialogs, who says what does not come as expected.

The hands are those of the tests of the dock; what is done with them the programs know.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QContextMenuEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QMenu, QPushButton

from napari_segloop.widgets.layer_chooser import ImageChooser
from tests.widgets.real_window import Face

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from napari import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.state import ImageState, Primary

SOON = 200  # milliseconds between two looks for a dialog
LOOKS = 50


class UnexpectedError(Exception):
    """The dock did not do what was expected; the message says what was seen."""


def expect(is_so: object, seen: str) -> None:
    """Go on only if something is so.

    Parameters
    ----------
    is_so : object
        True in a boolean sense.
    seen : str
        What was seen instead.

    Raises
    ------
    UnexpectedError
        When it is not so.
    """
    if not is_so:
        raise UnexpectedError(seen)


class Visitor(Face):
    """Somebody at the dock.

    Parameters
    ----------
    viewer : napari.Viewer
        Whose dock is opened.
    tiny : bool
        Train a tiny network.

    Attributes
    ----------
    faults : list of str
        Errors that nobody caught, since they were last asked for.
    """

    patience = 120.0

    def __init__(self, viewer: Viewer, *, tiny: bool) -> None:
        super().__init__(viewer, tiny=tiny)
        self.faults = list[str]()
        sys.excepthook = self._note_fault

    def _note_fault(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        self.faults.append(f"{kind.__name__}: {error}")
        sys.__excepthook__(kind, error, trace)

    @property
    def images(self) -> tuple[ImageState, ...]:
        """Rows of the list."""
        return self.session.state.images

    @property
    def shown(self) -> Primary:
        """What the primary button says."""
        button = self.panel.next_step.button
        self.until(lambda: not button.is_held)
        return button.shown

    def contents(self) -> tuple[Labels, Bytes]:
        """Return copies of the masks and of what is checked, all planes."""
        return self.masks.data.copy(), self.checked.data.copy()

    def settle(self) -> None:
        """Wait until nothing runs, seen or unseen."""
        self.until(lambda: not [each for each in self.session.errands if not each.is_over])
        self.turn(5)

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add files with the primary button.

        Parameters
        ----------
        paths : sequence of Path
            What is chosen in the dialog.
        """
        chosen = [str(path) for path in paths], ""
        with patch.object(QFileDialog, "getOpenFileNames", lambda *_: chosen):
            self.primary()
        self.until(lambda: len(self.images) == len(paths))
        self.until(lambda: all(image.planes for image in self.images))

    def add_layers(self, paths: Sequence[Path], channel_axis: int) -> None:
        """Open files in napari and add each layer with the dialog.

        Parameters
        ----------
        paths : sequence of Path
            Stacks.
        channel_axis : int
            Which of their axes holds channels.
        """
        for number, path in enumerate(paths):
            self.viewer.open(path, plugin="napari")
            asking = _when_open(
                QApplication.activeModalWidget,
                lambda dialog, name=path.stem: _choose(dialog, name, channel_axis),
            )
            self.click(self.button(self.panel.images, "Add open layers…"))
            asking.stop()
            self.until(lambda wanted=number + 1: len(self.images) == wanted)
        self.until(lambda: all(image.planes for image in self.images))

    def button(self, within: QWidget, text: str) -> QPushButton:
        """Return the button with these words.

        Parameters
        ----------
        within : QWidget
            A part of the dock.
        text : str
            On the button.

        Returns
        -------
        QPushButton
            The first one.
        """
        return next(each for each in within.findChildren(QPushButton) if each.text() == text)

    def choose_in_menu(self, row: int, text: str) -> None:
        """Choose something in the menu of an image of the list.

        Parameters
        ----------
        row : int
            From 0.
        text : str
            Of the entry.
        """
        table = self.panel.images.table
        where = self.click_row(table, row, Qt.MouseButton.RightButton)
        asking = _when_open(QApplication.activePopupWidget, lambda menu: _pick(menu, text))
        view = table.viewport()
        reason = QContextMenuEvent.Reason.Mouse
        QApplication.sendEvent(view, QContextMenuEvent(reason, where, view.mapToGlobal(where)))
        asking.stop()
        self.turn()

    def new_label(self) -> int:
        """Take a label that is nowhere: the last class, or with M the next free number.

        Returns
        -------
        int
            What the brush paints now.
        """
        if self.session.task == "classes":
            rows = self.panel.classes.table
            self.unfold("Classes")
            self.click_row(rows, rows.model().rowCount() - 1)
        else:
            self.press(Qt.Key.Key_M)
        return int(self.masks.selected_label)

    def look_at_background(self) -> None:
        """Move the view into the largest part of the plane without labels that is not checked."""
        from scipy.ndimage import distance_transform_edt  # noqa: PLC0415  # slow import

        index = self.stage.opened.link.index
        free: Array = (self.masks.data[index] == 0) & (self.checked.data[index] == 0)
        expect(free.any(), "no background that is not checked")
        inner = distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1]
        place = np.unravel_index(int(inner.argmax()), inner.shape)
        world = self.masks.data_to_world((*index, *map(int, place)))
        self.viewer.camera.center = tuple(world[-2:])
        self.turn()

    @contextmanager
    def holding(self, key: Qt.Key) -> Iterator[None]:
        """Hold a key down over the canvas for a while.

        Parameters
        ----------
        key : Qt.Key
            Which one.
        """
        self.canvas.setFocus()
        QTest.keyPress(self.canvas, key)
        self.turn()
        yield
        QTest.keyRelease(self.canvas, key)
        self.turn()


def _when_open(found: Callable[[], QWidget | None], act: Callable[[QWidget], None]) -> QTimer:
    """Act once on what opens and keeps the caller waiting."""
    timer, looks = QTimer(), list[None]()

    def look() -> None:
        looks.append(None)
        if (widget := found()) is not None:
            timer.stop()
            try:
                act(widget)
            finally:
                widget.close()
        elif len(looks) > LOOKS:
            timer.stop()

    timer.timeout.connect(look)
    timer.start(SOON)
    return timer


def _choose(dialog: QWidget | ImageChooser, name: str, channel_axis: int) -> None:
    if not isinstance(dialog, ImageChooser):
        raise UnexpectedError(f"{type(dialog).__name__} opened")
    rows = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    dialog.list.setCurrentRow(next(at for at, row in enumerate(rows) if row.startswith(name)))
    dialog.axis.setCurrentIndex(dialog.axis.findData(channel_axis))
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    QTest.mouseClick(ok, Qt.MouseButton.LeftButton)


def _pick(menu: QWidget | QMenu, text: str) -> None:
    if not isinstance(menu, QMenu):
        raise UnexpectedError(f"{type(menu).__name__} opened")
    entry = next(each for each in menu.actions() if each.text() == text)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
