"""The tables of confidence beside the targets U1 to U3 of the design.

They know names of values, not how those came about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.confidencecourse import TESTS, UNTOUCHED
from benchmarks.confidencemeans import ALL, spread
from benchmarks.confidencequeue import DRAWS, QUEUES
from benchmarks.confidenceusers import CHECKS, SIDE, USERS
from benchmarks.confidenceusers import DRAWS as DRAWS_OF_USERS
from benchmarks.confidencework import ENSEMBLE, ESTIMATORS, STATING
from benchmarks.document import Column, Section, value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.harness import Row

NAME = "confidence"
SPREAD = (
    "Means over the seeds named, with the 95 % t interval, or from least to most where there are "
    f"two; *{ALL}* is the mean over the sets, seed by seed."
)


def sections(sets: Sequence[str], rounds: Sequence[int], text: str) -> tuple[Section, ...]:
    """Describe the four tables.

    Parameters
    ----------
    sets : sequence of str
        That there should be rows of.
    rounds : sequence of int
        After which there should be.
    text : str
        What is played.

    Returns
    -------
    tuple of Section
        To be written with the rows of `means`.
    """
    at = [{"set": name, "round": number} for name in (*sets, ALL) for number in rounds]
    every = tuple(key | {"estimator": name} for key in at for name in estimators(key["round"]))
    stating = tuple(key for key in every if key["estimator"] in STATING)
    queues = tuple(key | {"queue": name} for key in at for name in QUEUES)
    users = tuple(key | {"user": name} for key in at for name in USERS)
    return _finding(every, text), _calibration(stating), _ranking(queues), _agreement(users)


def estimators(number: object) -> tuple[str, ...]:
    """Return what is measured after a round: after the first one there are no earlier models."""
    return tuple(name for name in ESTIMATORS if name != ENSEMBLE or number != 1)


def _finding(keys: tuple[Row, ...], text: str) -> Section:
    return Section(
        NAME,
        "Confidence: finding errors",
        f"{text} Then the model in use estimates how likely each label is wrong, on at most "
        f"{TESTS} unseen images, drawn with the seed. Wrong is a label that differs from the "
        "truth; every pixel counts, those on borders too, and estimates are bytes. *Entropy* and "
        "*least confidence* (one minus the largest probability, at the model's temperature) are "
        "of one pass without more; of two classes they differ by rounding alone. *Ours, fast* "
        "makes of that pass the product's error probability. *Ours, careful* passes twice where "
        "the network is not sure, and is judged on its own labels; all others on those of the one "
        "pass. *Eight flips* and *checkpoint ensemble* state one minus the mean probability of "
        "those labels, over the eight flips and quarter turns, and over the models in use after "
        "this round and the two before, each "
        "once. *Random* is noise. U1: AUROC for wrong pixels, and that beside entropy's. "
        "Targets: 0.88, and 0.02 more than entropy or at most 0.8 of its 1 - AUROC. U2: share of "
        f"errors in the most uncertain pixels. Targets: 0.55 in 12 %, 0.80 in 25 %. {SPREAD}",
        (
            *_where("estimator"),
            Column("Dice", spread("dice")),
            Column("U1: AUROC", spread("auroc")),
            Column("minus entropy's", spread("minus_entropy", "+.3f")),
            Column("(1 - AUROC) / entropy's", spread("of_entropy", ".2f")),
            Column("U2: errors in 12 %", spread("captured_12")),
            Column("errors in 25 %", spread("captured_25")),
        ),
        keys,
    )


def _calibration(keys: tuple[Row, ...]) -> Section:
    return Section(
        f"{NAME}: calibration",
        "Confidence: stated and found",
        "U3, on the same pixels: mean difference between the stated and the found share of "
        "errors over 20 bins of equal width, and of equal mass, and how much better the Brier "
        "score is than that of always stating the share of errors. *Before* is what the same "
        "passes state without the error model. Targets: at most 0.03 in both kinds of bins, a "
        "skill above 0, and after / before at most 0.4, or after at most 0.015. Entropy and noise "
        f"state no probability. {SPREAD}",
        (
            *_where("estimator"),
            Column("regions fitted on", spread("regions", ".0f")),
            Column("equal width", spread("calibration_error_width")),
            Column("before", spread("calibration_error_width_before")),
            Column("after / before", spread("width_ratio", ".2f")),
            Column("equal mass", spread("calibration_error_mass")),
            Column("before", spread("calibration_error_mass_before")),
            Column("after / before", spread("mass_ratio", ".2f")),
            Column("Brier skill", spread("brier_skill")),
            Column("before", spread("brier_skill_before")),
        ),
        keys,
        NAME,
    )


def _ranking(keys: tuple[Row, ...]) -> Section:
    return Section(
        f"{NAME}: ranking",
        "Confidence: first places",
        f"With the same models, on at most {UNTOUCHED} images that nobody has touched: others of "
        "the training split, or the unseen ones where there are none. The simulated annotator "
        "fixes the first places of each queue: ours (error probability off the borders, summed), "
        "windows drawn around true classes and anywhere (means over "
        f"{DRAWS} draws), those of the largest mean entropy, and all windows of the images of the "
        f"largest mean entropy, image after image. {SPREAD}",
        (
            *_where("queue"),
            Column("pixels fixed a second", spread("fixed_per_second", ".0f")),
            Column("over random", spread("of_random", ".2f")),
            Column("pixels fixed", spread("fixed", ".0f")),
            Column("seconds", spread("fixing_seconds", ".1f")),
        ),
        keys,
        NAME,
    )


def _agreement(keys: tuple[Row, ...]) -> Section:
    return Section(
        f"{NAME}: agreement",
        "Confidence: how well everything agrees",
        f"U4: {DRAWS_OF_USERS} simulated users for each model, on the same unseen images, "
        f"predicted once: each checks {CHECKS} places of {SIDE} px drawn at random (all where "
        "there are fewer). *Covered*: how often the true mean Dice of these images lies in the "
        "stated 90 % interval; *width* is its median; *off* is how far the estimates lie from the "
        "truth on average. *Alone*: an interval by jackknife from the same places without the "
        "network's error probabilities. Who errs believes the network in 5 % of all pixels, in "
        "blots of 4 px, whatever is true; who skips leaves out a third of the places, by chance. "
        f"Targets: covered at least 0.87, width at most 0.08. {SPREAD}",
        (
            *_where("user"),
            Column("places there are", spread("cells", ".0f")),
            Column("covered", spread("covered", ".2f")),
            Column("width", spread("width")),
            Column("off", spread("off", "+.3f")),
            Column("covered, alone", spread("covered_alone", ".2f")),
            Column("width, alone", spread("width_alone")),
        ),
        keys,
        NAME,
    )


def _where(kind: str) -> tuple[Column, ...]:
    names = ("set", "round", kind)
    columns = tuple(Column(name, value(name)) for name in names)
    return (*columns, Column("seeds", lambda row: ", ".join(str(n) for n in row["seeds"])))
