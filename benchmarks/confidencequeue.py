"""What each queue of places lets an annotator fix in images that nobody has touched.

Models come ready taught; how rows become tables is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from statistics import mean
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.confidencework import Answer, answer
from napari_segloop.core.annotator import correct
from napari_segloop.core.forecast import Forecast
from napari_segloop.core.ranking import RankSettings
from napari_segloop.core.regions import Region
from napari_segloop.core.strategies import Sight, choose_places, entropy_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.arms import Images
    from benchmarks.harness import Row
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import PredictSettings

OURS, RANDOM, BY_IMAGE = "our queue", "random", "image-mean entropy"
QUEUES = {
    OURS: "ranked",
    "foreground-aware random": "foreground",
    RANDOM: "random",
    "entropy, worst first": "entropy",
    BY_IMAGE: BY_IMAGE,
}
"""By the rule of `choose_places`; the last one has no place in the loop."""
DRAWS = 10  # of what is drawn


def rank(
    model: Model, images: Images, where: PredictSettings, places: tuple[int, int], seed: int
) -> list[Row]:
    """Let the annotator fix the first places of each queue.

    Parameters
    ----------
    model : Model
        The one in use.
    images : list of TrainingImage
        That nobody has touched.
    where : PredictSettings
        Device, threads and number format.
    places : (int, int)
        How many, and their side in pixels.
    seed : int
        Of what is drawn.

    Returns
    -------
    list of dict
        One for each of `QUEUES`; means over ten draws of what is drawn.
    """
    forecast = Forecast(model, where, probabilities=True)
    sights = [_sight(answer(forecast, item), item) for item in images]
    settings = RankSettings(places[1])
    settings = replace(settings, top=max(settings.top, places[0]))
    rows = list["Row"]()
    for name, how in QUEUES.items():
        draws = DRAWS if how in ("foreground", "random") else 1
        seeds = [int(np.random.default_rng([seed, n]).integers(2**31)) for n in range(draws)]
        done = [_fixed(how, sights, settings, places[0], number) for number in seeds]
        keys = done[0].keys()
        rows.append({"queue": name} | {key: mean(each[key] for each in done) for key in keys})
    return rows


def _sight(found: Answer, item: TrainingImage) -> Sight:
    nothing = np.zeros(found.labels.shape, np.uint8)
    entropy = entropy_map(found.probabilities)
    return Sight(found.labels, nothing, item.labels, found.uncertainty, entropy)


def _fixed(
    how: str, sights: Sequence[Sight], settings: RankSettings, count: int, seed: int
) -> dict[str, float]:
    """Fix some places; they do not overlap."""
    if how == BY_IMAGE:
        chosen = _of_worst_images(sights, settings, count)
    else:
        chosen = choose_places(how, sights, settings, count, seed)
    done = [correct(sights[n].labels, sights[n].truth, None, place) for n, place in chosen]
    pixels = sum(each.changed_pixels for each in done)
    seconds = sum(each.seconds for each in done)
    rate = pixels / seconds if seconds else 0.0
    return {"fixed_per_second": rate, "fixed": float(pixels), "fixing_seconds": float(seconds)}


def _of_worst_images(
    sights: Sequence[Sight], settings: RankSettings, count: int
) -> list[tuple[int, Region]]:
    """Go through whole images, those of the largest mean entropy first, window by window."""
    side = settings.window or 0
    means = [0.0 if each.entropy is None else float(each.entropy.mean()) for each in sights]
    return [
        (number, Region(y, x, side, side, 0.0, 0.0, BY_IMAGE))
        for number in sorted(range(len(sights)), key=lambda number: -means[number])
        for y in range(0, sights[number].labels.shape[0] - side + 1, side)
        for x in range(0, sights[number].labels.shape[1] - side + 1, side)
    ][:count]
