"""Scores of an evaluation as tables for people; ``--json`` has them under their short names.

It does not know how a score comes about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.cli.report import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_segloop.core.errormodel import TrustBin

OBJECT_ROWS = {
    "found": "matched{}",
    "false": "false{}",
    "missed": "missed{}",
    "average precision (AP)": "ap{}",
}
SMALL = 0.095  # a share that is shown with a decimal
LONGEST_BAR = 30  # characters
MARKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
BARS = "= as stated, + more was wrong, - less was wrong"
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


def trust_table(trust: Sequence[TrustBin]) -> str:
    """Return how far the percentages can be trusted, with a bar beside each.

    Parameters
    ----------
    trust : sequence of TrustBin
        By rising stated share.

    Returns
    -------
    str
        One line for each share of the pixels, and what the bars mean.

    Examples
    --------
    >>> from napari_segloop.core.errormodel import TrustBin
    >>> shares = (0.004, 0.01, 0.8), (0.06, 0.04, 0.1), (0.2, 0.24, 0.1)
    >>> print(trust_table([TrustBin(*three) for three in shares]))
    how far the percentages can be trusted  stated wrong  found wrong
    80 % of the pixels                             0.4 %        1.0 %  |+
    10 % of the pixels                             6.0 %        4.0 %  |====--
    10 % of the pixels                              20 %         24 %  |====================++++
    = as stated, + more was wrong, - less was wrong; a mark is 1 %
    """
    header = ["how far the percentages can be trusted", "stated wrong", "found wrong"]
    rows = [
        (f"{_percent(part.share)} of the pixels", _percent(part.stated), _percent(part.found))
        for part in trust
    ]
    mark = _mark(max((max(part.stated, part.found) for part in trust), default=0.0))
    head, *lines = table(header, rows).splitlines()
    drawn = [
        f"{line}  |{_bar(part, mark)}".rstrip() for line, part in zip(lines, trust, strict=True)
    ]
    return "\n".join([head, *drawn, f"{BARS}; a mark is {100 * mark:g} %"])


def _mark(largest: float) -> float:
    """Return the share that one mark of a bar stands for."""
    return next((share for share in MARKS if largest <= share * LONGEST_BAR), MARKS[-1])


def _bar(part: TrustBin, mark: float) -> str:
    """Draw what was stated and found, in characters that every terminal has."""
    stated, found = round(part.stated / mark), round(part.found / mark)
    return "=" * min(stated, found) + "+" * (found - stated) + "-" * (stated - found)


def _percent(share: float) -> str:
    digits = 1 if 0 < share < SMALL else 0
    return f"{100 * share:.{digits}f} %"
