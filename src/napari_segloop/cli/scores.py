"""Scores of an evaluation as tables for people; ``--json`` has them under their short names.

It does not know how a score comes about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.cli.report import table

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECT_ROWS = {
    "found": "matched{}",
    "false": "false{}",
    "missed": "missed{}",
    "average precision (AP)": "ap{}",
}
UNCERTAINTY_ROWS = {
    "pixels judged": "pixels",
    "wrong pixels": "errors",
    "chance that a wrong pixel is more uncertain than a right one (AUROC)": "auroc",
    "share of the wrong pixels in the 12 % most uncertain": "captured_12",
    "share of the wrong pixels in the 25 % most uncertain": "captured_25",
    "stated minus found share of errors, mean over bins of equal width": "calibration_error_width",
    "the same over bins of equally many pixels": "calibration_error_mass",
    "gain over one percentage for all pixels (Brier skill)": "brier_skill",
}


def class_table(scores: Mapping[str, object]) -> str:
    """Return agreement of classes.

    Parameters
    ----------
    scores : mapping
        Of a `DiceResult`.

    Returns
    -------
    str
        One line for each class, then the mean.
    """
    classes = scores["classes"]
    rows = list(classes.items()) if isinstance(classes, dict) else []
    return table(["class", "Dice"], [*rows, ("mean without 0", scores["dice"])])


def object_table(scores: Mapping[str, object]) -> str:
    """Return agreement of objects at both overlaps.

    Parameters
    ----------
    scores : mapping
        Of an `ObjectResult`.

    Returns
    -------
    str
        One line for each count and score.
    """
    rows = [
        (words, scores[name.format(50)], scores[name.format(75)])
        for words, name in OBJECT_ROWS.items()
    ]
    quality = ("panoptic quality (PQ)", scores["pq"], None)
    return table(["objects", "overlap above 50 %", "above 75 %"], [*rows, quality])


def uncertainty_table(scores: Mapping[str, object]) -> str:
    """Return what the uncertainty is worth.

    Parameters
    ----------
    scores : mapping
        Of an `UncertaintyResult`.

    Returns
    -------
    str
        One line for each figure.
    """
    rows = [(words, scores[name]) for words, name in UNCERTAINTY_ROWS.items()]
    return table(["uncertainty", ""], rows)
