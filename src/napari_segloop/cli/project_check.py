"""``segloop project verify``: everything is read and compared, nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.cli.exchange import DOCUMENT
from napari_segloop.cli.project_import import AGAIN, export_faults
from napari_segloop.core.errors import SegLoopError
from napari_segloop.store.manifest import MANIFEST
from napari_segloop.store.project import DamagedProject, Project

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.cli.project import VerifyRequest
    from napari_segloop.cli.report import Reporter


def run(request: VerifyRequest, reporter: Reporter) -> int:
    """Check a project or an export."""
    folder = request.project
    is_export = any((folder / name).is_file() for name in (MANIFEST, DOCUMENT))
    faults = export_faults(folder) if is_export else project_faults(folder, reporter)
    reporter.started = True
    expected, remedy = _WHOLE[is_export]
    for fault in faults:
        reporter.error(SegLoopError(expected, fault, remedy, str(folder)))
    reporter.result(project=folder, kind="export" if is_export else "project", faults=faults)
    if not faults:
        reporter.say(f"{folder}: nothing is wrong.")
    return int(bool(faults))


_REMEDY = "Use another copy of it: segloop project restore --to NEW makes one of what is left."
_WHOLE = {
    False: ("a project that is whole", _REMEDY),
    True: ("an export as it was written", AGAIN),
}


def project_faults(folder: Path, reporter: Reporter) -> list[str]:
    """Say what is wrong with a project.

    Parameters
    ----------
    folder : Path
        The project, or its second copy.
    reporter : Reporter
        Told that the work has begun, when there is a project.

    Returns
    -------
    list of str
        In words; empty when nothing is.

    Raises
    ------
    DamagedProject
        When it does not even open.
    """
    try:
        opened = Project.open(folder, read_only=True)
    except DamagedProject:
        reporter.started = True
        raise
    with opened as project:
        reporter.started = True
        faults = project.annotations.check(deep=True)
        for model in project.models.ids():
            faults += project.models.faults_of(model)
        record = project.annotations.project()
        kept = set(project.models.ids())
        in_use = [v for v in record.versions if v.number == record.current or v.pinned]
        faults += [f"version {v.number}: its file is lost" for v in in_use if v.model not in kept]
    return faults
