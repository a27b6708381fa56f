"""What each way of estimating uncertainty says of unseen images, and what is wrong there.

Models come ready taught; how, and how rows become tables, is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.models import result_of
from napari_segloop.core.errormodel import ErrorModel
from napari_segloop.core.evaluate_uncertainty import UncertaintyTally
from napari_segloop.core.forecast import Forecast
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.modelfile import Model
from napari_segloop.core.normalize import measure
from napari_segloop.core.strategies import entropy_map

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.arms import Images
    from benchmarks.harness import Row
    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.settings import PredictSettings

ENTROPY, LEAST, FAST, CAREFUL = "entropy", "least confidence", "ours, fast", "ours, careful"
FLIPS, ENSEMBLE, NOISE = "eight flips", "checkpoint ensemble", "random"
ESTIMATORS = (ENTROPY, LEAST, FAST, CAREFUL, FLIPS, ENSEMBLE, NOISE)
STATING = (LEAST, FAST, CAREFUL, FLIPS, ENSEMBLE)
"""Those that state a probability of being wrong, which can be right or not."""
FITTED = (FAST, CAREFUL)
CALIBRATION = ("calibration_error_width", "calibration_error_mass", "brier_skill")
FLIP_COUNT = 8


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """What is said of an image.

    Parameters
    ----------
    uncertainty : (Y, X) ndarray of uint8
        The larger, the more likely wrong.
    wrong : (Y, X) ndarray of bool
        Where the label that it is said of is not the true one.
    before : (Y, X) ndarray of uint8, optional
        Probability times 255 that the same passes state without an error model.
    """

    uncertainty: Bytes
    wrong: Mask
    before: Bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A prediction with all its parts.

    Parameters
    ----------
    labels : (Y, X) ndarray of unsigned integer
        Values of the classes.
    uncertainty : (Y, X) ndarray of uint8
        Error probability times 255.
    probabilities : (K, Y, X) ndarray of uint8
        Of the classes, times 255.
    """

    labels: Labels
    uncertainty: Bytes
    probabilities: Bytes

    @property
    def doubt(self) -> Bytes:
        """One minus the largest probability, times 255."""
        doubt: Bytes = 255 - self.probabilities.max(axis=0)
        return doubt


class Estimators:
    """All ways of estimating how likely a label is wrong.

    Parameters
    ----------
    models : sequence of Model
        In use by now, and before; the first one is judged.
    where : PredictSettings
        Device, threads and number format.
    seed : int
        Of the noise.
    """

    def __init__(self, models: Sequence[Model], where: PredictSettings, seed: int) -> None:
        now, *earlier = models
        self._values = np.array(now.info.values)
        careful = replace(where, quality="careful")
        self._fast, self._careful = Forecast(now, where), Forecast(now, careful)
        self._once = Forecast(plain(now), where, probabilities=True)
        self._twice = Forecast(plain(now), careful, probabilities=True)
        self._earlier = [Forecast(plain(model), where, probabilities=True) for model in earlier]
        self._random = np.random.default_rng(seed)

    def of(self, item: TrainingImage) -> Iterator[tuple[str, Estimate]]:
        """Estimate an image in each way.

        Parameters
        ----------
        item : TrainingImage
            With its whole truth.

        Yields
        ------
        str
            One of `ESTIMATORS`.
        Estimate
            What it says.
        """
        item = replace(item, statistics=measure([ArrayPlane(item.image)]))  # alike for all flips
        once, twice = answer(self._once, item), answer(self._twice, item)
        fast, careful = (stated(each, item) for each in (self._fast, self._careful))
        wrong = once.labels != item.labels
        index = np.searchsorted(self._values, once.labels)
        flips = [once.probabilities, *(self._flipped(item, flip) for flip in range(1, FLIP_COUNT))]
        members = [answer(forecast, item).probabilities for forecast in self._earlier]
        yield ENTROPY, Estimate(entropy_map(once.probabilities), wrong)
        yield LEAST, Estimate(once.doubt, wrong)
        yield FAST, Estimate(fast, wrong, once.doubt)
        yield CAREFUL, Estimate(careful, twice.labels != item.labels, twice.doubt)
        yield FLIPS, Estimate(doubt_in(index, flips), wrong)
        yield ENSEMBLE, Estimate(doubt_in(index, [once.probabilities, *members]), wrong)
        noise = self._random.integers(256, size=wrong.shape, dtype=np.uint8)
        yield NOISE, Estimate(noise, wrong)

    def _flipped(self, item: TrainingImage, flip: int) -> Bytes:
        seen = replace(item, image=flipped(item.image, flip))
        return unflipped(answer(self._once, seen).probabilities, flip)


