"""A real napari window with the real dock, driven from outside: wait, paint, and feel the gaps.

It is free of torch, as the viewer's process must be. What is measured with it is the programs'.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from itertools import pairwise
from math import sin
from typing import TYPE_CHECKING

from napari import Viewer
from qtpy.QtCore import QEvent, QEventLoop, QObject, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.widgets.dock import SegLoopDock

SIZE = 1366, 768  # a small laptop
BEAT = 5  # milliseconds
LOOK = 20  # milliseconds between two looks at a condition
MOVE = 15  # milliseconds between two moves of the mouse
MOVES = 60  # of a stroke
GAP = 0.05  # seconds from which a gap counts
SCREEN = "-screen 0 1600x1000x24"


def on_a_screen(module: str) -> None:
    """Begin again on a virtual screen when there is none.

    Parameters
    ----------
    module : str
        The program, as ``python -m`` takes it.
    """
    os.environ.setdefault("NAPARI_CONFIG", "")  # nobody's settings are read or written
    if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
        program = shutil.which("xvfb-run")
        if program is None:
            sys.exit("There is no screen, and no xvfb-run: install xvfb.")
        os.environ["QT_QPA_PLATFORM"] = "xcb"
        start = [program, "-a", "-s", SCREEN, sys.executable, "-m", module]
        os.execv(program, [*start, *sys.argv[1:]])


def open_viewer(theme: str = "dark") -> Viewer:
    """Open a window of 1366 x 768 pixels.

    Parameters
    ----------
    theme : {"dark", "light"}
        Its colours.

    Returns
    -------
    napari.Viewer
        Shown and painted.
    """
    viewer = Viewer(show=False)
    viewer.theme = theme
    viewer.window._qt_window.resize(*SIZE)  # noqa: SLF001  # no other way
    viewer.window._qt_window.show()  # noqa: SLF001
    wait(0.5)
    return viewer


def open_dock(viewer: Viewer) -> SegLoopDock:
    """Open the dock as the menu does.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.

    Returns
    -------
    SegLoopDock
        Shown, perhaps not painted yet.
    """
    dock: SegLoopDock = viewer.window.add_plugin_dock_widget("napari-segloop", "SegLoop")[1]
    return dock


def load() -> float | None:
    """Return the machine's load, averaged over five minutes; None where that is not known."""
    return os.getloadavg()[1] if hasattr(os, "getloadavg") else None


def wait(seconds: float) -> None:
    """Let the window live.

    Parameters
    ----------
    seconds : float
        How long.
    """
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], object], limit: float = 120.0) -> float:
    """Let the window live until something is so.

    Parameters
    ----------
    condition : callable
        Asked every 20 ms.
    limit : float
        Seconds.

    Returns
    -------
    float
        Seconds that it took.

    Raises
    ------
    TimeoutError
        When it did not become so.
    """
    loop, timer, began = QEventLoop(), QTimer(), time.perf_counter()

    def look() -> None:
        if time.perf_counter() - began > limit or condition():
            loop.quit()

    timer.timeout.connect(look)
    timer.start(LOOK)
    loop.exec()
    timer.stop()
    if not condition():
        msg = f"waited for {limit} seconds in vain"
        raise TimeoutError(msg)
    return time.perf_counter() - began


class Paint(QObject):
    """Opens the dock and notices when it is painted first.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    """

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self._at: float | None = None
        self._began = time.perf_counter()
        self._dock = open_dock(viewer)
        self._dock.installEventFilter(self)

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Note the first paint event; Qt's name."""
        if event is not None and event.type() == QEvent.Type.Paint and self._at is None:
            QTimer.singleShot(0, self._note)  # when all its parts are painted
        return False

    def _note(self) -> None:
        if self._at is None:
            self._at = time.perf_counter()

    def wait(self) -> float:
        """Wait for the first paint.

        Returns
        -------
        float
            Seconds since the dock was asked for.
        """
        while self._at is None:
            QApplication.processEvents()
        return self._at - self._began


class Heart:
    """Beats every 5 ms in the window's thread; what does not let it beat is a gap."""

    def __init__(self) -> None:
        self.beats = [time.perf_counter()]
        self._cpu = time.process_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(lambda: self.beats.append(time.perf_counter()))
        self._timer.start(BEAT)

    def stop(self) -> dict[str, float]:
        """Stop beating.

        Returns
        -------
        dict of str to float
            ``seconds``, ``share`` of them in gaps over 50 ms in per cent, and the ``longest`` gap
            in milliseconds; ``cpu`` is the share of one processor that the process used.
        """
        self._timer.stop()
        self.beats.append(time.perf_counter())
        gaps = [later - sooner for sooner, later in pairwise(self.beats)]
        seconds = self.beats[-1] - self.beats[0]
        share = 100 * sum(gap for gap in gaps if gap > GAP) / seconds
        cpu = 100 * (time.process_time() - self._cpu) / seconds
        return {"seconds": seconds, "share": share, "longest": 1000 * max(gaps), "cpu": cpu}


class Hand:
    """Draws strokes on the canvas with the mouse, one move every 15 ms, until it is stopped.

    Parameters
    ----------
    viewer : napari.Viewer
        Its active layer is painted.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._canvas = viewer.window._qt_viewer.canvas.native  # noqa: SLF001  # no other way
        self._moves = 0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)
        self._timer.start(MOVE)

    def stop(self) -> None:
        """Lift the mouse."""
        self._timer.stop()
        if self._moves % MOVES:
            self._send(QEvent.Type.MouseButtonRelease)

    def _move(self) -> None:
        at = self._moves % MOVES
        first, last = at == 0, at == MOVES - 1
        press, release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease
        self._send(press if first else release if last else QEvent.Type.MouseMove)
        self._moves += 1

    def _send(self, kind: QEvent.Type) -> None:
        stroke, at = divmod(self._moves, MOVES)
        wide, high = self._canvas.width(), self._canvas.height()
        x = wide * (0.25 + 0.5 * at / MOVES)
        y = high * (0.3 + 0.4 * ((stroke * 0.37) % 1)) + 0.04 * high * sin(at / 5)
        point = QPointF(x, y)
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        pressed = none if kind == QEvent.Type.MouseButtonRelease else left
        button = none if kind == QEvent.Type.MouseMove else left
        where = QPointF(self._canvas.mapToGlobal(point))
        keys = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(self._canvas, QMouseEvent(kind, point, where, button, pressed, keys))
