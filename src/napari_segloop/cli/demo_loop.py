"""The whole loop on made images with a simulated user, as a job: events up, a result at the end.

First masks, a few first regions, train, predict, rank, correct the worst regions, train again.
Scores come from images that neither the network nor the user ever touches. Nothing is printed and
no file is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.demo_state import DemoResult, DemoSettings, Desk, RoundDone, View
from napari_segloop.core.annotator import correct
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.firstmasks import first_mask, suggest
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.planning import make_plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.ranking import RankSettings, rank_regions
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.core.train import fit
from napari_segloop.samples.crystals import crystals
from napari_segloop.samples.settings import CLASS_NAMES, CrystalSettings

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.events import Event, TileDone
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.regions import Region
    from napari_segloop.core.trainresult import TrainResult

SUSPENSION = CrystalSettings(pixel_size_um=2.0, layer_um=120.0, gradient=0.2, vignette=0.2)
"""A thin layer, so that most objects are near focus: a person could outline them."""
CRYSTAL, BUBBLE = 1, CLASS_NAMES.index("bubble")


def play(settings: DemoSettings) -> Generator[Event, None, DemoResult]:
    """Play the loop.

    Parameters
    ----------
    settings : DemoSettings
        How large.

    Yields
    ------
    Event
        Of training and prediction, and a RoundDone after each round.

    Returns
    -------
    DemoResult
        Masks, model and scores.
    """
    loop = _Loop(settings)
    yield loop.close("first masks")
    loop.check(loop.first_places())
    first = yield from loop.train(settings.steps[0], None)
    yield from loop.predict(first.model)
    places = loop.worst_places()
    yield loop.close("round 1", places)
    loop.check(places)
    second = yield from loop.train(settings.steps[1], first.model)
    yield from loop.predict(second.model)
    yield loop.close("round 2")
    desks, trainings = (tuple(loop.taught), tuple(loop.kept)), (first, second)
    return DemoResult(second.model, *desks, tuple(loop.rounds), loop.views, trainings)


Places = list[tuple[Desk, "Region"]]


@dataclass(slots=True, eq=False)
class _Loop:
    """The state of the loop; each method is one of its stations."""

    settings: DemoSettings
    taught: list[Desk] = field(init=False)
    kept: list[Desk] = field(init=False)
    rounds: list[RoundDone] = field(default_factory=list)
    views: dict[str, list[View]] = field(default_factory=dict)
    regions: int = 0
    user_seconds: float = 0.0
    started: float = field(default_factory=monotonic)

    def __post_init__(self) -> None:
        self.taught = [self._desk(f"sample-{i + 1}", i) for i in range(self.settings.taught)]
        self.kept = [self._desk(f"test-{i + 1}", 1000 + i) for i in range(self.settings.kept)]

    def _desk(self, name: str, number: int) -> Desk:
        side = self.settings.side
        made = crystals(1_000_000 * self.settings.seed + number, (side, side), SUSPENSION)
        first = first_mask(made.image, suggest(made.image)).astype(np.uint8)
        nothing = np.zeros(first.shape, np.uint8)
        return Desk(name, made.image, made.classes, first, nothing, nothing.copy())

    def first_places(self) -> Places:
        """Choose the first regions as a user does: where there is something of every kind."""
        interest = np.array([0, 60, 255], np.uint8)
        return self._choose([interest[desk.truth] for desk in self.taught], self.settings.first)

    def worst_places(self) -> Places:
        """Choose the regions that are probably worst."""
        return self._choose([desk.uncertainty for desk in self.taught], self.settings.worst)

    def _choose(self, weights: Sequence[NDArray[np.uint8]], count: int) -> Places:
        settings = RankSettings(self.settings.window, count)
        found = [
            (desk, region)
            for desk, weight in zip(self.taught, weights, strict=True)
            for region in rank_regions(weight, desk.labels, desk.checked, settings)
        ]
        return sorted(found, key=lambda place: -place[1].score)[:count]

    def check(self, places: Places) -> None:
        """Let the user correct regions; everything in them is checked from then on."""
        for desk, region in places:
            done = correct(desk.labels, desk.truth, desk.checked, region)
            desk.labels, desk.checked = done.labels, done.checked
            self.user_seconds += done.seconds
        self.regions += len(places)

    def train(self, steps: int, start: Model | None) -> Generator[Event, None, TrainResult]:
        """Teach on what is checked."""
        settings = TrainSettings(
            encoder=self.settings.encoder,
            steps=steps,
            seed=self.settings.seed,
            patch=self.settings.patch,
            device=self.settings.device,
            threads=self.settings.threads,
        )
        images = [
            TrainingImage(desk.name, desk.image[None], desk.labels, desk.checked == 1)
            for desk in self.taught
            if desk.checked.any()
        ]
        return (yield from fit(images, settings, start))

    def predict(self, model: Model) -> Generator[Event, None, None]:
        """Predict every image; what is checked stays as the user left it."""
        how = PredictSettings(self.settings.device, self.settings.threads)
        for desk in (*self.taught, *self.kept):
            yield from _predict(model, desk, how)

    def close(self, name: str, places: Places | None = None) -> RoundDone:
        """Score the images that were kept, and remember how all look."""
        tally = DiceTally((CRYSTAL, BUBBLE))
        for desk in self.kept:
            tally.add(desk.labels, desk.truth)
        for desk in (*self.taught, *self.kept):
            chosen = tuple(region for at, region in places or [] if at is desk)
            now = (desk.labels.copy(), desk.uncertainty.copy(), desk.checked.copy())
            view = View(*now, chosen)
            self.views.setdefault(desk.name, []).append(view)
        done = self._round(name, tally)
        self.rounds.append(done)
        self.started = monotonic()
        return done

    def _round(self, name: str, tally: DiceTally) -> RoundDone:
        scores = tally.finish()
        dice = {CLASS_NAMES[value]: scores.classes[value] for value in (CRYSTAL, BUBBLE)}
        seconds = monotonic() - self.started
        mean = scores.mean or 0.0
        return RoundDone(name, mean, dice, self.regions, self.user_seconds, seconds)


def _predict(model: Model, desk: Desk, how: PredictSettings) -> Generator[TileDone, None, None]:
    plane = ArrayPlane(desk.image)
    numbers = for_file(model.info.normalization, measure([plane]))
    plan = make_plan(model, plane, numbers, how)
    found = yield from Predictor(model, plan).predict(plane)
    if found is None or found.uncertainty is None:
        return
    desk.labels = np.where(desk.checked == 1, desk.labels, found.labels)
    desk.uncertainty = np.where(desk.checked == 1, np.uint8(0), found.uncertainty)
