"""``segloop predict``: predict files and write what was asked for."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from napari_segloop.cli.failures import for_each
from napari_segloop.cli.interrupt import STOPPING, stop_on_interrupt
from napari_segloop.cli.novelty import look_over
from napari_segloop.cli.outputs import check_not_input, make_folder
from napari_segloop.cli.prediction import FilePredictor, Stopped, settings_from
from napari_segloop.cli.report import duration
from napari_segloop.cli.results import kinds, open_results, provenance_of
from napari_segloop.core.modelfile import load_model
from napari_segloop.core.prediction import Wanted
from napari_segloop.files.outputs import output_paths
from napari_segloop.files.pairing import find_images

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.cli.novelty import Novelty
    from napari_segloop.cli.predict import PredictRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.plan import Plan
    from napari_segloop.files.outputs import Target


def run(request: PredictRequest, reporter: Reporter) -> int:
    """Predict all inputs; one that fails does not stop the others."""
    started = time.monotonic()
    images = find_images(request.inputs)
    targets = {target.image: target for target in output_paths(images, request.output)}
    files = [file for target in targets.values() for file in target.files]
    check_not_input(files, [request.model])
    model = load_model(request.model)
    wanted = Wanted(uncertainty=request.uncertainty, probabilities=request.probabilities)
    settings = settings_from(request.computing, quality=request.quality, exact=request.exact)
    failed, stopped = list[str](), False
    with stop_on_interrupt(lambda: reporter.notice(STOPPING)) as should_stop:
        predictor = FilePredictor(model, request.reading, settings, wanted, should_stop, reporter)
        predictor.check(images)
        make_folder(request.output)
        reporter.if_stopped = f"Given up; what was finished lies in {request.output}."
        work = _Work(predictor, targets, reporter, [])
        try:
            failed = for_each(images, work.do, reporter)
        except Stopped:
            stopped = True
    seconds = time.monotonic() - started
    reporter.result(
        output=request.output,
        model=model.id,
        images=len(work.done),
        failed=failed,
        unlike=work.unlike,
        stopped=stopped,
        seconds=seconds,
    )
    reporter.say(f"{len(work.done)} of {len(images)} images in {duration(seconds)}.")
    return 130 if stopped else int(bool(failed))


@dataclass(frozen=True, slots=True)
class _Work:
    """Predicts one image after the other."""

    predictor: FilePredictor
    targets: dict[Path, Target]
    reporter: Reporter
    done: list[Path]
    unlike: list[Path] = field(default_factory=list)

    def do(self, path: Path) -> None:
        """Predict an image and write its results."""
        started = time.monotonic()
        info, wanted = self.predictor.model.info, self.predictor.wanted
        with self.predictor.open(path) as image:
            plan = self.predictor.plan(image)
            novelty = look_over(image, plan, info, self.reporter)
            provenance = provenance_of(plan, info, path)
            with open_results(self.targets[path], image, info, wanted, provenance) as write:
                for _, prediction in self.predictor.predict(image, plan):
                    write(prediction)
        self.done.append(path)
        if novelty.planes:
            self.unlike.append(path)
        self._tell(path, plan, novelty, time.monotonic() - started)

    def _tell(self, path: Path, plan: Plan, novelty: Novelty, seconds: float) -> None:
        found = kinds(self.predictor.model.info, self.predictor.wanted)
        files = {name: getattr(self.targets[path], name) for name in found}
        told = {**files, **novelty.record(), "seconds": seconds, "plan": asdict(plan)}
        self.reporter.record(event="image_done", image=path, **told)
        self.reporter.say(f"{path} -> {files['labels']} ({duration(seconds)})")
