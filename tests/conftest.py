"""What all tests share: no network, as many threads on every machine, little garbage, one option.

Set before torch or a hub is imported, and inherited by the processes that tests start.
"""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ["HF_HUB_OFFLINE"] = "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, default=30, help="deaths of stores, sessions, copies")


def pytest_collection_finish() -> None:
    """Leave what was imported out of collections: napari makes one for each layer it removes."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """End as every program does."""
    gc.unfreeze()
