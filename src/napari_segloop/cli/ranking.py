"""``segloop rank``: list the places where a prediction, or given masks, are probably wrong."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.cli.auditing import Audit
from napari_segloop.cli.failures import for_each
from napari_segloop.cli.interrupt import STOPPING, stop_on_interrupt, undisturbed
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.prediction import Stopped
from napari_segloop.cli.rankwork import judge_for, plan_work
from napari_segloop.cli.report import duration
from napari_segloop.core.durable import replacing
from napari_segloop.core.queueing import with_priority
from napari_segloop.core.ranking import FEWEST_WINDOWS, RankSettings, rank_regions, weigher
from napari_segloop.core.windowsize import USUAL_WINDOW
from napari_segloop.files.training import label_index, read_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_segloop.cli.judges import Judge, Judged
    from napari_segloop.cli.marks import Marks
    from napari_segloop.cli.rank import RankRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import Labels
    from napari_segloop.core.regions import Region
    from napari_segloop.core.spotchecks import Draw
    from napari_segloop.files.images import ImageFile, LabelFile

COLUMNS = (
    "image",
    "index",
    "y",
    "x",
    "height",
    "width",
    "score",
    "expected_error",
    "kind",
    "probability",
    "reason",
)
ALL = 2**31
Found = tuple["Path", "Region"]


def run(request: RankRequest, reporter: Reporter) -> int:
    """Rank the places of all inputs and write one table."""
    started = time.monotonic()
    work = plan_work(request)
    check_file(request.csv, [request.model, *work.images, *work.masks.values(), *work.marks.paths])
    with stop_on_interrupt(lambda: reporter.notice(STOPPING)) as should_stop:
        audit = Audit(request.audit, work.images)
        try:
            judge = judge_for(request, work, should_stop, reporter)
            ranking = _Ranking(judge, request, work.marks, audit)
            failed = for_each(work.images, ranking.add, reporter)
        except Stopped:
            reporter.result(stopped=True, csv=None)
            return 130
    with undisturbed():
        places = ranking.places()
        _write(request.csv, places, audit)
        reporter.if_stopped = f"Stopped after the table was written: {request.csv}"
    seconds = time.monotonic() - started
    reporter.result(
        csv=request.csv,
        model=judge.name,
        images=len(work.images) - len(failed),
        regions=len(places),
        spot_checks=audit.to_dict(),
        failed=failed,
        skipped=len(work.skipped),
        unlike=judge.unlike,
        seconds=seconds,
    )
    words = f"{len(places)} places to check{audit.words()}"
    reporter.say(f"{words} in {request.csv} ({duration(seconds)}).")
    return 1 if failed else 0


class _Ranking:
    """The worst places of all images so far, and the spot checks beside them."""

    def __init__(self, judge: Judge, request: RankRequest, marks: Marks, audit: Audit) -> None:
        self._judge = judge
        self._marks = marks
        self._audit = audit
        self._top = request.top or ALL
        self._settings = RankSettings(
            request.window,
            self._top,
            objects=judge.objects,
            least=FEWEST_WINDOWS,
            seldom=judge.seldom,
        )
        self._found: list[Found] = []

    def add(self, path: Path) -> None:
        """Rank one image's places among those of the others."""
        with self._judge.open(path) as image:
            planes = list(self._planes(image))
        self._found += ((path, region) for regions, _ in planes for region in regions)
        self._audit.add(drawn for _, drawn in planes)

    def places(self) -> list[Found]:
        """Return the places of all images, in the order in which the dock offers them."""
        ordered = with_priority(self._found)[: self._top]
        return [(path, replace(region, score=score)) for path, region, score in ordered]

    def _planes(self, image: ImageFile) -> Iterator[tuple[list[Region], Draw]]:
        """Yield each plane's places, and the spot checks drawn from it."""
        marks = self._marks.open(image)
        for plane in self._judge.judge(image):
            yield self._places(image.path, plane, _read(marks, image, plane.index))

    def _places(
        self, path: Path, plane: Judged, checked: Labels | None
    ) -> tuple[list[Region], Draw]:
        """Rank the places of a plane, and draw spot checks from all of it."""
        labels, index, settings = plane.labels, plane.index, self._settings
        regions = rank_regions(plane.uncertainty, labels, checked, settings, index)
        weigh = weigher(plane.uncertainty, labels, checked, settings.margin)
        side = settings.window or USUAL_WINDOW  # as in the dock
        drawn = self._audit.draw_plane(path, index, side, checked, labels.shape, weigh)
        return [plane.named(region) for region in regions], drawn


def _read(marks: LabelFile | None, image: ImageFile, index: tuple[int, ...]) -> Labels | None:
    return None if marks is None else read_marks(marks, label_index(image, marks, index))


def _write(path: Path, ranked: Sequence[Found], audit: Audit) -> None:
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(*found, "ranked", "1.0") for found in ranked)
        probability = f"{audit.probability:.6g}"
        writer.writerows(_row(*found, "audit", probability) for found in audit.found())


def _row(image: Path, region: Region, kind: str, probability: str) -> list[object]:
    index = ";".join(map(str, region.index))
    place = [region.y, region.x, region.height, region.width]
    numbers = [f"{region.score:.6g}", f"{region.expected_error:.6g}"]
    return [image, index, *place, *numbers, kind, probability, region.reason]
