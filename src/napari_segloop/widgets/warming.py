"""Imports that the dock needs later, made on a thread while nobody waits for them.

scikit-image's filters take a third of a second, zarr and pyqtgraph a sixth each; in the window's
thread that would be a gap. None of them makes Qt objects when it is imported.
"""

from __future__ import annotations

import importlib
import threading

SLOW = "napari_segloop.files.images", "napari_segloop.core.firstmasks", "pyqtgraph"


def warm_up() -> None:
    """Import what is slow, unless that was done; returns at once."""
    threading.Thread(target=_import, name="segloop warming", daemon=True).start()


def _import() -> None:
    for name in SLOW:
        importlib.import_module(name)