def plain(model: Model) -> Model:
    """Return a model that states its own doubt, and looks twice at the same tiles.

    Parameters
    ----------
    model : Model
        Any; left as it is.

    Returns
    -------
    Model
        With the same network.
    """
    above = (model.info.errors or ErrorModel()).careful_above
    return Model(replace(model.info, errors=ErrorModel(careful_above=above)), model.network)


def stated(forecast: Forecast, item: TrainingImage) -> Bytes:
    """Return the error probability of an image.

    Parameters
    ----------
    forecast : Forecast
        Of a model.
    item : TrainingImage
        Its pixels.

    Returns
    -------
    (Y, X) ndarray of uint8
        Times 255.
    """
    found = result_of(forecast.of(item))
    if found is None or found.uncertainty is None:
        msg = "a prediction that nobody stopped"
        raise ValueError(msg)
    return found.uncertainty


def answer(forecast: Forecast, item: TrainingImage) -> Answer:
    """Predict an image.

    Parameters
    ----------
    forecast : Forecast
        That was asked for probabilities.
    item : TrainingImage
        Its pixels.

    Returns
    -------
    Answer
        Whole.
    """
    found = result_of(forecast.of(item))
    if found is None or found.uncertainty is None or found.probabilities is None:
        msg = "a prediction that nobody stopped, with all its parts"
        raise ValueError(msg)
    return Answer(found.labels, found.uncertainty, found.probabilities)


def flipped(image: Array, flip: int) -> Array:
    """Turn an image by quarters, and mirror it then.

    Parameters
    ----------
    image : (C, Y, X) ndarray
        Any.
    flip : int
        0 to 7; 0 leaves it as it is.

    Returns
    -------
    ndarray
        A copy; rows and columns may have changed places.
    """
    turned = np.rot90(image, flip % 4, (-2, -1))
    return np.ascontiguousarray(turned[..., ::-1] if flip >= 4 else turned)


def unflipped(image: Bytes, flip: int) -> Bytes:
    """Undo `flipped`.

    Parameters
    ----------
    image : (C, Y, X) ndarray of uint8
        Flipped.
    flip : int
        The same.

    Returns
    -------
    ndarray of uint8
        As it was.
    """
    return np.rot90(image[..., ::-1] if flip >= 4 else image, -flip % 4, (-2, -1))


def doubt_in(index: Labels, passes: Sequence[Bytes]) -> Bytes:
    """Return one minus the mean probability of the labels at hand.

    Parameters
    ----------
    index : (Y, X) ndarray of integer
        Class number of each label.
    passes : sequence of (K, Y, X) ndarray of uint8
        Probabilities times 255.

    Returns
    -------
    (Y, X) ndarray of uint8
        Times 255.
    """
    total = np.sum([np.take_along_axis(each, index[None], 0)[0] for each in passes], 0, np.float32)
    return np.rint(255 - total / len(passes)).astype(np.uint8)


def judge(models: Sequence[Model], images: Images, where: PredictSettings, seed: int) -> list[Row]:
    """Compare what each estimator says with the errors there are.

    Parameters
    ----------
    models : sequence of Model
        As in `Estimators`.
    images : list of TrainingImage
        Unseen; every pixel counts.
    where : PredictSettings
        Device, threads and number format.
    seed : int
        Of the noise.

    Returns
    -------
    list of dict
        One for each of `ESTIMATORS`.
    """
    ways = Estimators(models, where, seed)
    after = {name: UncertaintyTally() for name in ESTIMATORS}
    before = {name: UncertaintyTally() for name in FITTED}
    for item in images:
        for name, said in ways.of(item):
            after[name].add(said.uncertainty, said.wrong)
            if said.before is not None:
                before[name].add(said.before, said.wrong)
    rows = {name: {"estimator": name, **tally.finish().to_dict()} for name, tally in after.items()}
    for name in rows.keys() - set(STATING):
        rows[name] |= dict.fromkeys(CALIBRATION)
    for name, tally in before.items():
        found = tally.finish().to_dict()
        rows[name] |= {f"{kind}_before": found[kind] for kind in CALIBRATION}
    rows[ENSEMBLE]["members"] = len(models)
    return list(rows.values())
