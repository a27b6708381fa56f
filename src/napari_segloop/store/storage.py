"""How icechunk is set up: a folder, small manifests, nothing outside, no warning on the screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import icechunk

from napari_segloop.store.errors import damaged

if TYPE_CHECKING:
    from pathlib import Path

SPLIT: Final = 16
"""Chunks along rows and columns in one manifest: a save rewrites at most 256 entries an array."""

SETTINGS: Final = "config.yaml"
LARGEST_FILE: Final = 1 << 27
"""Bytes of what says where things are; a thousand images take a few megabytes."""

if "ICECHUNK_LOG" not in os.environ:
    # On every opening it warns of two writers; `napari_segloop.store.locking` sees to that.
    icechunk.set_logs_filter("error")


def create(folder: Path) -> icechunk.Repository:
    """Make an empty repository.

    Parameters
    ----------
    folder : Path
        Made by this.

    Returns
    -------
    icechunk.Repository
        Opened.
    """
    icechunk.Repository.create(_place(folder))  # would keep settings that it is given
    return reopen(folder)


def reopen(folder: Path) -> icechunk.Repository:
    """Open a repository as it now lies on the disk.

    Parameters
    ----------
    folder : Path
        Of the repository.

    Returns
    -------
    icechunk.Repository
        With nothing in memory of what it was before.

    Raises
    ------
    StoreError
        When it brings settings of its own, which could ask for any memory or lead outside, or a
        file that is too large to be one of ours.
    """
    if (folder / SETTINGS).exists():
        raise damaged("annotations without settings of their own", SETTINGS, str(folder))
    for path in (*(folder / "refs").rglob("*.json"), *(folder / "snapshots").glob("*")):
        if path.stat().st_size > LARGEST_FILE:  # it would be read as a whole
            raise damaged(f"files of at most {LARGEST_FILE} bytes", "a larger one", str(path))
    return icechunk.Repository.open(_place(folder), _settings())


def _place(folder: Path) -> icechunk.Storage:
    return icechunk.local_filesystem_storage(str(folder))


def _settings() -> icechunk.RepositoryConfig:
    """Return the settings of every repository: no chunk outside of it, no list before it is asked.

    Reading thousands of lists ahead at the beginning of each session would take up to 100 ms.
    """
    condition, axis = icechunk.ManifestSplitCondition, icechunk.ManifestSplitDimCondition
    sizes = ((axis.DimensionName("[yx]"), SPLIT), (axis.Any(), 1))
    splitting = icechunk.ManifestSplittingConfig(((condition.AnyArray(), sizes),))
    ahead = icechunk.ManifestPreloadConfig(0, icechunk.ManifestPreloadCondition.false())
    manifest = icechunk.ManifestConfig(preload=ahead, splitting=splitting)
    return icechunk.RepositoryConfig(manifest=manifest, virtual_chunk_containers={})
