"""Rows of confidence beside their peers, and over seeds and sets, shown with intervals.

It knows the names of values, not what a table says of them.
"""

from __future__ import annotations

from statistics import mean, stdev
from typing import TYPE_CHECKING

from scipy.stats import t

from benchmarks.confidencequeue import RANDOM
from benchmarks.confidencework import CALIBRATION, ENTROPY
from benchmarks.harness import MACHINE, Row, has

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ALL = "all"
KIND = ("set", "seed", "round", "estimator", "queue", "user")
MEASURED = (
    "dice",
    "regions",
    "auroc",
    "captured_12",
    "captured_25",
    *CALIBRATION,
    *(f"{name}_before" for name in CALIBRATION),
    "fixed_per_second",
    "fixed",
    "fixing_seconds",
    "cells",
    "covered",
    "width",
    "off",
    "covered_alone",
    "width_alone",
)
COMPARED = ("minus_entropy", "of_entropy", "width_ratio", "mass_ratio", "of_random")
VALUES = (*MEASURED, *COMPARED, "seed")
LEVEL = 0.95


def spread(name: str, digits: str = ".3f") -> Callable[[Row], str]:
    """Return a function that shows the mean of a row's values over seeds, and their interval.

    Parameters
    ----------
    name : str
        Of the values.
    digits : str
        Format of a number.

    Returns
    -------
    callable
        Row to text: empty without values, one alone where there is one, from least to most where
        there are two.

    Examples
    --------
    >>> spread("auroc", ".2f")({"auroc": [0.8, 0.9, 1.0]})
    '0.90 ± 0.25'
    """

    def show(row: Row) -> str:
        values = row.get(name) or []
        if not values:
            return ""
        middle = f"{mean(values):{digits}}"
        if len(values) == 1:
            return middle
        if len(values) == 2:
            return f"{middle} ({min(values):{digits}} to {max(values):{digits}})"
        half = t.ppf((1 + LEVEL) / 2, len(values) - 1) * stdev(values) / len(values) ** 0.5
        return f"{middle} \u00b1 {half:{digits.lstrip('+')}}"

    return show


def means(rows: Iterable[Row], keys: Sequence[Row]) -> list[Row]:
    """Gather the values over seeds, and over sets.

    Parameters
    ----------
    rows : iterable of dict
        All that was measured, oldest first.
    keys : sequence of dict
        Set, round, and estimator, queue or user of the rows wanted.

    Returns
    -------
    list of dict
        For each machine and key that has any, lists of values, and the seeds that they are of.
    """
    rows = list(rows)
    found = list[Row]()
    for machine in dict.fromkeys(tuple(row[name] for name in MACHINE) for row in rows):
        here = _current(row for row in rows if tuple(row[name] for name in MACHINE) == machine)
        here = [row | _compared(row, here) for row in here]
        here += _over_sets(here)
        groups = ([row for row in here if has(row, key)] for key in keys)
        found += [_gathered(group) for group in groups if group]
    return found


def _current(rows: Iterable[Row]) -> list[Row]:
    """Keep the newest row of each kind, of one source for each set."""
    newest = {tuple(row.get(name) for name in KIND): row for row in rows}
    ordered = sorted(newest.values(), key=lambda row: str(row["time"]))
    last = {row["set"]: _origin(row) for row in ordered}
    kept = [row for row in ordered if _origin(row) == last[row["set"]]]
    return sorted(kept, key=lambda row: int(row["seed"]))


def _origin(row: Row) -> tuple[object, object]:
    return row["source"], row["quick"]


def _compared(row: Row, peers: Sequence[Row]) -> Row:
    """Compare a row with those of the same model, and with what was stated before."""
    same = {name: row[name] for name in ("set", "seed", "round")}

    def peer(**kind: str) -> Row:
        return next((each for each in peers if has(each, same | kind)), {})

    made: Row = {}
    entropy = peer(estimator=ENTROPY).get("auroc")
    if row.get("auroc") is not None and entropy is not None:
        made["minus_entropy"] = row["auroc"] - entropy
        made["of_entropy"] = (1 - row["auroc"]) / (1 - entropy) if entropy < 1 else None
    if "queue" in row:
        rate = peer(queue=RANDOM).get("fixed_per_second")
        made["of_random"] = row["fixed_per_second"] / rate if rate else None
    for name, ratio in zip(CALIBRATION[:2], COMPARED[2:4], strict=True):
        before = row.get(f"{name}_before")
        made[ratio] = row[name] / before if before else None
    return made


def _over_sets(rows: Sequence[Row]) -> list[Row]:
    """Average over the sets, seed by seed; a seed that lacks one of the sets there is left out."""
    sets = {row["set"] for row in rows}
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(name) for name in KIND[1:]), []).append(row)
    return [
        max(group, key=lambda row: str(row["time"]))
        | {name: _mean([row.get(name) for row in group]) for name in VALUES}
        | {"set": ALL, "seed": group[0]["seed"]}
        for group in groups.values()
        if len(group) == len(sets)
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None


def _gathered(group: Sequence[Row]) -> Row:
    """Put the values of some seeds beside each other."""
    row = max(group, key=lambda row: str(row["time"]))
    lists = {name: [r[name] for r in group if r.get(name) is not None] for name in VALUES}
    return row | lists | {"seeds": lists["seed"]}
