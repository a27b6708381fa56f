"""The loop with a simulated user: its accounts are right, and it never sees what scores it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core import rehearsal
from napari_segloop.core.annotator import AnnotatorSettings, correct
from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.events import Notice
from napari_segloop.core.forecast import Forecast
from napari_segloop.core.learningcurve import (
    RehearsalSettings,
    RoundScored,
    area_under,
    seconds_to,
)
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.prediction import Prediction
from napari_segloop.core.regions import Region
from napari_segloop.core.rehearsal import Rehearsal, rehearse
from napari_segloop.core.rehearsaldesk import Desk, check_images
from napari_segloop.core.settings import PredictSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_thread")
ANNOTATOR = AnnotatorSettings()


def images(discs: Make, count: int = 3, value: int = 7) -> list[TrainingImage]:
    found = []
    for seed in range(count):
        image, ids = discs(seed, (96, 64), 5)
        labels = (ids > 0).astype(np.uint8) * value
        found.append(TrainingImage(f"discs {seed}", image[None], labels))
    return found


def test_a_place_is_corrected_paid_and_checked(discs: Make) -> None:
    item = images(discs, 1)[0]
    marked = replace(item, checked=np.indices(item.labels.shape)[1] > 3)
    desk, region = Desk.of(marked, (0, 7), objects=False), Region(30, 0, 32, 32, 0, 0, "")
    first = desk.plane.labels.copy()
    wanted = correct(first, item.labels, desk.plane.checked, region)
    paid = desk.correct(region, ANNOTATOR)
    np.testing.assert_array_equal(desk.plane.labels, wanted.labels)
    assert (paid.seconds, paid.strokes) == (wanted.seconds, wanted.strokes)
    nothing = correct(np.zeros_like(first), item.labels, None, Region(30, 4, 32, 28, 0, 0, ""))
    assert paid.dense_seconds == pytest.approx(nothing.seconds, abs=0.1)
    assert desk.checked.sum() == 32 * 28  # what is no truth cannot be told
    assert not desk.checked[:30].any()
    assert desk.correct(region, ANNOTATOR).strokes == 0  # once is enough
    new = np.where(desk.plane.labels, 0, 7).astype(np.uint8)
    desk.take(Prediction(new), objects=False)
    kept = desk.plane.checked > 0
    np.testing.assert_array_equal(desk.plane.labels, np.where(kept, wanted.labels, new))


def test_three_rounds(discs: Make, quick: Make, run: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    *worked, unseen = images(discs)
    lessons, fit = [], rehearsal.fit

    def overheard(taught: list[TrainingImage], settings: object, *rest: object) -> object:
        lessons.append((taught, settings))
        return fit(taught, settings, *rest)

    monkeypatch.setattr(rehearsal, "fit", overheard)
    settings = RehearsalSettings(rounds=3, places=2, window=32)
    played = rehearse(worked, [unseen], settings, quick(start="none"))
    events, found = run(played)
    rounds = [event for event in events if isinstance(event, RoundScored)]
    assert found.rounds == tuple(rounds)
    assert (found.stopped, found.window) == (False, 32)
    assert [each.round for each in rounds] == [0, 1, 2, 3]
    assert [each.places for each in rounds] == [0, 2, 4, 6]
    assert [each.again for each in rounds] == [False, False, False, True]
    assert [each.steps for each in rounds] == [0, 2, 2, 5]
    assert [settings.afresh for _, settings in lessons] == [False, False, True]
    checked = [sum(int(item.checked.sum()) for item in taught) for taught, _ in lessons]
    assert [each.checked_pixels for each in rounds] == [0, *checked]
    assert checked[0] == 2 * 32 * 32
    for before, after in pairwise(rounds):
        assert after.seconds >= before.seconds + 0.4  # two looks
        assert after.checked_pixels > before.checked_pixels
    assert {item.name for taught, _ in lessons for item in taught} <= {"discs 0", "discs 1"}
    assert found.area == pytest.approx(area_under([(r.seconds, r.dice) for r in rounds]))


def test_the_score_is_that_of_the_model_in_use_on_all_pixels(
    discs: Make, quick: Make, run: Make
) -> None:
    *worked, unseen = images(discs)
    settings = RehearsalSettings(places=3, window=32, how="random")
    loop = Rehearsal(worked, [unseen], settings, quick(start="none", steps=8))
    loop.begin()
    _, scored = run(loop.go_round())
    _, prediction = run(Forecast(loop.model, PredictSettings("cpu", 1)).of(unseen))
    tally = DiceTally((0, 7))
    tally.add(prediction.labels, unseen.labels)
    assert scored.classes == {7: tally.finish().classes[7]}


def test_truth_of_one_class_teaches_nothing_and_the_round_goes_on(
    discs: Make, quick: Make, run: Make
) -> None:
    *worked, unseen = images(discs)
    for item in worked:
        item.labels[:] = 0
        item.labels[0, 0] = 7
    settings = RehearsalSettings(rounds=1, places=1, window=32, how="random", seed=3)
    events, found = run(rehearse(worked, [unseen], settings, quick()))
    (told,) = (event.text for event in events if isinstance(event, Notice))
    assert told.startswith("Round 1 teaches nothing: ")
    assert found.rounds[1].dice == found.rounds[0].dice
    assert (found.rounds[1].accepted, found.rounds[1].steps) == (False, 0)


def test_objects_keep_their_ids_apart_and_stop_keeps_what_is_over(
    discs: Make, quick: Make, run: Make
) -> None:
    worked, unseen = ([TrainingImage(f"{seed}", *discs(seed, (96, 96), 4))] for seed in (0, 1))
    settings = RehearsalSettings(rounds=2, places=2, window=48, how="entropy")
    over: list[RoundScored] = []
    job = rehearse(
        worked, unseen, settings, quick(task="objects", start="none"), None, lambda: len(over) > 1
    )
    found = None
    while found is None:
        try:
            event = next(job)
        except StopIteration as end:
            found = end.value
        else:
            over += [event] if isinstance(event, RoundScored) else []
    assert found.stopped
    assert [each.round for each in found.rounds] == [0, 1]
    assert all(0 <= each.ap50 <= 1 for each in found.rounds)
    assert set(found.rounds[1].classes) == {1}


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        pytest.param(lambda w, u: (w, []), InputError, "2 and 0", id="nothing to score"),
        pytest.param(
            lambda w, u: (w, [replace(u[0], labels=u[0].labels[:-1])]), InputError, "pixels",
            id="other shape",
        ),
        pytest.param(
            lambda w, u: (w, [replace(u[0], image=np.repeat(u[0].image, 2, 0))]), InputError,
            "1 channel", id="other channels",
        ),
        pytest.param(
            lambda w, u: (w, [replace(u[0], labels=u[0].labels * 0)]), TruthError,
            "only scored", id="nothing there",
        ),
        pytest.param(
            lambda w, u: ([replace(i, checked=i.labels > 0) for i in w], u), TruthError,
            "no background", id="no background",
        ),
    ],
)  # fmt: skip
def test_images_that_do_not_fit_are_refused(
    discs: Make, change: Make, error: type[Exception], words: str
) -> None:
    *worked, unseen = images(discs)
    with pytest.raises(error, match=words):
        check_images(*change(worked, [unseen]), "classes")


def test_area_and_time_of_a_curve() -> None:
    rng = np.random.default_rng(1)
    seconds, scores = np.cumsum(rng.uniform(0.5, 3, 6)), rng.uniform(0, 1, 6)
    curve = list(zip([0.0, *seconds], [0.1, *scores], strict=True))
    at = np.linspace(0, 4, 200_001)
    wanted = np.interp(at, *np.array(curve).T).mean()
    assert area_under(curve, 4) == pytest.approx(wanted, abs=1e-4)
    reached = seconds_to(curve, 0.6)
    above = np.flatnonzero(np.interp(at, *np.array(curve).T) >= 0.6)
    assert reached == pytest.approx(at[above[0]], abs=1e-4)
    assert area_under([(0.0, 0.5)]) is None
    assert seconds_to([], 0.5) is None
