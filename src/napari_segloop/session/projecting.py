"""How a project begins by itself, without a question; where, is decided elsewhere."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from napari_segloop.core.errors import OutputError
from napari_segloop.store.recent import ENDING, new_name, note_opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_segloop.store.project import Project


def beginning(folder: Path) -> Callable[[str, str], Project]:
    """Return what makes a project of a name that is free.

    Parameters
    ----------
    folder : Path
        Where projects go; made when it is needed.

    Returns
    -------
    callable
        Of a name and a task; on any thread. Raises StoreError when the folder cannot be written.
    """

    def begin(name: str, task: str) -> Project:
        from napari_segloop.store.project import Project  # noqa: PLC0415  # slow: zarr

        free = new_name(folder, name or "Project")
        project = Project.create(folder / f"{free}{ENDING}", free, task)
        with suppress(OutputError):  # the list of projects is a convenience
            note_opened(project.folder, project.name)
        return project

    return begin
