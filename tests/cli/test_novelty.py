"""Models that do not know what they learnt say nothing of an image."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from napari_segloop.cli.novelty import look_over
from napari_segloop.core.familiarity import FORMER, Familiarity
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization

INFO = ModelInfo("classes", "resnet18", 3, 1, (0, 1), Normalization("between", (1.0,), (1.0,)))
FORMERLY = Familiarity(((0.0,) * FORMER,), 1.9)


@pytest.mark.parametrize("familiar", [None, FORMERLY], ids=["none", "former numbers"])
def test_a_model_from_before_says_nothing(familiar: Familiarity | None) -> None:
    found = look_over(
        SimpleNamespace(), SimpleNamespace(), replace(INFO, familiar=familiar), SimpleNamespace()
    )
    assert found.words() is None
    assert found.record() == {}
