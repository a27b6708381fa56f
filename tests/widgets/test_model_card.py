"""What a model's card says of who made it, pixels and an example."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("qtpy")

from napari_segloop.core.example import Example
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.session.models import Card
from napari_segloop.widgets.model_card import ModelCard, example_picture

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

INFO = ModelInfo("classes", "resnet34", 4, 1, (0, 1, 3), Normalization("between", (1.0,), (1.0,)))
GREY = np.full((6, 4), 100, np.uint8)
CLASSES = np.zeros((6, 4), np.uint8)
CLASSES[:2], CLASSES[2:4, :2], CLASSES[4:] = 1, 2, 255


def test_a_card_tells_who_made_it_and_how_large_its_pixels_were(qtbot: QtBot) -> None:
    info = replace(INFO, author="<b>Ada</b>", pixel_size=(0.2, 0.2), base="starter")
    shown = ModelCard("a", Card(info, 1_000_000))
    qtbot.addWidget(shown)
    assert dict(shown.rows)["Made by"] == "<b>Ada</b>"
    assert dict(shown.rows)["Pixel size"] == "0.2 um"
    assert dict(shown.rows)["Training"] == "0 steps from general microscopy"
    assert shown.example.pixmap().isNull()


def test_a_card_of_a_model_that_does_not_say(qtbot: QtBot) -> None:
    shown = ModelCard("a", Card(INFO, 1_000_000))
    qtbot.addWidget(shown)
    assert dict(shown.rows)["Made by"] == "not stated"
    assert dict(shown.rows)["Pixel size"] == "not recorded in the file"


def test_an_example_is_grey_with_classes_in_colour(qtbot: QtBot) -> None:
    info = replace(INFO, example=Example.of(GREY, CLASSES))
    shown = ModelCard("a", Card(info, 1_000_000))
    qtbot.addWidget(shown)
    assert (shown.example.pixmap().width(), shown.example.pixmap().height()) == (4, 6)
    picture = example_picture(Example.of(GREY, CLASSES)).toImage()
    colours = [picture.pixelColor(x, y).getRgb()[:3] for x, y in ((3, 3), (0, 5), (0, 0), (0, 2))]
    assert colours[0] == colours[1] == (100, 100, 100), "background, and what nobody checked"
    assert len({*colours}) == 3
