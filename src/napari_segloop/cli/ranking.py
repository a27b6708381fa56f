"""``segloop rank``: predict, and list the places where the prediction is probably wrong."""

from __future__ import annotations

import csv
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.cli.auditing import Audit
from napari_segloop.cli.failures import for_each
from napari_segloop.cli.interrupt import STOPPING, stop_on_interrupt, undisturbed
from napari_segloop.cli.novelty import look_over
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.prediction import FilePredictor, Stopped, settings_from
from napari_segloop.cli.report import duration
from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError
from napari_segloop.core.modelfile import load_model
from napari_segloop.core.prediction import Wanted
from napari_segloop.core.queueing import with_priority
from napari_segloop.core.ranking import FEWEST_WINDOWS, RankSettings, rank_regions, weigher
from napari_segloop.core.seldom import seldom_seen
from napari_segloop.core.spotchecks import Draw
from napari_segloop.core.windowsize import USUAL_WINDOW
from napari_segloop.files.images import LabelFile, open_labels
from napari_segloop.files.names import image_name, label_name
from napari_segloop.files.pairing import find_images
from napari_segloop.files.training import check_pair, label_index, read_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from napari_segloop.cli.rank import RankRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Prediction
    from napari_segloop.core.regions import Region
    from napari_segloop.files.images import ImageFile

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
    images = find_images(request.inputs)
    marks = Marks(request.checked, images, request.reading.axes)
    check_file(request.csv, [request.model, *images, *marks.paths])
    model = load_model(request.model)
    with stop_on_interrupt(lambda: reporter.notice(STOPPING)) as should_stop:
        predictor = FilePredictor(
            model,
            request.reading,
            settings_from(request.computing, quality=request.quality),
            Wanted(uncertainty=True),
            should_stop,
            reporter,
        )
        predictor.check(images)
        audit = Audit(request.audit, images)
        ranking = _Ranking(predictor, request, marks, audit)
        try:
            failed = for_each(images, ranking.add, reporter)
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
        model=model.id,
        images=len(images) - len(failed),
        regions=len(places),
        spot_checks=audit.to_dict(),
        failed=failed,
        unlike=ranking.unlike,
        seconds=seconds,
    )
    words = f"{len(places)} places to check{audit.words()}"
    reporter.say(f"{words} in {request.csv} ({duration(seconds)}).")
    return 1 if failed else 0


class Marks:
    """What was checked already, file by file.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders; may be empty.
    images : sequence of Path
        The images that are ranked.
    axes : str, optional
        The stored axes, named by the user.

    Raises
    ------
    InputError
        When two files have one NAME.
    """

    def __init__(self, inputs: Sequence[Path], images: Sequence[Path], axes: str | None) -> None:
        self.paths = find_images(inputs) if inputs else []
        self._by_name = {label_name(path): path for path in self.paths}
        self._axes = axes
        if self.paths:
            _check_names("checked file", self.paths, label_name)
            _check_names("image", images, image_name)

    def open(self, image: ImageFile) -> LabelFile | None:
        """Open what was checked in an image.

        Parameters
        ----------
        image : ImageFile
            The image.

        Returns
        -------
        LabelFile or None
            None when there is no file of this name: nothing was checked.
        """
        path = self._by_name.get(image_name(image.path))
        if path is None:
            return None
        marks = open_labels(path, self._axes)
        check_pair(image, marks)
        return marks


def _check_names(what: str, paths: Sequence[Path], name: Callable[[Path], str]) -> None:
    counts = Counter(name(path) for path in paths)
    double = sorted(str(path) for path in paths if counts[name(path)] > 1)
    if double:
        raise InputError(
            f"one {what} for each name",
            f"several with one name: {', '.join(double)}",
            "Rename them, or rank one folder at a time.",
        )


class _Ranking:
    """The worst places of all images so far, and the spot checks beside them."""

    def __init__(
        self, predictor: FilePredictor, request: RankRequest, marks: Marks, audit: Audit
    ) -> None:
        self._predictor = predictor
        self._marks = marks
        self._audit = audit
        self._top = request.top or ALL
        info = predictor.model.info
        seldom = seldom_seen(info.values, info.taught)
        self._settings = RankSettings(
            request.window,
            self._top,
            objects=info.task == "objects",
            least=FEWEST_WINDOWS,
            seldom=seldom,
        )
        self._found: list[Found] = []
        self.unlike: list[Path] = []

    def add(self, path: Path) -> None:
        """Rank one image's places among those of the others."""
        with self._predictor.open(path) as image:
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
        plan = self._predictor.plan(image)
        novelty = look_over(image, plan, self._predictor.model.info, self._predictor.reporter)
        if novelty.planes:
            self.unlike.append(image.path)
        for index, prediction in self._predictor.predict(image, plan):
            checked = _read(marks, image, index)
            regions, drawn = self._places(image.path, index, prediction, checked)
            yield novelty.named(index, regions), drawn

    def _places(
        self,
        path: Path,
        index: tuple[int, ...],
        prediction: Prediction,
        checked: Labels | None,
    ) -> tuple[list[Region], Draw]:
        """Rank the places of a plane, and draw spot checks from all of it."""
        labels, uncertainty = prediction.labels, prediction.uncertainty
        settings = self._settings
        if uncertainty is None:
            return [], Draw()
        regions = rank_regions(uncertainty, labels, checked, settings, index)
        weigh = weigher(uncertainty, labels, checked, settings.margin)
        side = settings.window or USUAL_WINDOW  # as in the dock
        return regions, self._audit.draw_plane(path, index, side, checked, labels.shape, weigh)


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
