"""The plugin's commands in napari's menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
from napari.layers import Image

from napari_segloop.core.errors import SegLoopError
from napari_segloop.widgets.sources import LayerSource
from napari_segloop.widgets.stage import stage_of

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.widgets.dock import SegLoopDock

PLUGIN, DOCK = "napari-segloop", "SegLoop"


def open_dock(viewer: Viewer | None = None) -> None:
    """Open the dock SegLoop, or bring it to the front.

    Parameters
    ----------
    viewer : napari.Viewer, optional
        The current one when not given.
    """
    _dock(viewer)


def open_project(viewer: Viewer | None = None) -> None:
    """Let the user choose a project, and open it in the dock.

    Parameters
    ----------
    viewer : napari.Viewer, optional
        The current one when not given.
    """
    if (dock := _dock(viewer)) is not None:
        dock.panel.saved.project.open_other()


def save_snapshot(viewer: Viewer | None = None) -> None:
    """Keep the project as it is now, with a message.

    Parameters
    ----------
    viewer : napari.Viewer, optional
        The current one when not given.
    """
    if (dock := _dock(viewer)) is not None:
        dock.panel.saved.project.save_snapshot()


def add_selected(viewer: Viewer | None = None) -> None:
    """Add the selected Image layers to the image list, each as an image of its own.

    Parameters
    ----------
    viewer : napari.Viewer, optional
        The current one when not given.
    """
    viewer = viewer or napari.current_viewer()
    if viewer is None:
        return
    open_dock(viewer)
    session = stage_of(viewer).session
    chosen = [layer for layer in viewer.layers if layer in viewer.layers.selection]
    images = [layer for layer in chosen if isinstance(layer, Image)]
    for layer in images:
        try:
            session.add_source(LayerSource([layer], viewer))
        except SegLoopError as error:
            session.desk.tell(error)
    if not images:
        session.desk.tell("Select one or more Image layers first.", "warning")
    session.publish()


def _dock(viewer: Viewer | None) -> SegLoopDock | None:
    viewer = viewer or napari.current_viewer()
    if viewer is None:
        return None
    dock: SegLoopDock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)[1]
    return dock
