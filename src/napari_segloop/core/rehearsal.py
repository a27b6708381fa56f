"""The loop with a simulated user: places, corrections, training, a score on images nobody touched.

What the user corrects lies in the product's own planes and is taught by its own training. Images
come in memory; files and words for people are not known here.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_segloop.core.errors import TruthError
from napari_segloop.core.events import Notice
from napari_segloop.core.forecast import Forecast, Score
from napari_segloop.core.learningcurve import Rehearsed, RoundScored
from napari_segloop.core.ranking import RankSettings
from napari_segloop.core.rehearsaldesk import Desk, check_images
from napari_segloop.core.schedule import AGAIN
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.strategies import choose_places
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_segloop.core.events import Event
    from napari_segloop.core.images import ShouldStop
    from napari_segloop.core.learningcurve import RehearsalSettings
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.regions import Region
    from napari_segloop.core.settings import TrainSettings

ROUNDS_THAT_FIT = 2
"""So many rounds of places shall fit into an image where the window is sized to its masks."""


def rehearse(
    worked: Sequence[TrainingImage],
    unseen: Sequence[TrainingImage],
    settings: RehearsalSettings,
    training: TrainSettings,
    start: Model | None = None,
    should_stop: ShouldStop = lambda: False,
) -> Generator[Event, None, Rehearsed]:
    """Play all rounds.

    Parameters
    ----------
    worked : sequence of TrainingImage
        Corrected place by place; their labels are the truth, all of it where ``checked`` is None.
    unseen : sequence of TrainingImage
        Only scored, all their pixels.
    settings : RehearsalSettings
        How the user works.
    training : TrainSettings
        Of each round's training.
    start : Model, optional
        What the first training starts from.
    should_stop : callable
        Asked at every step and tile; rounds that are over are kept.

    Returns
    -------
    Rehearsed
        The learning curve.

    Yields
    ------
    Event
        Those of the trainings, a Notice where nothing could be taught, and a RoundScored after
        each round.

    Raises
    ------
    InputError
        When images and truth do not fit together, or hold less than two classes.
    """
    rehearsal = Rehearsal(worked, unseen, settings, training, start)
    rounds = [rehearsal.begin()]
    yield rounds[0]
    while len(rounds) <= settings.rounds:
        scored = yield from rehearsal.go_round(should_stop)
        if scored is None:
            break
        rounds.append(scored)
        yield scored
    return Rehearsed(tuple(rounds), rehearsal.window, stopped=should_stop())


class Rehearsal:
    """The state of the loop, for whoever plays it round by round.

    Parameters
    ----------
    worked, unseen : sequence of TrainingImage
        As in `rehearse`.
    settings : RehearsalSettings
        How the user works.
    training : TrainSettings
        Of each round's training.
    start : Model, optional
        What the first training starts from.

    Attributes
    ----------
    desks : list of Desk
        The images that are worked on, as they are.
    window : int
        Side of the places in pixels.
    model : Model or None
        The one in use.
    refused : Model or None
        What the last round learnt, where it did not take over.

    Raises
    ------
    InputError
        When images and truth do not fit together, or hold less than two classes.
    """

    def __init__(
        self,
        worked: Sequence[TrainingImage],
        unseen: Sequence[TrainingImage],
        settings: RehearsalSettings,
        training: TrainSettings,
        start: Model | None = None,
    ) -> None:
        values = check_images(worked, unseen, training.task)
        self._objects = training.task == "objects"
        self._settings, self._training, self._start = settings, training, start
        self._annotator = replace(settings.annotator, objects=self._objects)
        self._score = Score(unseen, values, objects=self._objects)
        self.desks = [Desk.of(item, values, objects=self._objects) for item in worked]
        self.window = settings.window or self._usual_window()
        self.model: Model | None = None
        self.refused: Model | None = None
        self._last = RoundScored(0, 0, 0.0, 0.0, 0, 0, None, {})

    def begin(self) -> RoundScored:
        """Score first masks.

        Returns
        -------
        RoundScored
            Round 0.
        """
        self._last = replace(self._last, **self._score.of_first_masks())
        return self._last

    def go_round(
        self, should_stop: ShouldStop = lambda: False
    ) -> Generator[Event, None, RoundScored | None]:
        """Correct places, teach, predict and score.

        Parameters
        ----------
        should_stop : callable
            Asked at every step and tile.

        Returns
        -------
        RoundScored or None
            None when it was stopped, or no place is left to be checked.

        Yields
        ------
        Event
            Of training and prediction.
        """
        number = self._last.round + 1
        places = self._places(number)
        if not places:
            yield Notice("No place is left that needs checking.")
            return None
        corrected = self._correct(number, places)
        taught = yield from self._teach(corrected, should_stop)
        if should_stop() or self.model is None:
            self._last = taught
            return None if should_stop() else taught
        scores = yield from self._predict(self.model, should_stop)
        if scores is None:
            return None
        self._last = replace(taught, **scores)
        return self._last

    def _usual_window(self) -> int:
        """Size the places to the first masks: the same for all strategies and rounds."""
        wanted = RankSettings(least=ROUNDS_THAT_FIT * self._settings.places)
        return int(median(wanted.side(desk.plane.labels) for desk in self.desks))

    def _places(self, number: int) -> list[tuple[int, Region]]:
        asked = self._settings
        seed = int(np.random.default_rng([asked.seed, number]).integers(2**31))
        ranking = RankSettings(self.window, objects=self._objects)
        ranking = replace(ranking, top=max(ranking.top, asked.places))
        sights = [desk.sight() for desk in self.desks]
        return choose_places(asked.how, sights, ranking, asked.places, seed)

    def _correct(self, number: int, places: Sequence[tuple[int, Region]]) -> RoundScored:
        last = self._last
        paid = [self.desks[desk].correct(region, self._annotator) for desk, region in places]
        return replace(
            last,
            round=number,
            places=last.places + len(places),
            seconds=last.seconds + sum(each.seconds for each in paid),
            dense_seconds=last.dense_seconds + sum(each.dense_seconds for each in paid),
            checked_pixels=sum(int(desk.checked.sum()) for desk in self.desks),
            strokes=last.strokes + sum(each.strokes for each in paid),
            again=self.model is not None and self._settings.learns_again(number),
            accepted=False,
            steps=0,
            train_seconds=0.0,
        )

    def _teach(
        self, done: RoundScored, should_stop: ShouldStop
    ) -> Generator[Event, None, RoundScored]:
        """Train on all that is checked; truth of a single class teaches nothing yet."""
        images = [desk.lesson() for desk in self.desks if desk.checked.any()]
        training = _again(self._training) if done.again else self._training
        try:
            taught = yield from fit(images, training, self.model or self._start, should_stop)
        except TruthError as error:
            yield Notice(f"Round {done.round} teaches nothing: {error}")
            return done
        self.model, self.refused = taught.model, taught.candidate
        seconds = taught.seconds
        return replace(done, accepted=taught.accepted, steps=taught.steps, train_seconds=seconds)

    def _predict(
        self, model: Model, should_stop: ShouldStop
    ) -> Generator[Event, None, dict[str, Any] | None]:
        """Predict what is worked on, then score what is not; None when stopped."""
        where = PredictSettings(self._training.device, self._training.threads)
        forecast = Forecast(model, where, probabilities=self._settings.how == "entropy")
        for desk in self.desks:
            found = yield from forecast.of(desk.item, should_stop)
            if found is None:
                return None
            desk.take(found, objects=self._objects)
        return (yield from self._score.of(forecast, should_stop))


def _again(training: TrainSettings) -> TrainSettings:
    """Learn again from all, for as long as the dock does."""
    steps = None if training.steps is None else round(AGAIN * training.steps)
    seconds = None if training.seconds is None else AGAIN * training.seconds
    return replace(training, afresh=True, steps=steps, seconds=seconds)
