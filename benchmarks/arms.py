"""The arms of the learning curves: our loop by four rules, and what learns from the same pixels.

Whoever asks gets a row for each round; which rows are missing and what a table shows of them is not
known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.fastai_arm import run_fastai
from benchmarks.forest import CORES, grow, teach_forest
from benchmarks.harness import threads
from benchmarks.models import result_of
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.forecast import Forecast, Score
from napari_segloop.core.learningcurve import RehearsalSettings
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.rehearsal import Rehearsal
from napari_segloop.core.rehearsaldesk import check_images
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.fastai_arm import Checked
    from benchmarks.harness import Row
    from benchmarks.sets import RealSet
    from napari_segloop.core.images import Labels
    from napari_segloop.core.learningcurve import RoundScored
    from napari_segloop.core.modelfile import Model

OURS = "our loop"
LOOPS = {
    OURS: "ranked",
    "foreground-aware random": "foreground",
    "random": "random",
    "entropy, worst first": "entropy",
}
FOREST, FASTAI, FULL = "random forest", "fastai", "everything labelled"
FOREST_PIXELS = 400_000  # of each image, at most: all that eight places a round can check
IMAGES = 3
FULL_TIMES = 5  # the steps of a round
FASTAI_AT = (1, 3)  # rounds; each is a training from random weights


Images = list[TrainingImage]


@dataclass(frozen=True, slots=True)
class Scale:
    """How long a curve is.

    Parameters
    ----------
    rounds, places, window : int
        As of a rehearsal.
    training : TrainSettings
        Of one round, in steps; seed, device and threads come from the call.
    smoke : bool
        Tiny, only to see that it works.
    """

    rounds: int
    places: int
    window: int
    training: TrainSettings
    smoke: bool = False


class Course:
    """All arms on one set with one seed.

    Parameters
    ----------
    real : RealSet
        Three images of its training split are worked on, its test split is scored.
    seed : int
        Of the draw and all else.
    scale : Scale
        How long.
    folder : Path
        Where the pixels that our loop checked lie between calls.
    device : str
        Where to compute.
    """

    def __init__(self, real: RealSet, seed: int, scale: Scale, folder: Path, device: str) -> None:
        self._real, self._seed, self._scale, self._folder = real, seed, scale, folder
        self._training = on_this_machine(scale.training, seed, device)
        self._worked, self._unseen = images_of(real, seed)
        self._values = check_images(self._worked, self._unseen, "classes")

    def rows(self, arm: str) -> Iterator[Row]:
        """Measure an arm.

        Parameters
        ----------
        arm : str
            Its name.

        Yields
        ------
        dict
            ``round`` and what was measured.
        """
        if arm in LOOPS:
            yield from self._loop(arm)
        elif arm == FULL:
            yield self._everything()
        else:
            rounds = range(1, self._scale.rounds + 1) if arm == FOREST else FASTAI_AT
            for number in rounds:
                if number <= self._scale.rounds:
                    work = self._forest if arm == FOREST else self._fastai
                    yield {"round": number, **work(self._checked(number))}

    def _loop(self, arm: str) -> Iterator[Row]:
        scale = self._scale
        asked = RehearsalSettings(scale.rounds, scale.places, LOOPS[arm], scale.window, self._seed)
        loop = Rehearsal(self._worked, self._unseen, asked, self._training)
        last, spent = loop.begin(), 0.0
        yield _row(last)
        for number in range(1, scale.rounds + 1):
            scored = result_of(loop.go_round())
            idle = replace(last, round=number, accepted=False, steps=0, train_seconds=0.0)
            last = scored or idle  # all is checked
            spent += last.train_seconds
            if arm == OURS:
                self._keep(loop, number, spent)
            refused = loop.refused if scored else None
            yield _row(last) | self._refused(refused)

    def _refused(self, model: Model | None) -> Row:
        """Score what a round learnt that did not take over."""
        found = score_on(model, self._unseen, self._training) if model else {}
        return {"refused_dice": found.get("dice")}

    def _keep(self, loop: Rehearsal, number: int, seconds: float) -> None:
        """Keep what is checked by now, for the arms that learn from the same pixels."""
        self._folder.mkdir(parents=True, exist_ok=True)
        arrays = {f"labels{n}": desk.plane.labels for n, desk in enumerate(loop.desks)}
        arrays |= {f"checked{n}": desk.checked for n, desk in enumerate(loop.desks)}
        np.savez_compressed(self._file(number), seconds=seconds, **arrays)

    def _file(self, number: int) -> Path:
        return self._folder / f"round{number}.npz"

    def _checked(self, number: int) -> tuple[list[Checked], float]:
        """Return images, labels and where they are checked after a round, and our time by then."""
        if not self._file(number).exists():
            for _ in self._loop(OURS):
                pass
        kept = np.load(self._file(number))
        images = [
            (item.image, kept[f"labels{n}"], kept[f"checked{n}"])
            for n, item in enumerate(self._worked)
        ]
        return [each for each in images if each[2].any()], float(kept["seconds"])

    def _everything(self) -> Row:
        training = replace(self._training, steps=FULL_TIMES * (self._training.steps or 1))
        return {"round": 1, **train_on_all(self._worked, self._unseen, training)}

    def _forest(self, taught: tuple[list[Checked], float]) -> Row:
        forest = teach_forest(taught[0], FOREST_PIXELS, self._seed, smoke=self._scale.smoke)
        return self._scored([grow(forest, item.image) for item in self._unseen])

    def _fastai(self, taught: tuple[list[Checked], float]) -> Row:
        """Teach on the checked places for as long as our loop was taught by then."""
        images, seconds = taught
        tests = [item.image for item in self._unseen]
        limits = {"seconds": seconds, "seed": self._seed, "threads": self._training.threads or 0}
        where = self._training.device
        masks, told = run_fastai(images, tests, self._values, self._scale.window, where, **limits)
        return told | self._scored(masks)

    def _scored(self, masks: list[Labels]) -> Row:
        tally = DiceTally(self._values)
        for mask, item in zip(masks, self._unseen, strict=True):
            tally.add(mask, item.labels)
        found = tally.finish()
        return _dice(found.mean, {k: dice for k, dice in found.classes.items() if k})


def on_this_machine(training: TrainSettings, seed: int, device: str) -> TrainSettings:
    """Return settings with a seed, a device and, unless they say how many, at most two threads.

    Parameters
    ----------
    training : TrainSettings
        All else.
    seed : int
        Of weights, patches and augmentation.
    device : str
        Where to compute.

    Returns
    -------
    TrainSettings
        Checked.
    """
    count = training.threads or min(CORES, threads())
    return replace(training, seed=seed, device=device, threads=count)


def images_of(real: RealSet, seed: int) -> tuple[Images, Images]:
    """Draw three images to learn from, and read them and those of the test split.

    Parameters
    ----------
    real : RealSet
        The set.
    seed : int
        Of the draw.

    Returns
    -------
    worked, unseen : list of TrainingImage
        With their whole truth.
    """
    worked, unseen = (
        [TrainingImage(name, real.image(name), real.mask(name)) for name in side]
        for side in (real.draw(IMAGES, seed), real.test)
    )
    return worked, unseen


def train_on_all(worked: Images, unseen: Images, training: TrainSettings) -> Row:
    """Teach on every pixel of some images, and score on others.

    Parameters
    ----------
    worked, unseen : list of TrainingImage
        With their whole truth.
    training : TrainSettings
        How to teach.

    Returns
    -------
    dict
        Steps, time, what the network started from, and Dice.
    """
    taught = result_of(fit(worked, training))
    told = {"steps": taught.steps, "train_seconds": taught.seconds, "start": taught.base}
    return told | score_on(taught.model, unseen, training)


def score_on(model: Model, unseen: Images, training: TrainSettings) -> Row:
    """Score a model on whole images.

    Parameters
    ----------
    model : Model
        Any.
    unseen : list of TrainingImage
        With their whole truth.
    training : TrainSettings
        Device and threads count.

    Returns
    -------
    dict
        Dice.
    """
    score = Score(unseen, model.info.values, objects=False)
    where = PredictSettings(training.device, training.threads)
    found = result_of(score.of(Forecast(model, where)))
    return _dice(found["dice"], found["classes"])


def _row(scored: RoundScored) -> Row:
    fields = scored.to_dict()
    classes = fields.pop("classes")
    for name in ("event", "dice", "ap50"):
        del fields[name]
    return fields | _dice(scored.dice, classes)  # type: ignore[arg-type]


def _dice(mean: float | None, classes: dict[int, float | None]) -> Row:
    return {"dice": mean} | {f"dice_{value}": dice for value, dice in classes.items()}
