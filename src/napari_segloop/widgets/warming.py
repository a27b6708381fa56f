"""Imports that the dock needs later, made on a thread while nobody waits for them.

scikit-image's filters take a third of a second, pyqtgraph a seventh; in the window's thread that
would be a gap. Neither makes Qt objects when it is imported.
"""

from __future__ import annotations

import importlib
import threading

SLOW = "napari_segloop.core.firstmasks", "pyqtgraph"


def warm_up() -> None:
    """Import what is slow, unless that was done; returns at once."""
    threading.Thread(target=_import, name="segloop warming", daemon=True).start()


def _import() -> None:
    for name in SLOW:
        importlib.import_module(name)
