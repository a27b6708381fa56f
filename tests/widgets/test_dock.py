"""The dock driven through all stations in a small window, with mouse and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QApplication, QFileDialog, QPushButton

from napari_segloop.widgets.model_card import ModelCard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.widgets.real_window import Face

Key = Qt.Key
PREVIEW = "first masks (preview)"


def names(face: Face) -> list[str]:
    return [layer.name for layer in face.viewer.layers]


def test_all_stations(face: Face, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One user's first round; the parts of the scenario follow in the order of the loop."""
    first_question(face)
    preview(face)
    first_masks(face)
    walk(face)
    paint(face)
    check_the_rest(face)
    train(face)
    predict(face)
    show_uncertainty(face)
    learn_again(face)
    history(face, tmp_path / "mine.safetensors", monkeypatch)


def first_question(face: Face) -> None:
    panel, session = face.panel, face.session
    assert session.state.primary.action == "add_images"
    assert panel.question.isVisible()
    assert not panel.sections["Train"].isVisible()
    face.add_crystals()
    face.turn()
    assert panel.next_step.button.shown.action == "choose_task"
    face.click(panel.question.areas)
    face.turn()
    assert session.state.task == "classes"
    assert not panel.question.isVisible()
    assert names(face) == [
        "crystals", "crystals uncertainty", "crystals masks", "crystals checked"
    ]  # fmt: skip
    assert face.viewer.layers.selection.active is face.masks


def preview(face: Face) -> None:
    section = face.panel.first_masks
    face.unfold("First masks")
    face.until(lambda: face.session.view is not None)
    face.click(section.preview)
    face.until(lambda: PREVIEW in names(face))
    assert not face.masks.data.any()
    face.click(section.preview)
    assert PREVIEW not in names(face)


def first_masks(face: Face) -> None:
    face.primary()
    face.until(lambda: face.session.state.queue.left)
    face.turn()
    assert face.masks.data.any()
    assert not face.checked.data.any()
    assert face.panel.next_step.button.shown.action == "next_place"


def walk(face: Face) -> None:
    session = face.session
    face.primary()
    assert session.queue.at == 0
    face.press(Key.Key_A)
    assert (session.queue.at, session.queue.done) == (1, (0,))
    assert face.checked_pixels()
    face.press(Key.Key_S)
    assert (session.queue.at, session.queue.done) == (2, (0, 1))
    face.press(Key.Key_N)
    assert (session.queue.at, session.queue.done) == (3, (0, 1))
    face.press(Key.Key_W)
    assert session.queue.at == 2
    peek(face)
    brush(face)
    assert face.viewer.layers.selection.active is face.masks


def peek(face: Face) -> None:
    face.canvas.setFocus()
    QTest.keyPress(face.canvas, Key.Key_H)
    assert not face.masks.visible
    assert not face.checked.visible
    QTest.keyRelease(face.canvas, Key.Key_H)
    assert face.masks.visible
    assert face.checked.visible


