"""Learning curves against the targets of the design: what rows of rounds say of L1, L2 and L3.

It knows rows, not how they came about.
"""

from __future__ import annotations

from statistics import geometric_mean, mean
from typing import TYPE_CHECKING

from benchmarks.arms import FASTAI, FOREST, FULL, LOOPS, OURS
from benchmarks.document import Column, Section, number, value
from benchmarks.harness import MACHINE, Row, has
from napari_segloop.core.learningcurve import area_under, seconds_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Curve = list[tuple[float, float]]
    Pair = tuple[str, int]

NAME = "curves: targets"
SHARE = 0.9  # of the fully labelled model's Dice
MEAN = "mean"
FOREGROUND, RANDOM, ENTROPY = list(LOOPS)[1:]
AREAS = {"area_foreground": FOREGROUND, "area_random": RANDOM, "area_entropy": ENTROPY}
RATIOS = ("ratio", "ratio_anew", *AREAS)
DIFFERENCES = ("full", "forest_1", "forest_3", "removed_3", "fastai_1", "fastai_3")
AT_LEAST, AT_MOST, ABOUT = "\u2265 ", "\u2264 ", "~ "


def targets(pairs: tuple[Pair, ...]) -> Section:
    """Describe the table of targets.

    Parameters
    ----------
    pairs : tuple of (str, int)
        Sets and seeds.

    Returns
    -------
    Section
        To be written with the rows of `derived`.
    """
    columns = [
        Column("set", value("set")),
        Column("seed", value("seed")),
        Column("everything labelled", number("full", 3)),
        Column("ours, s to 90 %", number("ours", 1)),
        Column("L1: random / ours", _bounded("ratio")),
        Column("L1: random, painted anew / ours", _bounded("ratio_anew")),
    ]
    columns += [Column(f"L2: against {arm}", number(name, 2)) for name, arm in AREAS.items()]
    columns += [
        Column("L3: forest, round 1", _signed("forest_1")),
        Column("forest, round 3", _signed("forest_3")),
        Column("its error removed", number("removed_3", 2)),
        Column("fastai, round 1", _signed("fastai_1")),
        Column("fastai, round 3", _signed("fastai_3")),
    ]
    return Section(
        NAME,
        "Learning curves: targets",
        "From the table above. L1: seconds of the annotator until a model reaches 90 % of the Dice "
        "of the one that was taught with everything labelled, random places over our loop's; once "
        "with the annotator correcting masks as ours does, once painting the random places anew; "
        "\u2265 where random places did not get there in all rounds, \u2264 where ours did not, "
        "empty where neither did, ~ where a mean is of both kinds. Target: 2. L2: area under our "
        "curve over that of another way of choosing, up to the time at which the first of the two "
        "ends. Targets: 1.00 against foreground-aware random, 1.10 against random. L3: our Dice "
        "minus that of the forest on the same pixels, and the share of its error that is gone. "
        "Means are geometric for ratios. "
        "Targets: round 1 not below -0.02; round 3 at least +0.05, or a quarter of the error.",
        tuple(columns),
        tuple({"set": name, "seed": seed} for name, seed in (*pairs, (MEAN, None))),
        "curves",
    )


def derived(rows: Sequence[Row], pairs: Iterable[Pair]) -> list[Row]:
    """Compute the targets from rows.

    Parameters
    ----------
    rows : sequence of dict
        All rounds of all arms, oldest first.
    pairs : iterable of (str, int)
        Sets and seeds.

    Returns
    -------
    list of dict
        A row for each machine, set and seed that our loop has rows of, and their means.
    """
    found: list[Row] = []
    for machine in dict.fromkeys(tuple(row[name] for name in MACHINE) for row in rows):
        here = [row for row in rows if has(row, dict(zip(MACHINE, machine, strict=True)))]
        made = [_derive(here, pair) for pair in pairs]
        made = [row for row in made if row is not None]
        found += [*made, *_mean(made)]
    return found


