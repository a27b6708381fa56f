"""The project that the demo leaves: as if its made-up user had sat in the viewer.

One snapshot with what each training was taught, one with what it predicted, and both versions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.cli.project_training import described
from napari_segloop.core.checkstate import Kind
from napari_segloop.core.classes import ClassTable
from napari_segloop.core.labelclass import COLOURS, LabelClass
from napari_segloop.core.modelfile import model_bytes
from napari_segloop.samples.settings import CLASS_NAMES
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.identity import identify
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.project import Project
from napari_segloop.store.recent import ENDING, new_name
from napari_segloop.store.records import ImageRecord, OfferedRegion, ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_segloop.cli.demo_state import DemoResult, Desk, View
    from napari_segloop.core.images import Labels
    from napari_segloop.core.trainresult import TrainResult

NAME: Final = "demo"


def write_project(result: DemoResult, folder: Path, images: Path) -> tuple[Path, dict[str, str]]:
    """Leave the loop as a project.

    Parameters
    ----------
    result : DemoResult
        What the loop left.
    folder : Path
        Exists; a project that lies there already stays.
    images : Path
        Where the images were written.

    Returns
    -------
    folder : Path
        The project.
    origin : dict of str to str
        By which model and which annotations the masks were made.
    """
    name = new_name(folder, NAME)
    with Project.create(folder / f"{name}{ENDING}", name) as project:
        work = _Demo(project, result, images)
        snapshot = work.write()
        origin = {"project": project.id, "snapshot": snapshot, "model": result.model.id}
    return project.folder, origin


class _Demo:
    """Writes one round after the other.

    Parameters
    ----------
    project : Project
        New.
    result : DemoResult
        What the loop left.
    images : Path
        Where the images were written.
    """

    def __init__(self, project: Project, result: DemoResult, images: Path) -> None:
        self._project, self._result = project, result
        self._desks = (*result.taught, *result.kept)
        classes = tuple(
            LabelClass(value, CLASS_NAMES[value], COLOURS[value - 1])
            for value in range(1, len(CLASS_NAMES))
        )
        table = ClassTable(classes).to_dict()
        numbers = tuple(range(1, len(self._desks) + 1))
        self._record = ProjectRecord("classes", table, numbers, len(numbers) + 1)
        self._images = [
            ImageRecord(n, identify(FileSource(images / f"{desk.name}.tif")), planes=((),))
            for n, desk in zip(numbers, self._desks, strict=True)
        ]

    def write(self) -> str:
        """Write all rounds; the newest snapshot."""
        self._save([views[0].labels for views in self._views()], 0, "First masks")
        newest = ""
        for number, training in enumerate(self._result.trainings, start=1):
            taught = [
                np.where(views[number].checked == 1, views[number].labels, views[number - 1].labels)
                for views in self._views()
            ]
            snapshot = self._save(taught, number, f"Checked for version {number}")
            self._add(training, number, snapshot)
            labels = [views[number].labels for views in self._views()]
            newest = self._save(labels, number, f"Version {number} predicted", unsure=True)
        return newest

    def _views(self) -> Iterator[Sequence[View]]:
        return (self._result.views[desk.name] for desk in self._desks)

    def _add(self, training: TrainResult, number: int, snapshot: str) -> None:
        model = training.candidate or training.model
        self._project.models.put(model.id, model_bytes(model))
        version = described(training, number, number - 1 or None, snapshot, "segloop demo")
        current = number if training.accepted else self._record.current
        versions = (*self._record.versions, version)
        self._record = replace(self._record, versions=versions, current=current)

    def _save(
        self, labels: Sequence[Labels], number: int, message: str, *, unsure: bool = False
    ) -> str:
        """Save a round: what every image shows, what is checked, what was offered."""
        views = [each[number] for each in self._views()]
        chunks = [
            chunk
            for image, desk, plane, view in zip(
                self._images, self._desks, labels, views, strict=True
            )
            for chunk in _chunks(image.number, desk, plane, view, unsure=unsure)
        ]
        if unsure:
            self._images = [
                self._offered(image, view, number)
                for image, view in zip(self._images, views, strict=True)
            ]
        save = Save(self._record, tuple(self._images), tuple(chunks))
        pixels = sum(int(np.count_nonzero(view.checked == 1)) for view in views)
        counts = {"images": len(self._images), "checked_pixels": pixels}
        current = self._record.current
        return self._project.annotations.save(save, message, "round", counts, current).id

    def _offered(self, image: ImageRecord, view: View, number: int) -> ImageRecord:
        model = self._result.trainings[number - 1].model.id
        new = tuple(
            OfferedRegion(
                r.y, r.x, r.height, r.width, (), r.score, r.expected_error, r.reason, model=model,
                state="accepted",
            )
            for r in view.regions
        )  # fmt: skip
        status = "checked" if view.checked.any() else "predicted"
        predicted = {"": number}
        return replace(image, status=status, predicted=predicted, offered=(*image.offered, *new))


def _chunks(
    image: int, desk: Desk, labels: Labels, view: View, *, unsure: bool
) -> Iterator[PlaneChunk]:
    rows, columns = labels.shape
    kind = np.where(view.checked == 1, np.uint8(Kind.ACCEPTED), np.uint8(0))
    for y in range(0, rows, CHUNK):
        for x in range(0, columns, CHUNK):
            part = slice(y, y + CHUNK), slice(x, x + CHUNK)
            yield PlaneChunk(
                image, (), y, x, labels=labels[part], prediction=labels[part],
                checked=view.checked[part], kind=kind[part], epoch=np.zeros_like(kind[part]),
                uncertainty=view.uncertainty[part] if unsure else None,
                content=desk.image[None][(slice(None), *part)],
            )  # fmt: skip