def brush(face: Face) -> None:
    """Brush over a part where no label changes, and take it back."""
    before, labels = face.checked_pixels(), face.masks.data.copy()
    face.press(Key.Key_K)
    assert face.viewer.layers.selection.active is face.checked
    assert (face.checked.mode, face.checked.selected_label) == ("paint", 1)
    face.drag((-20, 0), (0, 0), (20, 0))
    assert face.checked_pixels() > before
    np.testing.assert_array_equal(face.masks.data, labels)
    plane = face.session.plane(1, ())
    assert plane.checked_pixels == face.checked_pixels()
    face.press(Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert face.checked_pixels() == before
    face.press(Key.Key_K)


def paint(face: Face) -> None:
    """A stroke and a fill on the canvas are checked; undo takes both back."""
    masks, before = face.masks, face.checked_pixels()
    labels = masks.data.copy()
    masks.brush_size = 7
    masks.mode = "paint"
    masks.selected_label = 1 - int(labels[face.pixel_at_centre()])
    face.drag((-12, 0), (0, 0), (12, 0))
    painted = masks.data != labels
    assert painted.any()
    assert (face.checked.data[painted] == 1).all()
    assert face.checked_pixels() > before
    masks.mode = "fill"
    face.drag((0, 0), (0, 0))
    masks.selected_label = 1 - masks.selected_label
    face.drag((0, 0), (0, 0))
    filled = masks.data != labels
    assert (face.checked.data[filled] == 1).all()
    for _ in range(3):
        face.press(Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(masks.data, labels)
    assert face.checked_pixels() == before
    masks.mode = "pan_zoom"


def check_the_rest(face: Face) -> None:
    session = face.session
    masks = face.masks
    masks.mode, masks.selected_label = "paint", 1
    face.drag((-12, 0), (0, 0), (12, 0))
    while session.state.primary.action == "next_place":
        face.primary()
    assert session.state.primary.action == "train"
    assert session.state.images[0].status == "checked"


def train(face: Face) -> None:
    session, panel = face.session, face.panel
    session.seconds = 600.0
    face.primary()
    face.until(lambda: len(session.state.curve.losses) > 2)
    row = next(row for row in panel.jobs.rows.values() if row.title.text().startswith("Training"))
    face.click(row.stop)
    face.until(lambda: session.state.versions and not session.errands)
    assert session.state.version == 1
    face.turn()
    assert not panel.jobs.isVisible()
    assert "Stopped" in panel.message.text.text() or session.state.told.remedy


def predict(face: Face) -> None:
    """Each button of the section: what is checked stays, and the section stays open."""
    session, section = face.session, face.panel.sections["Predict"]
    face.until(lambda: not session.errands)
    by_user, labels = face.checked.data == 1, face.masks.data.copy()
    face.unfold("Predict")
    for scope in ("view", "plane", "stack", "all"):
        face.until(lambda: not session.errands)
        face.turn(5)
        assert section.is_open, scope
        face.click(section.content.buttons[scope])
        assert session.running("predict")
    face.until(lambda: not session.errands)
    face.turn()
    assert section.content.costs["plane"].text().startswith("1 plane, ")
    np.testing.assert_array_equal(face.masks.data[by_user], labels[by_user])
    np.testing.assert_array_equal(face.checked.data == 1, by_user)
    assert session.state.queue.left


def show_uncertainty(face: Face) -> None:
    """An Image layer, seen as soon as it holds something; its legend is in Check."""
    layer, box = face.stage.opened.link.layers.uncertainty, face.panel.predict.uncertainty
    assert layer in face.viewer.layers
    assert layer.data.any()
    assert layer.visible
    for is_shown in (False, True):
        face.click(box)
        assert layer.visible is box.isChecked() is is_shown
    face.unfold("Check")
    assert not face.panel.check.legend.visibleRegion().isEmpty()


def learn_again(face: Face) -> None:
    session = face.session
    face.unfold("Train")
    minutes = face.panel.train.minutes
    minutes.setDecimals(2)
    minutes.setMinimum(0.02)  # no user would be so impatient
    minutes.setValue(0.02)
    face.click(face.panel.train.again)
    face.until(lambda: len(session.state.versions) == 2 and not session.errands)
    face.turn()
    assert not session.running("train")


def history(face: Face, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version is used again, saved, and loaded from its file as a third one."""
    session, section = face.session, face.panel.history.versions
    face.unfold("History")
    other = 3 - session.state.version
    pick(face, other)
    face.click(section.use)
    face.until(lambda: session.state.version == other and not session.errands)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    pick(face, 1)
    face.click(section.save)
    face.until(file.exists)
    load(face, file, monkeypatch)


def pick(face: Face, version: int) -> None:
    """Click a version's row."""
    table = face.panel.history.versions.table
    row = [each.number for each in face.panel.history.versions.rows.rows].index(version)
    face.click_row(table, row)
    assert face.panel.history.versions.selected.number == version


def load(face: Face, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card is shown first; its button uses the file."""
    session, cards = face.session, set[str]()
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))

    def use() -> None:
        for card in face.dock.findChildren(ModelCard):
            cards.add(card.windowTitle())
            card.use.click()

    face.unfold("First masks")
    face.click(face.panel.first_masks.model)
    timer = QTimer(face.dock)
    timer.timeout.connect(use)
    timer.start(100)
    face.until(lambda: session.state.version == 3)
    timer.stop()
    assert cards == {"Model mine.safetensors"}
    face.until(lambda: not session.errands)


def test_a_choice_of_layers_asks_once(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    offers = list[tuple[str, ...]]()

    def count(chooser: object) -> bool:
        offers.append(tuple(offer.name for offer in chooser._offers))
        return False

    monkeypatch.setattr("napari_segloop.widgets.other_ways._is_wanted", count)
    layer = face.add_crystals(64)
    face.session.answer_task("classes")
    face.turn()
    layers = [b for b in face.panel.images.findChildren(QPushButton) if "layers" in b.text()]
    face.click(layers[0])
    face.unfold("First masks")
    face.click(face.panel.first_masks.layer)
    assert offers == [(layer.name,), ()]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_dock_is_whole_on_a_small_screen(
    face: Face, theme: str, texts_cut: Callable[[QAbstractButton], bool]
) -> None:
    face.viewer.theme = theme
    face.add_crystals(64)
    face.session.answer_task("classes")
    for name in face.panel.sections:
        face.unfold(name)
    face.turn()
    QApplication.processEvents()
    area, window = face.panel.area, face.window
    assert (window.width(), window.height()) == (1366, 768)
    inside = face.dock.rect().translated(face.dock.mapTo(window, face.dock.rect().topLeft()))
    assert window.rect().contains(inside)
    assert area.widget().width() <= area.viewport().width()
    assert area.widget().minimumSizeHint().width() <= area.viewport().width()
    shown = [b for b in face.dock.findChildren(QAbstractButton) if b.isVisible()]
    assert len(shown) > 20
    cut = [b.text() or b.objectName() for b in shown if texts_cut(b)]
    assert not cut
    face.viewer.theme = "dark"
