"""``segloop simulate``: read images with their truth, play the loop, tell how fast it learns."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING

from napari_segloop.cli.dividing import read_images
from napari_segloop.cli.interrupt import STOPPING, stop_on_interrupt
from napari_segloop.cli.outputs import check_file
from napari_segloop.cli.report import drain, duration, table
from napari_segloop.cli.simulate import DEFAULT_MINUTES
from napari_segloop.cli.starting import check_encoder, model_to_start_from
from napari_segloop.cli.training import reading_for
from napari_segloop.core.durable import replacing
from napari_segloop.core.events import Notice, StepDone, TileDone
from napari_segloop.core.learningcurve import RehearsalSettings, RoundScored
from napari_segloop.core.rehearsal import rehearse
from napari_segloop.core.settings import STARTS, TrainSettings
from napari_segloop.files.pairing import pair

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_segloop.cli.report import Reporter
    from napari_segloop.cli.simulate import SimulateRequest
    from napari_segloop.core.events import Event
    from napari_segloop.core.learningcurve import Rehearsed
    from napari_segloop.core.modelfile import Model
    from napari_segloop.files.pairing import Pairing


def run(request: SimulateRequest, reporter: Reporter) -> int:
    """Play the loop and tell every round."""
    began = time.monotonic()
    pairing = pair([request.images], [request.truth])
    if request.csv is not None:
        check_file(request.csv, _files(pairing))
    start = model_to_start_from(request.start)
    settings, training = _settings(request), training_for(request, start)
    if pairing.skipped:
        reporter.notice(f"Passed over {len(pairing.skipped)} image(s) without truth.")
    worked, unseen = read_images(request, pairing, training, reporter)
    with stop_on_interrupt(lambda: reporter.notice(STOPPING)) as should_stop:
        course = _Course(request, reporter)
        played = rehearse(worked, unseen, settings, training, start, should_stop)
        found = drain(played, course.tell)
        course.write()
    _tell(found, course.rounds, reporter, compared=start is not None)
    reporter.result(
        rounds=[_plain(each) for each in course.rounds],
        area=found.area,
        window=found.window,
        how=request.how,
        seed=request.seed,
        worked=[item.name for item in worked],
        unseen=[item.name for item in unseen],
        csv=request.csv,
        stopped=found.stopped,
        skipped=len(pairing.skipped),
        seconds=time.monotonic() - began,
    )
    return 130 if found.stopped else 0


def _files(pairing: Pairing) -> list[Path]:
    return [file for each in pairing.pairs for file in (each.image, each.labels)]


def _settings(request: SimulateRequest) -> RehearsalSettings:
    return RehearsalSettings(
        request.rounds, request.places, request.how, request.window, request.seed
    )


def training_for(request: SimulateRequest, start: Model | None) -> TrainSettings:
    """Return the settings of each round's training.

    Parameters
    ----------
    request : SimulateRequest
        What the user asked for.
    start : Model, optional
        Gives task and encoder where the user names none.

    Returns
    -------
    TrainSettings
        Checked.

    Raises
    ------
    ModelError
        When the named encoder is not the start model's.
    """
    check_encoder(request.encoder, start, request.start)
    task, encoder = ("classes", "resnet34")
    if start is not None:
        task, encoder = start.info.task, start.info.encoder
    reading = reading_for(request.reading, start)
    return TrainSettings(
        task=request.task or task,
        encoder=request.encoder or encoder,
        start=request.start if request.start in STARTS else STARTS[0],
        steps=request.steps,
        seconds=None if request.steps else 60 * (request.minutes or DEFAULT_MINUTES),
        seed=request.seed,
        device=request.computing.device,
        threads=request.computing.threads,
        axes=reading.axes,
        channels=reading.channels,
    )


class _Course:
    """Tells how a rehearsal goes, and writes its rounds as they come."""

    def __init__(self, request: SimulateRequest, reporter: Reporter) -> None:
        self._request, self._reporter = request, reporter
        self.rounds = list[RoundScored]()

    def tell(self, event: Event) -> None:
        """Tell of an event."""
        self._reporter.event(event)
        where = f"round {len(self.rounds)} of {self._request.rounds}"
        if isinstance(event, Notice):
            self._reporter.say(event.text)
        elif isinstance(event, RoundScored):
            self.rounds.append(event)
            if event.round:  # before the first training all may still be refused
                self.write()
        elif isinstance(event, StepDone):
            self._reporter.started = True
            self._reporter.progress(f"{where}: step {event.step} of {event.steps or '?'}")
        elif isinstance(event, TileDone):
            self._reporter.progress(f"{where}: predicting, tile {event.tile} of {event.tiles}")

    def write(self) -> None:
        """Write the table of the rounds that are over."""
        self._reporter.started = True
        if self._request.csv is None:
            self._reporter.if_stopped = "Given up: nothing was written."
            return
        rows = [_row(each, self._request) for each in self.rounds]
        with (
            replacing(self._request.csv) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self._reporter.if_stopped = f"Given up; rounds that are over are in {self._request.csv}."


def _plain(scored: RoundScored) -> dict[str, object]:
    fields = scored.to_dict()
    del fields["event"]
    return fields


def _row(scored: RoundScored, request: SimulateRequest) -> dict[str, object]:
    """Return a line of the table, with a column for each class."""
    fields = {"how": request.how, "seed": request.seed} | _plain(scored)
    fields |= {f"dice_{value}": dice for value, dice in scored.classes.items()}
    del fields["classes"]
    return fields


def _tell(
    found: Rehearsed, rounds: Sequence[RoundScored], reporter: Reporter, *, compared: bool
) -> None:
    """Show the table; the first network may have been compared with the one to start from."""
    if not rounds:
        return
    values = list(rounds[0].classes)
    header = ["round", "places", "annotator, s", "checked, px", "strokes", "Dice"]
    header += [f"class {value}" for value in values] + ["taken over", "steps", "training, s"]
    first = None if compared else next((each for each in rounds if each.steps), None)
    rows = [_cells(each, values, "first" if each is first else "yes") for each in rounds]
    reporter.show(table(header, rows))
    if found.area is not None:
        spent = duration(rounds[-1].seconds)
        reporter.show(f"Area under the learning curve: {found.area:.3f} over {spent}.")


def _cells(scored: RoundScored, values: Sequence[int], accepted: str) -> list[object]:
    taught = scored.steps > 0
    return [
        f"{scored.round}",
        scored.places,
        f"{scored.seconds:.1f}",
        scored.checked_pixels,
        scored.strokes,
        scored.dice,
        *(scored.classes.get(value) for value in values),
        (accepted if scored.accepted else "no") if taught else None,
        scored.steps if taught else None,
        f"{scored.train_seconds:.0f}" if taught else None,
    ]
