"""``segloop project merge``: a colleague's project taken in, and how far the two agree."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from napari_segloop.cli.report import table
from napari_segloop.core.durable import replacing
from napari_segloop.store.merging import merge
from napari_segloop.store.project import Project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_segloop.cli.project import MergeRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.store.agreement import Agreement, Disagreement, Merged

COLUMNS: Final = ("image", "index", "y", "x", "height", "width", "pixels")


def run(request: MergeRequest, reporter: Reporter) -> int:
    """Merge two projects."""
    with (
        Project.open(request.project) as project,
        Project.open(request.other, read_only=True) as other,
    ):
        reporter.started = True
        merged = merge(project, other)
    if request.csv is not None:
        _write(merged.disagreements, request.csv)
    _tell(merged, reporter)
    reporter.result(
        project=request.project,
        agreement=merged.agreement,
        both=sum(each.both for each in merged.images),
        taken=sum(each.taken for each in merged.images),
        new_images=sum(each.is_new for each in merged.images),
        disagreements=len(merged.disagreements),
        csv=request.csv,
    )
    return 0


def _tell(merged: Merged, reporter: Reporter) -> None:
    for image in merged.images:
        reporter.record(event="image_done", **_facts(image))
    rows = [
        [
            each.name,
            _percent(each.same / each.both if each.both else None),
            each.both,
            each.taken,
            len(each.places),
        ]
        for each in merged.images
    ]
    rows.append(["all", _percent(merged.agreement), *_sums(merged)])
    header = ("image", "agree", "px checked by both", "px taken", "places")
    reporter.show(table(header, rows))


def _facts(image: Agreement) -> dict[str, object]:
    return {
        "image": image.name,
        "number": image.image,
        "new": image.is_new,
        "agreement": image.same / image.both if image.both else None,
        "both": image.both,
        "taken": image.taken,
        "disagreements": len(image.places),
    }


def _sums(merged: Merged) -> tuple[int, int, int]:
    both, taken = (sum(getattr(each, n) for each in merged.images) for n in ("both", "taken"))
    return both, taken, len(merged.disagreements)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.1f} %"


def _write(places: Sequence[Disagreement], path: Path) -> None:
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for place in places:
            corner = (place.y, place.x, place.height, place.width, place.pixels)
            writer.writerow([place.name, ";".join(map(str, place.index)), *corner])
