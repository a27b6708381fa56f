"""The dialogs of the dock: layers, mask files, model cards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QMessageBox, QWidget

from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.session.models import Card
from napari_segloop.session.state import ImageState, LoopState
from napari_segloop.widgets import other_ways
from napari_segloop.widgets.layer_chooser import (
    ImageChoice,
    ImageChooser,
    LabelsChoice,
    LabelsChooser,
    LayerOffer,
)
from napari_segloop.widgets.model_card import ModelCard
from napari_segloop.widgets.other_ways import OtherWays
from napari_segloop.widgets.pairing_dialog import MaskFiles, PairingDialog
from napari_segloop.widgets.questions import confirm
from tests.widgets.hand_driven import HandDriven, images

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

OFFERS = (
    LayerOffer("a", "DAPI", (64, 64)),
    LayerOffer("b", "GFP", (64, 64)),
    LayerOffer("c", "movie", (9, 2, 64, 64), channel_axis=1),
)
INFO = ModelInfo(
    "classes", "resnet34", 4, 2, (0, 1, 3), Normalization("between", (1.0, 2.0), (1.0, 1.0)),
    score=0.934, steps=240, created="2026-11-22T09:05:00", teach_hashes=("x",) * 4,
    test_hashes=("y", "z"), versions=(("torch", "2.10"),),
)  # fmt: skip
CARD = Card(INFO, 49_000_000)


def test_layers_are_channels_together(qtbot: QtBot) -> None:
    chooser = ImageChooser(OFFERS)
    qtbot.addWidget(chooser)
    assert not chooser.together.isEnabled()
    chooser.list.item(1).setSelected(True)
    assert chooser.together.isEnabled()
    chooser.together.setChecked(True)
    assert chooser.choice() == ImageChoice(("a", "b"), together=True, channel_axis=None)
    chooser.list.selectAll()
    assert not chooser.together.isEnabled()  # their shapes differ


def test_a_channel_axis_is_proposed(qtbot: QtBot) -> None:
    chooser = ImageChooser(OFFERS)
    qtbot.addWidget(chooser)
    chooser.list.setCurrentRow(2)
    assert chooser.choice() == ImageChoice(("c",), together=False, channel_axis=1)
    assert [chooser.axis.itemText(row) for row in range(3)][2] == "axis 1 of length 2"


def test_nothing_open_is_nothing_to_choose(qtbot: QtBot) -> None:
    chooser = ImageChooser(())
    qtbot.addWidget(chooser)
    assert not chooser.buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_labels_are_asked_what_to_trust(qtbot: QtBot) -> None:
    chooser = LabelsChooser(OFFERS[:1])
    qtbot.addWidget(chooser)
    assert chooser.choice() == LabelsChoice("a", "nothing", "background")
    assert not chooser.question.zeros.buttons()[0].isEnabled()
    chooser.question.choose("all", "unknown")
    assert chooser.question.zeros.buttons()[0].isEnabled()
    assert chooser.choice() == LabelsChoice("a", "all", "unknown")


def test_mask_files_are_paired_by_name(qtbot: QtBot, tmp_path: Path) -> None:
    rows = []
    for number, name in enumerate(("one", "two"), 1):
        (tmp_path / f"{name}.tif").touch()
        rows.append(ImageState(number, name, str(tmp_path / f"{name}.tif")))
    masks = tmp_path / "masks"
    masks.mkdir()
    (masks / "two_mask.png").touch()
    dialog = PairingDialog([*rows, ImageState(3, "layer", "open layer")])
    qtbot.addWidget(dialog)
    ok = dialog.buttons.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    dialog.show_masks([masks])
    assert [(row.name, row.masks) for row in dialog.rows.rows] == [
        ("one", None),
        ("two", masks / "two_mask.png"),
    ]
    dialog.question.choose("painted", "background")
    assert dialog.choice() == MaskFiles(((2, masks / "two_mask.png"),), "painted", "background")
    assert dialog.told.text().startswith("1 pair.")
    (masks / "other.png").touch()
    dialog.show_masks([masks])
    assert "other.png" in dialog.told.text()
    assert not ok.isEnabled()


def test_a_card_says_what_a_model_is(qtbot: QtBot) -> None:
    card = ModelCard("cells.safetensors", CARD)
    qtbot.addWidget(card)
    rows = dict(card.rows)
    assert rows["Finds"] == "kinds of area"
    assert rows["Classes"] == "label 1, label 3"
    assert rows["Agreement"] == "93 % (mean Dice)"
    assert rows["Regions"] == "4 teach, 2 test"
    assert card.use.isEnabled()


@pytest.mark.parametrize(
    ("state", "fault"),
    [
        pytest.param(LoopState(task="classes"), "", id="fits"),
        pytest.param(LoopState(task="objects"), "one for kinds of area", id="task"),
        pytest.param(LoopState(task="classes", images=images(1)), "1 channel", id="channels"),
    ],
)
def test_a_model_that_does_not_fit_cannot_be_used(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, state: LoopState, fault: str
) -> None:
    session, owner = HandDriven(state), QWidget()
    qtbot.addWidget(owner)
    ways, cards = OtherWays(session, owner), list[ModelCard]()
    path = tmp_path / "cells.safetensors"
    chosen = (str(path), "")
    monkeypatch.setattr(other_ways.QFileDialog, "getOpenFileName", lambda *_: chosen)
    monkeypatch.setattr(other_ways, "_is_wanted", lambda card: cards.append(card) or not fault)
    ways.choose_model()
    assert session.calls == [("card", path)]
    session.card_read.emit(CARD)
    qtbot.waitUntil(lambda: len(cards) == 1)
    assert fault in cards[0].misfit.text()
    assert cards[0].use.isEnabled() is (not fault)
    assert session.calls[1:] == ([] if fault else [("load_model", path)])
    session.card_read.emit(replace(CARD))  # nobody here asked for this one
    qtbot.wait(20)
    assert len(cards) == 1


@pytest.mark.parametrize("answer", ["Delete", "Cancel"])
def test_asking_first(qtbot: QtBot, answer: str) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)

    def click() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(b for b in box.buttons() if b.text().replace("&", "") == answer).click()

    QTimer.singleShot(100, click)
    assert confirm(owner, "Delete?", "All is lost.", "Delete") is (answer == "Delete")
