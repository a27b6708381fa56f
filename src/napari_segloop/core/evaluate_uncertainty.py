"""How far the percentages can be trusted: whether uncertainty finds errors and states their share.

Uncertainty has 256 values, so two histograms, of right and of wrong pixels, hold everything; any
number of planes streams through them. It does not know what an error is: it is given a mask.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errormodel import TrustBin
from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_segloop.core.images import Array

    Histogram = NDArray[np.int64]

LEVELS = 256
BINS = 20
TRUST_BINS = 10
SHARES = (0.12, 0.25)
PROBABILITIES = np.arange(LEVELS) / (LEVELS - 1)


@dataclass(frozen=True, slots=True)
class UncertaintyResult:
    """What the uncertainty is worth; None where it is not defined.

    Parameters
    ----------
    pixels, errors : int
        How many pixels counted, and how many of them were wrong.
    auroc : float or None
        Probability that a wrong pixel is more uncertain than a right one, ties half; None without
        errors or without right pixels.
    captured_12, captured_25 : float or None
        Share of all errors in the 12 % and 25 % most uncertain pixels; equal values are shared
        out evenly. None without errors.
    calibration_error_width, calibration_error_mass : float or None
        Mean difference between stated and found share of errors over 20 bins of equal width or
        equal number of pixels, weighted by pixels. None without pixels.
    brier_skill : float or None
        1 - Brier score / that of always stating the share of errors; above 0 is better than that.
        None without errors or without right pixels.
    """

    pixels: int
    errors: int
    auroc: float | None
    captured_12: float | None
    captured_25: float | None
    calibration_error_width: float | None
    calibration_error_mass: float | None
    brier_skill: float | None

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-ready data without NaN.

        Returns
        -------
        dict
            One entry for each parameter.
        """
        return asdict(self)


class UncertaintyTally:
    """Uncertainty against errors, pooled over all added pixels.

    References
    ----------
    AUROC: Hanley and McNeil 1982, https://doi.org/10.1148/radiology.143.1.7063747;
    calibration error: Naeini et al., AAAI 2015, https://doi.org/10.1609/aaai.v29i1.9602;
    skill: Murphy 1973, https://doi.org/10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2

    Examples
    --------
    >>> tally = UncertaintyTally()
    >>> tally.add(np.array([[0, 10, 200]], np.uint8), np.array([[False, False, True]]))
    >>> tally.finish().auroc
    1.0
    """

    def __init__(self) -> None:
        self._right = np.zeros(LEVELS, np.int64)
        self._wrong = np.zeros(LEVELS, np.int64)

    def add(self, uncertainty: Array, wrong: Array, checked: Array | None = None) -> None:
        """Count the pixels of one plane or stack.

        Parameters
        ----------
        uncertainty : ndarray of uint8
            Probability times 255 that the label is wrong.
        wrong : ndarray of bool
            Where it is wrong.
        checked : ndarray of integer or bool, optional
            Only pixels that are 1 count; None means all.

        Raises
        ------
        InputError
            When the shapes differ or the uncertainty is not uint8.
        """
        _check(uncertainty, wrong, checked)
        counted = np.ones(wrong.shape, bool) if checked is None else checked == 1
        failed = wrong.astype(bool)
        self._wrong += np.bincount(uncertainty[counted & failed], minlength=LEVELS)
        self._right += np.bincount(uncertainty[counted & ~failed], minlength=LEVELS)

    def finish(self) -> UncertaintyResult:
        """Return the scores over everything added.

        Returns
        -------
        UncertaintyResult
            See there.
        """
        right, wrong = self._right, self._wrong
        return UncertaintyResult(
            int(right.sum() + wrong.sum()),
            int(wrong.sum()),
            _auroc(right, wrong),
            _captured(right, wrong, SHARES[0]),
            _captured(right, wrong, SHARES[1]),
            _calibration_error(_equal_width(right, wrong)),
            _calibration_error(_equal_mass(right, wrong)),
            _brier_skill(right, wrong),
        )

    def trust(self) -> tuple[TrustBin, ...]:
        """Compare the stated share of wrong pixels with the share that was found.

        Returns
        -------
        tuple of TrustBin
            At most ten, by rising stated share, each of a tenth of the pixels as far as pixels of
            one value can be told apart: they stay together. Empty without pixels.

        Examples
        --------
        >>> tally = UncertaintyTally()
        >>> tally.add(np.full((1, 5), 51, np.uint8), np.array([[True, False, False, False, False]]))
        >>> tally.trust()
        (TrustBin(stated=0.2, found=0.2, share=1.0),)
        """
        pixels = self._right + self._wrong
        total = int(pixels.sum())
        middles = np.cumsum(pixels) - pixels / 2
        bins = (TRUST_BINS * middles / max(total, 1)).astype(int).clip(max=TRUST_BINS - 1)
        sums = [
            np.bincount(bins, part, TRUST_BINS)
            for part in (pixels * PROBABILITIES, self._wrong, pixels)
        ]
        return tuple(
            TrustBin(float(stated / mass), float(found / mass), float(mass / total))
            for stated, found, mass in zip(*sums, strict=True)
            if mass
        )


def _check(uncertainty: Array, wrong: Array, checked: Array | None) -> None:
    shapes = {part.shape for part in (uncertainty, wrong, checked) if part is not None}
    if uncertainty.dtype != np.uint8 or len(shapes) > 1:
        raise InputError(
            "an uncertainty of uint8 with the labels' shape",
            f"{uncertainty.dtype} and shapes {sorted(shapes)}",
            "Give the uncertainty that was predicted with these labels.",
        )


def _auroc(right: Histogram, wrong: Histogram) -> float | None:
    pairs = float(right.sum()) * float(wrong.sum())
    if not pairs:
        return None
    below = np.cumsum(right) - right
    return float((wrong * (below + right / 2)).sum() / pairs)


def _captured(right: Histogram, wrong: Histogram, share: float) -> float | None:
    if not wrong.any():
        return None
    pixels = np.cumsum((right + wrong)[::-1])
    errors = np.cumsum(wrong[::-1])
    found = np.interp(share * pixels[-1], np.append(0, pixels), np.append(0, errors))
    return float(found / errors[-1])


def _equal_width(right: Histogram, wrong: Histogram) -> NDArray[np.float64]:
    bins = np.minimum((PROBABILITIES * BINS).astype(int), BINS - 1)
    sums = (right + wrong, wrong, (right + wrong) * PROBABILITIES)
    return np.stack([np.bincount(bins, part, minlength=BINS) for part in sums])


def _equal_mass(right: Histogram, wrong: Histogram) -> NDArray[np.float64]:
    """Share the pixels out over bins, those of one value evenly over the bins they fall into."""
    ends = np.append(0, np.cumsum(right + wrong))
    edges = np.linspace(0, ends[-1], BINS + 1)
    sums = (right + wrong, wrong, (right + wrong) * PROBABILITIES)
    return np.stack([np.diff(np.interp(edges, ends, np.append(0, np.cumsum(s)))) for s in sums])


def _calibration_error(bins: NDArray[np.float64]) -> float | None:
    pixels, errors, stated = bins
    return float(np.abs(errors - stated).sum() / pixels.sum()) if pixels.any() else None


def _brier_skill(right: Histogram, wrong: Histogram) -> float | None:
    pixels, errors = int(right.sum() + wrong.sum()), int(wrong.sum())
    if errors in (0, pixels):
        return None
    score = (right * PROBABILITIES**2 + wrong * (1 - PROBABILITIES) ** 2).sum() / pixels
    rate = errors / pixels
    return float(1 - score / (rate * (1 - rate)))
