"""Axes that the user names: what they make of a file, and which are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import open_image
from tests.files.saved import DEEP, RGB, STACK, save_tiff

if TYPE_CHECKING:
    from pathlib import Path

    from tests.files.saved import Pixels


AXES = [
    pytest.param(STACK, "CYX", "CYX", id="z-becomes-channels"),
    pytest.param(STACK, "cyx", "CYX", id="small-letters"),
    pytest.param(STACK[0], "CYX", "YX", id="plain-beside-channels"),
    pytest.param(STACK[0], "TCYX", "YX", id="plain-beside-time"),
    pytest.param(STACK, "TCYX", "CYX", id="still-beside-time"),
    pytest.param(RGB, "CYX", "YXS", id="colours-stay-where-they-are"),
    pytest.param(RGB.astype(np.uint16), "YXC", "YXC", id="channels-last"),
]


@pytest.mark.parametrize(("array", "given", "axes"), AXES)
def test_given_axes(tmp_path: Path, array: Pixels, given: str, axes: str) -> None:
    assert open_image(save_tiff(tmp_path / "a.tif", array), axes=given).axes == axes


@pytest.mark.parametrize(
    ("array", "given"),
    [
        pytest.param(STACK, "YX", id="too-few"),
        pytest.param(STACK[0], "ZYX", id="too-many"),
        pytest.param(STACK, "AYX", id="unknown-letter"),
        pytest.param(STACK, "ZCX", id="no-y"),
        pytest.param(STACK, "YYX", id="twice"),
        pytest.param(DEEP, "CYX", id="two-missing"),
    ],
)
def test_axes_that_do_not_fit_are_refused(tmp_path: Path, array: Pixels, given: str) -> None:
    with pytest.raises(InputError, match="axes"):
        open_image(save_tiff(tmp_path / "a.tif", array), axes=given)
