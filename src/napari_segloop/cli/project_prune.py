"""``segloop project prune``: a project made smaller, or only what that would delete."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from napari_segloop.session.expiry import AUTOSAVES
from napari_segloop.session.words import counted
from napari_segloop.store.project import Project
from napari_segloop.store.pruning import prunable, prune

if TYPE_CHECKING:
    from napari_segloop.cli.project import PruneRequest
    from napari_segloop.cli.report import Reporter


def run(request: PruneRequest, reporter: Reporter) -> int:
    """Delete what nobody needs."""
    before = datetime.datetime.now(datetime.UTC) - AUTOSAVES
    with Project.open(request.project, read_only=request.dry_run) as project:
        reporter.started = not request.dry_run
        gone = (prunable if request.dry_run else prune)(project, before)
    reporter.result(
        project=request.project,
        models=gone.models,
        snapshots=gone.snapshots,
        bytes=gone.bytes,
        dry_run=request.dry_run,
    )
    models = counted(len(gone.models), "model")
    what = f"{models} ({gone.bytes / 1e6:.1f} MB), {counted(gone.snapshots, 'autosave')}"
    reporter.say(f"{'Would delete' if request.dry_run else 'Deleted'}: {what}.")
    return 0
