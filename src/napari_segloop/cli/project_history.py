"""``segloop project log``, ``backup`` and ``restore``: what was, and how to have it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.cli.project import BackupRequest, LogRequest, RestoreRequest
from napari_segloop.cli.report import table
from napari_segloop.core.comparing import TOO_FEW
from napari_segloop.session.words import counted
from napari_segloop.store.errors import StoreError
from napari_segloop.store.mirror import Mirror
from napari_segloop.store.project import Project
from napari_segloop.store.rescue import recover
from napari_segloop.store.restoring import restore

if TYPE_CHECKING:
    from napari_segloop.cli.report import Reporter
    from napari_segloop.store.annotations import Snapshot
    from napari_segloop.store.records import VersionRecord


def run(request: LogRequest | BackupRequest | RestoreRequest, reporter: Reporter) -> int:
    """Do what is asked."""
    if isinstance(request, LogRequest):
        return tell_history(request, reporter)
    if isinstance(request, BackupRequest):
        return back_up(request, reporter)
    return go_back(request, reporter)


def tell_history(request: LogRequest, reporter: Reporter) -> int:
    """List versions, oldest first, and snapshots, newest first."""
    with Project.open(request.project, read_only=True) as project:
        record, snapshots = project.annotations.project(), project.history()
        kept, size = set(project.models.ids()), project.size()
        name = project.name
    for version in record.versions:
        facts = version.to_dict() | {
            "has_file": version.model in kept,
            "current": version.number == record.current,
        }
        reporter.record(event="version", **facts)
    for snapshot in snapshots:
        reporter.record(event="snapshot", **_facts(snapshot))
    reporter.show(f"{name}: {counted(len(record.images), 'image')}, {size / 1e6:.1f} MB\n")
    if record.versions:
        rows = [_version_row(each, record.current, kept) for each in record.versions]
        reporter.show(table(_VERSION, rows) + "\n")
    reporter.show(table(_SNAPSHOT, [_snapshot_row(each) for each in snapshots]))
    reporter.result(
        project=request.project,
        name=name,
        images=len(record.images),
        versions=len(record.versions),
        snapshots=len(snapshots),
        bytes=size,
    )
    return 0


_VERSION = (
    "version", "from", "agreement", "parent's", "steps", "teach", "test", "taught by", "device",
    "model", "made", "",
)  # fmt: skip
_SNAPSHOT = ("snapshot", "time", "kind", "version", "checked px", "accepted", "message")


def _version_row(version: VersionRecord, current: int | None, kept: set[str]) -> list[object]:
    notes = ["in use"] if version.number == current else []
    notes += ["not accepted"] if not version.accepted else []
    notes += [version.verdict] if version.verdict == TOO_FEW else []
    notes += ["pinned"] if version.pinned else []
    notes += [] if version.model in kept else ["file pruned"]
    return [
        version.number,
        version.parent,
        version.score,
        version.start_score,
        version.steps,
        version.teach,
        version.test,
        version.snapshot,
        version.device,
        version.model[:12],
        version.created,
        ", ".join(notes),
    ]


def _snapshot_row(snapshot: Snapshot) -> list[object]:
    return [
        snapshot.id,
        snapshot.time.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        f"{snapshot.kind}{' (kept)' if snapshot.is_kept else ''}",
        snapshot.version,
        snapshot.counts.get("checked_pixels"),
        snapshot.counts.get("accepted"),
        snapshot.message,
    ]


def _facts(snapshot: Snapshot) -> dict[str, object]:
    return {
        "id": snapshot.id,
        "time": snapshot.time.isoformat(),
        "parent": snapshot.parent,
        "message": snapshot.message,
        "kind": snapshot.kind,
        "counts": snapshot.counts,
        "version": snapshot.version,
        "kept": snapshot.is_kept,
    }


def back_up(request: BackupRequest, reporter: Reporter) -> int:
    """Bring the second copy up to date."""
    with Project.open(request.project, read_only=True) as project:
        reporter.started = request.to.is_dir()
        done = Mirror(project, request.to).update()
    reporter.result(
        project=request.project,
        copy=done.folder,
        files=done.files,
        bytes=done.bytes,
        deleted=done.deleted,
    )
    reporter.say(f"{done.files} new files, {done.bytes / 1e6:.1f} MB, compared: {done.folder}")
    return 0


def go_back(request: RestoreRequest, reporter: Reporter) -> int:
    """Make an older state the newest one, here or in a new project."""
    if request.to is not None:
        made = recover(request.project, request.to, request.snapshot)
        reporter.result(project=made, snapshot=request.snapshot)
        reporter.say(f"New project: {made}; {request.project} was not touched.")
        return 0
    with Project.open(request.project) as project:
        if request.snapshot not in {each.id for each in project.history()}:
            remedy = "segloop project log lists them."
            raise StoreError("a snapshot of this project", str(request.snapshot), remedy)
        restored = restore(project, str(request.snapshot))
    reporter.result(project=request.project, snapshot=restored.id)
    reporter.say(
        f"{request.project} is as it was; what it was before is kept in its history, and versions "
        "that came since stay in the list."
    )
    return 0