def _derive(rows: Sequence[Row], pair: Pair) -> Row | None:
    """Compute the targets of one set and seed; those that lack rows stay away."""
    mine = [row for row in rows if (row["set"], row["seed"]) == pair]
    last = next((row for row in reversed(mine) if row["arm"] == OURS), None)
    if last is None:
        return None
    mine = [row for row in mine if has(row, {name: last[name] for name in ("quick", "source")})]
    curves = {arm: _curve(mine, arm, "seconds") for arm in LOOPS}
    made = {name: item for name, item in last.items() if name not in ("arm", "round", "dice")}
    made |= {"full": _dice(mine, FULL, 1)}
    made |= _times(mine, curves, made["full"])
    made |= {name: _areas(curves[OURS], curves[arm]) for name, arm in AREAS.items()}
    return made | _differences(mine, "forest", FOREST) | _differences(mine, "fastai", FASTAI)


def _differences(rows: Sequence[Row], label: str, arm: str) -> Row:
    """Compare with what learnt from the same pixels, after rounds 1 and 3."""
    made: Row = {}
    for at in (1, 3):
        ours, theirs = _dice(rows, OURS, at), _dice(rows, arm, at)
        if ours is not None and theirs is not None:
            made[f"{label}_{at}"] = ours - theirs
            if arm == FOREST and theirs < 1:
                made[f"removed_{at}"] = (ours - theirs) / (1 - theirs)
    return made


def _times(rows: Sequence[Row], curves: dict[str, Curve], full: float | None) -> Row:
    """Compare when 90 % are reached; a curve that does not get there gives a bound."""
    if full is None or not curves[OURS]:
        return {}
    made: Row = {"ours": seconds_to(curves[OURS], SHARE * full)}
    theirs = {"ratio": curves[RANDOM], "ratio_anew": _curve(rows, RANDOM, "dense_seconds")}
    for name, curve in theirs.items():
        reached = seconds_to(curve, SHARE * full) if curve else None
        if curve and (made["ours"], reached) != (None, None):
            later = curve[-1][0] if reached is None else reached
            sooner = curves[OURS][-1][0] if made["ours"] is None else made["ours"]
            made[name] = later / sooner if sooner else None
            made[f"{name}_bound"] = AT_LEAST if reached is None else ""
            if made["ours"] is None:
                made[f"{name}_bound"] = AT_MOST
    return made


def _areas(ours: Curve, theirs: Curve) -> float | None:
    if min(len(ours), len(theirs)) < 2:
        return None
    end = min(ours[-1][0], theirs[-1][0])
    first, second = area_under(ours, end), area_under(theirs, end)
    return first / second if first and second else None


def _curve(rows: Sequence[Row], arm: str, seconds: str) -> Curve:
    """Return the newest rows of an arm as a curve."""
    newest = {row["round"]: row for row in rows if row["arm"] == arm}
    return [(newest[n][seconds], newest[n]["dice"] or 0.0) for n in sorted(newest)]


def _dice(rows: Sequence[Row], arm: str, number_of_round: int) -> float | None:
    wanted = {"arm": arm, "round": number_of_round}
    return next((row["dice"] for row in reversed(rows) if has(row, wanted)), None)


def _mean(rows: Sequence[Row]) -> list[Row]:
    """Average the columns over sets and seeds; ratios that are bounds make their mean one."""
    if not rows:
        return []
    mean_row = rows[-1] | {"set": MEAN, "seed": None, "ours": None}
    for name in (*RATIOS, *DIFFERENCES):
        known = [row for row in rows if row.get(name) is not None]
        average = geometric_mean if name in RATIOS else mean
        mean_row[name] = average(row[name] for row in known) if known else None
        bounds = {row.get(f"{name}_bound", "") for row in known}
        mean_row[f"{name}_bound"] = ABOUT if {AT_LEAST, AT_MOST} <= bounds else max(bounds or {""})
    return [mean_row]


def _signed(name: str) -> Callable[[Row], str]:
    return lambda row: "" if row.get(name) is None else f"{row[name]:+.3f}"


def _bounded(name: str) -> Callable[[Row], str]:
    def show(row: Row) -> str:
        if row.get(name) is None:
            return ""
        return f"{row.get(f'{name}_bound', '')}{row[name]:.1f}"

    return show
