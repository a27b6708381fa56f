"""How icechunk is set up: a folder, small manifests, nothing outside, no warning on the screen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import icechunk

if TYPE_CHECKING:
    from pathlib import Path

SPLIT: Final = 16
"""Chunks along rows and columns in one manifest: a save rewrites at most 256 entries an array."""

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
    return icechunk.Repository.create(_place(folder), _settings())


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
    """
    return icechunk.Repository.open(_place(folder), _settings())


def _place(folder: Path) -> icechunk.Storage:
    return icechunk.local_filesystem_storage(str(folder))


def _settings() -> icechunk.RepositoryConfig:
    """Return the settings of every repository; those that lie in one do not count."""
    condition, axis = icechunk.ManifestSplitCondition, icechunk.ManifestSplitDimCondition
    sizes = ((axis.DimensionName("[yx]"), SPLIT), (axis.Any(), 1))
    splitting = icechunk.ManifestSplittingConfig(((condition.AnyArray(), sizes),))
    return icechunk.RepositoryConfig(
        manifest=icechunk.ManifestConfig(splitting=splitting), virtual_chunk_containers={}
    )
