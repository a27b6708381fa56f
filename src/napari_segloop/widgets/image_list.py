"""The images of the project: which there are, in which state, and how others come in.

Draws `ImageState`s; opens no file and knows no layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QAbstractItemView, QFileDialog, QHBoxLayout, QLabel, QMenu, QWidget

from napari_segloop.session.words import counted
from napari_segloop.widgets.area_form import AreaForm
from napari_segloop.widgets.part import Part, button, in_column, in_row
from napari_segloop.widgets.pictures import status_sign
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import colours_of, em
from napari_segloop.widgets.words import STATUS_MEANING, image_tooltip, state_word

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QPoint
    from qtpy.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QPixmap

    from napari_segloop.core.estimate import Estimate
    from napari_segloop.session.loop import LoopSession
    from napari_segloop.session.state import ImageState, LoopState, Status

FILTER = "Images (*.tif *.tiff *.png);;All files (*)"
PART = (
    "A part of the open image becomes an image of its own, in place: for images too large to edit"
)
HINT = "Drop image files or a folder here,\nor use the buttons below."


class ImageTable(Table):
    """The list itself; files can be dropped on it.

    Parameters
    ----------
    rows : Rows
        Of `ImageState`.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    dropped : Signal
        Emits a list of Path.
    """

    dropped = Signal(object)

    def __init__(self, rows: Rows[ImageState], parent: QWidget | None = None) -> None:
        super().__init__(rows, "Images of the project", lines=(2, 6), parent=parent)
        self.hide_titles()
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAcceptDrops(True)
        self.set_hint(HINT)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files.

        Parameters
        ----------
        event : QDragEnterEvent
            What is dragged.
        """
        if event is not None and _paths(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent | None) -> None:
        """Take files everywhere.

        Parameters
        ----------
        event : QDragMoveEvent
            What is dragged.
        """
        if event is not None and _paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Hand the files on.

        Parameters
        ----------
        event : QDropEvent
            What is dropped.
        """
        if event is not None and (paths := _paths(event)):
            event.acceptProposedAction()
            self.dropped.emit(paths)


class ImageListPart(Part):
    """The list with its buttons and its menu.

    Parameters
    ----------
    session : LoopSession
        Asked to add, open, exclude and remove.
    parent : QWidget, optional
        Its parent.

    Attributes
    ----------
    layers_wanted : Signal
        The user wants to add open layers.
    area_wanted : Signal
        The user wants to work on a part of the open image.
    """

    draws: ClassVar[frozenset[str]] = frozenset({"images", "queue", "versions"})
    layers_wanted = Signal()
    area_wanted = Signal()

    def __init__(self, session: LoopSession, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._told = dict[int, "Estimate"]()
        self.rows: Rows[ImageState] = Rows(self._columns(), lambda image: image.id)
        self.table = ImageTable(self.rows)
        self.table.entered_row.connect(self._open)
        self.table.dropped.connect(self._add)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.count = QLabel()
        self.area = AreaForm()
        self.area_button = button("Work area…", PART, self.area_wanted.emit)
        self._signs = dict[tuple["Status", bool], "QPixmap"]()
        self._lay_out()

    def _columns(self) -> tuple[Column[ImageState], ...]:
        return (
            Column("Image", lambda i: i.name, tooltip=self._tip, is_bold=lambda i: i.is_open),
            Column("State", state_word, picture=self._sign, tooltip=self._tip),
        )

    def _tip(self, image: ImageState) -> str:
        return image_tooltip(image, self._told.get(image.id))

    def _lay_out(self) -> None:
        title = QLabel("<b>Images</b>")
        title.setBuddy(self.table)
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch()
        top.addWidget(self.count)
        top.addWidget(self.area_button)
        files = button("Add files…", "Add image files; they are not opened yet", self.add_files)
        folder = button(
            "Add folder…", "Add all images of a folder, or one .zarr folder", self.add_folder
        )
        layers = button(
            "Add open layers…",
            "Add Image layers of this viewer; several can be the channels of one image",
            self.layers_wanted.emit,
        )
        column = in_column(self, 0.3)
        column.addLayout(top)
        column.addWidget(self.table)
        column.addLayout(in_row(files, folder, layers))
        column.addWidget(self.area)

    def draw(self, state: LoopState) -> None:
        """Show the images.

        Parameters
        ----------
        state : LoopState
            As the session has it.
        """
        self._told = dict(state.progress.images)
        self.rows.set_rows(state.images)
        self.count.setText(_counts(state.images))
        self.area_button.setVisible(any(image.is_open for image in state.images))

    def add_files(self) -> None:
        """Let the user choose files, and add them."""
        names, _ = QFileDialog.getOpenFileNames(self, "Add images", "", FILTER)
        self._add([Path(name) for name in names])

    def add_folder(self) -> None:
        """Let the user choose a folder, and add its images."""
        name = QFileDialog.getExistingDirectory(self, "Add a folder of images")
        self._add([Path(name)] if name else [])

    def selected(self) -> list[ImageState]:
        """Return the images that are selected.

        Returns
        -------
        list of ImageState
            From the top.
        """
        return [self.rows.rows[place] for place in self.table.selected_rows()]

    def _add(self, paths: list[Path]) -> None:
        if paths:
            self.ask(self._session.add_files, paths)

    def _open(self, place: int) -> None:
        image = self.rows.rows[place]
        if not image.is_open:
            self.ask(self._session.open, image.id)

    def _show_menu(self, where: QPoint) -> None:
        view = self.table.viewport()
        if self.selected() and view is not None:
            menu = self.menu()
            menu.exec(view.mapToGlobal(where))
            menu.deleteLater()

    def menu(self) -> QMenu:
        """Return what can be done with the selected images.

        Returns
        -------
        QMenu
            Not shown yet.
        """
        images = self.selected()
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        if len(images) == 1:
            self._entry(menu, "Open", lambda: self._open(self.table.selected_rows()[0]))
        if len(images) == 1 and images[0].status == "missing":
            found = self._entry(menu, "Show where it is now…", lambda: self._locate(images[0]))
            found.setToolTip("Another image is not taken for it; what you checked in it is kept")
        if len(images) == 1 and images[0].is_open:
            self._entry(menu, "Work area…", self.area_wanted.emit).setToolTip(PART)
        if any(image.status != "excluded" for image in images):
            entry = self._entry(menu, "Exclude", lambda: self._exclude(images, is_out=True))
            entry.setToolTip(STATUS_MEANING["excluded"])
        if any(image.status == "excluded" for image in images):
            self._entry(menu, "Include again", lambda: self._exclude(images, is_out=False))
        menu.addSeparator()
        removing = self._entry(menu, "Remove from the list", lambda: self._remove(images))
        removing.setToolTip("The file stays where it is")
        return menu

    def _entry(self, menu: QMenu, text: str, action: Callable[[], object]) -> QAction:
        made = QAction(text, self)
        menu.addAction(made)
        made.triggered.connect(lambda _checked=False: action())
        return made

    def _locate(self, image: ImageState) -> None:
        title = f"Where is {image.name} now?"
        if image.where.endswith(".zarr"):
            name = QFileDialog.getExistingDirectory(self, title)
        else:
            name, _ = QFileDialog.getOpenFileName(self, title, "", FILTER)
        if name:
            self.ask(self._session.locate, image.id, Path(name))

    def _exclude(self, images: list[ImageState], *, is_out: bool) -> None:
        for image in images:
            if (image.status == "excluded") != is_out:
                self.ask(self._session.exclude, image.id, is_out)

    def _remove(self, images: list[ImageState]) -> None:
        for image in images:
            self.ask(self._session.remove, image.id)

    def _sign(self, image: ImageState) -> QPixmap:
        colours = colours_of(self)
        key = (image.status, colours.dark)
        if key not in self._signs:
            self._signs[key] = status_sign(image.status, em(self, 0.95), colours)
        return self._signs[key]


def _paths(event: QDropEvent) -> list[Path]:
    data = event.mimeData()
    urls = data.urls() if data is not None else []
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]


def _counts(images: tuple[ImageState, ...]) -> str:
    if not images:
        return ""
    checked = sum(image.status == "checked" for image in images)
    return f"{counted(len(images), 'image')} · {checked} checked"
