"""One viewer's loop: its session, the image that is open in it, the clock, and who listens.

A viewer has one stage, however many docks show it. The stage opens and closes images as the
session says, passes pixels both ways, and ends with the viewer. What the dock draws is the panel's
business.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import platformdirs
from qtpy.QtCore import QObject, QTimer, Signal

from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.workboxes import LARGEST_COPY
from napari_segloop.engine.client import Engine
from napari_segloop.session.loop import LoopSession
from napari_segloop.session.projecting import beginning
from napari_segloop.store.recent import default_folder
from napari_segloop.widgets.closing import Closing
from napari_segloop.widgets.keys import KeyActions, LoopKeys
from napari_segloop.widgets.opened import Opened
from napari_segloop.widgets.preferences import Preferences, read_preferences
from napari_segloop.widgets.preview import Preview
from napari_segloop.widgets.sources import unwrapped
from napari_segloop.widgets.view import View

if TYPE_CHECKING:
    from pathlib import Path

    from napari import Viewer

    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.session.desk import Write
    from napari_segloop.session.sources import ImageSource

TURN = 30  # milliseconds
_stages = dict["Viewer", "Stage"]()
"""Of the viewers that are open; a stage takes itself out when it ends."""


class Stage(QObject):
    """The loop of one viewer.

    Parameters
    ----------
    viewer : napari.Viewer
        Where images are shown.
    session : LoopSession
        The loop.
    wishes : Preferences, optional
        What the user set.
    largest : int
        Bytes of masks that may be edited; more can only be looked at.

    Attributes
    ----------
    brush_changed : Signal
        Emits what the brush in hand paints into ``checked``; None when it is another tool.
    """

    brush_changed = Signal(object)

    def __init__(
        self,
        viewer: Viewer,
        session: LoopSession,
        wishes: Preferences | None = None,
        largest: int = LARGEST_COPY,
    ) -> None:
        super().__init__()
        self._largest = largest
        self.viewer, self.session = viewer, session
        self.wishes = wishes or Preferences()
        self.opened: Opened | None = None
        self._left: tuple[ImageSource, View] | None = None  # what was shown last, and how
        self.preview = Preview(viewer, session)
        self._shows_uncertainty = True
        self._brush_in_hand: int | None = None
        window = viewer.window._qt_window  # noqa: SLF001  # the only way to keys and the end
        self._keys = LoopKeys(window, self._actions(), self.wishes.keys)
        self._closing = Closing(window, self.close)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._turn)
        session.opening.connect(self._open)
        session.written.connect(self._write)
        session.looking.connect(self._look)
        session.covering.connect(self._look)
        session.changed.connect(self._on_changed)
        session.preview.connect(self.preview.show_answer)
        self._timer.start(TURN)
        QTimer.singleShot(0, session.start)

    def close(self) -> None:
        """End the clock, let go of layers, end the engine; doing it twice does no harm."""
        _stages.pop(self.viewer, None)
        self._timer.stop()
        self._keys.close()
        self._leave()
        self.session.opening.disconnect(self._open)  # nothing is opened while it closes
        self.session.close()

    def choose_label(self, value: int) -> None:
        """Paint with a class.

        Parameters
        ----------
        value : int
            Its label value.
        """
        if self.opened is not None:
            self.opened.choose_label(value)

    def take_brush(self, value: int | None) -> None:
        """Take a brush of the checked layer, or go back to the masks.

        Parameters
        ----------
        value : int or None
            What it paints, 0 to 3; None to go back.
        """
        if self.opened is not None and (brush := self.opened.brush) is not None:
            brush.put_away() if value is None else brush.take(value)

    def show_uncertainty(self, is_shown: bool) -> None:  # a Qt slot
        """Show or hide how unsure the network was.

        Parameters
        ----------
        is_shown : bool
            Which of the two.
        """
        self._shows_uncertainty = is_shown
        if self.opened is not None:
            self.opened.show_uncertainty(is_shown)

    def ask_for_preview(self, settings: FirstMaskSettings | None) -> None:
        """Show what settings of the first masks give on the visible part.

        Parameters
        ----------
        settings : FirstMaskSettings or None
            Suggested when None.
        """
        if self.opened is not None and self.session.view is not None:
            self.preview.ask(self.opened, self.session.view, settings)

    def _actions(self) -> KeyActions:
        session = self.session
        return KeyActions(
            accept=session.accept,
            cant_tell=session.cant_tell,
            later=session.later,
            back=session.back,
            brush=self._brush,
            peek=self._peek,
            is_checking=lambda: session.queue.at is not None,
            is_open=lambda: self.opened is not None and self.opened.is_alive,
        )

    def _brush(self) -> None:
        if self.opened is not None and (brush := self.opened.brush) is not None:
            brush.toggle()

    def _peek(self, is_on: bool) -> None:  # two states
        if self.opened is not None:
            self.opened.peek(is_on)

    def _turn(self) -> None:
        """Look at the layers first, so that no prediction covers a stroke that nobody has seen."""
        if self.opened is not None:
            self.opened.tick()
            if self.opened.is_alive and (seen := self.opened.seen()) is not None:
                self.session.set_view(*seen)
        self._tell_of_brush()
        self.session.pump()

    def _tell_of_brush(self) -> None:
        brush = None if self.opened is None else self.opened.brush
        value = None if brush is None else brush.value
        if value != self._brush_in_hand:
            self._brush_in_hand = value
            self.brush_changed.emit(value)

    def _open(self, image: int | None) -> None:
        self._leave()
        if image is None:
            return
        try:
            self.opened = Opened(self.viewer, self.session, image, self._ended, self._largest)
        except SegLoopError as error:
            self.session.desk.tell(error)
            self.session.left()
            return
        source = self.session.source(image)
        if self._left is not None and self._left[0] is source:  # as when a snapshot is restored
            self._left[1].take_up(self.viewer)
        if not self.opened.is_alive:
            self.session.view = None
        self.opened.show_uncertainty(self._shows_uncertainty)
        self.opened.go(self.session.queue.here)

    def _leave(self) -> None:
        self.preview.hide()
        if self.opened is not None:
            self._left = self.opened.source, View.of(self.viewer)
            self.opened.close()
            self.opened = None

    def _ended(self, text: str) -> None:
        """Go on without the image whose layers are gone."""
        self.session.desk.tell(text, "warning")
        self.session.left()

    def _write(self, write: Write) -> None:
        if self.opened is not None:
            self.opened.apply(write)

    def _look(self, image: int, index: tuple[int, ...] | None) -> None:
        if self.opened is not None and self.opened.image == image:
            self.opened.look(index)

    def _on_changed(self, part: str) -> None:
        if self.opened is not None and part == "classes":
            self.opened.colour(self.session.state.classes)
        if self.opened is not None and part == "queue":
            self.opened.go(self.session.state.queue.here)


def stage_of(viewer: Viewer) -> Stage:
    """Return the stage of a viewer; it is made when it is asked for the first time.

    Parameters
    ----------
    viewer : napari.Viewer
        Bare or wrapped.

    Returns
    -------
    Stage
        The one and only of this viewer.
    """
    bare = unwrapped(viewer)
    if bare not in _stages:
        wishes = read_preferences()
        stage = Stage(bare, new_session(wishes), wishes)
        _stages[bare] = stage
    return _stages[bare]


def new_session(wishes: Preferences) -> LoopSession:
    """Make a session as the preferences say.

    Parameters
    ----------
    wishes : Preferences
        What the user set.

    Returns
    -------
    LoopSession
        Its engine is not started yet.
    """
    engine = Engine(wishes.command, remote=True) if wishes.command else Engine()
    session = LoopSession(_folder(), engine, begin=beginning(default_folder(wishes.projects)))
    session.look_for_recent()
    session.seconds = float(wishes.seconds)
    session.settings = replace(session.settings, author=wishes.author)
    return session


def _folder() -> Path:
    """Return where this session's models are kept, in the user's local data."""
    now = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    return platformdirs.user_data_path("napari-segloop", appauthor=False) / f"{now} {os.getpid()}"
