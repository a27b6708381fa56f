"""Fits the rule by which looks are compared, on images of many kinds; one family can be left out.

`main` prints the rule that `core/looks.py` has.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage, optimize

from benchmarks.unlikedraw import draw
from benchmarks.unlikesets import CHANGES, KINDS, Picture, family, pictures
from napari_segloop.core.alikeness import apart, varied_looks
from napari_segloop.core.appearance import CONTRAST, COUNT, look_at
from napari_segloop.core.images import ArrayPlane, to_float
from napari_segloop.core.looks import FARTHEST, Rule, distances, inversion, softened
from napari_segloop.core.normalize import from_file, measure
from napari_segloop.samples.scenes import KINDS as SCENES
from napari_segloop.samples.scenes import scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_segloop.core.images import Array

MOST = 40  # images of a kind
SCENES_EACH, SCENE_SIDE, PARTS = 6, 768, 9
MADE_WEIGHT = 0.25  # of a made scene, when a real kind has 1
PAIRS, MADE_PAIRS = 40, 6
DRAWS = 6
CALM = 20.0  # a false alarm is as bad as so many misses
PENALTY = 0.02
SHARE = 0.4  # of how far those that taught lie apart
QUIET = 0.99
QUIET_OTHERS = 0.996  # unseen images of the same kind that are not flagged, at least
LEAST_INVERTED = 1.5
QUARTILE = 0.75
OF_CHANGES = {"noise": 2, "impulses": 0.5, "inverted": 1, "blurred": 1.3, "larger": 1, "smaller": 1}
OF_OTHERS = 5.0
Tests = tuple["Array", "Array", "Array", "Array"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """How an image looks: as it is, softer, noisier, and changed.

    Parameters
    ----------
    source : str
        As of a picture.
    varied : (3, 1, N) ndarray
        Looks.
    changed : tuple of ((1, N) ndarray)
        Looks, in the order of `CHANGES`; none of most made scenes.
    """

    source: str
    varied: Array
    changed: tuple[Array, ...]


def main() -> None:
    """Print the rule, fitted on all kinds."""
    rule = fit("")
    for name in ("units", "weights", "floors", "apart"):
        print(f"    {name}={tuple(round(float(x), 4) for x in getattr(rule, name))},")
    print(f"    polar={rule.polar:.2f},\n    soft={rule.soft:.2f},")


@cache
def looks() -> dict[str, list[Seen]]:
    """Look at all images once."""
    jobs = [(kind, one, True) for kind in KINDS for one in _some(kind)]
    jobs += [(f"{kind} {n}", one, k < 3) for kind, n, k, one in _scenes()]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(_seen, jobs, chunksize=8))
    by_kind: dict[str, list[Seen]] = {}
    for (kind, *_), seen in zip(jobs, found, strict=True):
        by_kind.setdefault(kind, []).append(seen)
    return by_kind


def _some(kind: str) -> list[Picture]:
    known = [one for one in pictures(kind) if len(one.pixels) == 1]
    return [known[n] for n in np.random.default_rng(0).permutation(len(known))[:MOST]]


def _scenes() -> Iterator[tuple[str, int, int, Picture]]:
    """Cut made scenes into images of one kind, each taken a little differently."""
    side = SCENE_SIDE // 3
    for kind in SCENES:
        for number in range(SCENES_EACH):
            whole = scene(1000 + number, (SCENE_SIDE, SCENE_SIDE), kind).image
            chance = np.random.default_rng(number)
            for part in range(PARTS):
                y, x = part // 3 * side, part % 3 * side
                image = _taken(whole[y : y + side, x : x + side], chance)
                yield kind, number, part, Picture(str(part), image[None])


def _taken(image: Array, chance: np.random.Generator) -> Array:
    size, soft = np.exp(chance.uniform(-0.16, 0.16)), chance.uniform(0, 0.8)
    image = ndimage.gaussian_filter(ndimage.zoom(image.astype(float), size, order=1), soft)
    image = image + chance.normal(0, chance.uniform(0, 0.15), image.shape)
    low, reach = image.min(), np.ptp(image)
    return ((image - low) / reach) ** np.exp(chance.uniform(-0.25, 0.25)) * reach + low


def _seen(job: tuple[str, Picture, bool]) -> Seen:
    _, picture, is_changed = job
    chance = np.random.default_rng(0)
    image = picture.pixels
    plane = ArrayPlane(image)
    numbers = from_file(measure([plane]), "file")
    changed = [change(image, chance) for change in CHANGES.values()] if is_changed else []
    return Seen(
        picture.source,
        varied_looks(numbers.apply(to_float(image)[0])),
        tuple(_look(each) for each in changed),
    )


def _look(image: Array) -> Array:
    plane = ArrayPlane(image.astype(np.float32))
    return look_at(plane, from_file(measure([plane]), "file"))


@cache
def fit(without: str) -> Rule:
    """Fit the rule.

    Parameters
    ----------
    without : str
        Family of kinds to leave out, as `unlikesets.family` names it.

    Returns
    -------
    Rule
        Distances in units of the limit for one image.
    """
    kinds = {kind: seen for kind, seen in looks().items() if family(kind) != without}
    own = [np.stack([one.varied[0, 0] for one in seen]) for seen in kinds.values()]
    units = np.quantile([each.std(axis=0, ddof=1) for each in own], QUARTILE, axis=0) + 1e-6
    weights = _weights(kinds, units)
    blank = Rule(tuple(units.tolist()), tuple(weights.tolist()), (), (), 1.0, 1.0)
    real = [kinds[kind] for kind in KINDS if kind in kinds]
    tests = {taught: [_tests(seen, taught, blank) for seen in real] for taught in (1, 2, 3)}
    limits = [_limits(tests[taught]) for taught in (1, 2, 3)]
    scale = limits[0][0]
    floors = tuple(floor / scale for floor, _ in limits)
    apart_ = tuple(times for _, times in limits)
    every = [each for taught in (1, 2, 3) for each in tests[taught]]
    softest = [
        lost / np.maximum(floor, times * wide / scale) ** 2
        for taught, floor, times in zip((1, 2, 3), floors, apart_, strict=True)
        for _, wide, _, lost in tests[taught]
    ]
    return replace(
        blank,
        weights=tuple((weights / scale).tolist()),
        floors=floors,
        apart=apart_,
        polar=max(_quantile([each[2] for each in every], QUIET_OTHERS), LEAST_INVERTED),
        soft=_quantile(softest, QUIET_OTHERS),
    )


def _tests(seen: Sequence[Seen], taught: int, rule: Rule) -> Tests:
    """Return of unseen images: distances, how far what taught lies apart, inversion, softness."""
    found = []
    for seed in range(DRAWS):
        teach, unseen = draw(seen, taught, np.random.default_rng([seed, taught]))
        known = np.concatenate([one.varied for one in teach])
        names = [one.source for one in teach]
        files = [names.index(name) for name in names]
        wide = apart(np.stack([one.varied for one in teach]), files, rule)
        for one in unseen:
            look = one.varied[0]
            far = distances(look, known, rule).min()
            found.append((far, wide, inversion(look, known, rule), softened(look, known)))
    return tuple(np.array(found).T)


def _limits(tests: Sequence[Tests]) -> tuple[float, float]:
    """Return the limit at least, and as a multiple of how far those that taught lie apart."""
    floor = _quantile([far for far, *_ in tests], 0.5)
    ratios = [far / np.maximum(SHARE * wide, floor) for far, wide, *_ in tests]
    most = _quantile(ratios, QUIET)
    return float(floor * most), float(SHARE * most)


def _quantile(of_kinds: Sequence[Array], share: float) -> float:
    """Return a quantile in which every kind has the same weight."""
    weights = np.concatenate([np.full(len(each), 1 / len(each)) for each in of_kinds])
    values = np.concatenate(of_kinds)
    order = np.argsort(values)
    summed = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(np.searchsorted(summed, share), len(order) - 1)])


def _weights(kinds: dict[str, list[Seen]], units: Array) -> Array:
    """Fit what each number counts to tell images of other kinds from those of the same."""
    rows = list(_pairs(kinds))
    apart_, unlike, much = (np.array(column) for column in zip(*rows, strict=True))
    near = np.minimum(np.abs(apart_) / units, FARTHEST)
    near[:, CONTRAST] = 0  # says how an image was taken, not of what
    much = much * np.where(unlike, 1.0, CALM)
    much /= much.sum()
    sign = np.where(unlike, -1.0, 1.0)

    def loss(numbers: Array) -> tuple[float, Array]:
        margin = sign * (near @ numbers[:-1] + numbers[-1])
        pull = much * sign / (1 + np.exp(-margin))
        slope = np.append(near.T @ pull + 2 * PENALTY * numbers[:-1], pull.sum())
        value = (much * np.logaddexp(0, margin)).sum() + PENALTY * (numbers[:-1] ** 2).sum()
        return float(value), slope

    start = np.append(np.full(COUNT, 0.05), -1.0)
    bounds = [(0, None)] * COUNT + [(None, None)]
    return optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]


def _pairs(kinds: dict[str, list[Seen]]) -> Iterator[tuple[Array, bool, float]]:
    """Yield differences of two looks, whether they are unlike, and how much they count."""
    chance = np.random.default_rng(0)
    names = list(kinds)
    whole = sum(OF_CHANGES.values()) + OF_OTHERS
    for kind, seen in kinds.items():
        count = PAIRS if kind in KINDS else MADE_PAIRS
        much = (1.0 if kind in KINDS else MADE_WEIGHT) / count
        for _ in range(count):
            one, other = (seen[n] for n in chance.choice(len(seen), 2, replace=False))
            known = one.varied[0, 0]
            yield other.varied[0, 0] - known, False, much
            for name, look in zip(CHANGES, other.changed, strict=False):
                yield look[0] - known, True, much * OF_CHANGES[name] / whole
            for _ in range(2):
                far = kinds[_another(names, kind, chance)]
                look = far[chance.integers(len(far))].varied[0, 0]
                yield look - known, True, much * OF_OTHERS / whole / 2


def _another(names: Sequence[str], kind: str, chance: np.random.Generator) -> str:
    while True:
        other = names[chance.integers(len(names))]
        if family(other) != family(kind) and other[:-1] != kind[:-1]:
            return other
