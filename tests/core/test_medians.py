"""The range of medians against scipy's filter."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_segloop.core.medians import median_range


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 3), (40, 1), (70, 3000)], ids=str)
@pytest.mark.parametrize("share", [0.02, 1.0], ids=["some known", "all known"])
def test_against_scipy(shape: tuple[int, int], share: float) -> None:
    rng = np.random.default_rng(1)
    values, known = rng.normal(size=shape), rng.random(shape) < share
    known[0, 0] = True
    medians = ndimage.median_filter(values, 3)[known]
    assert median_range(values, known) == (medians.min(), medians.max())
