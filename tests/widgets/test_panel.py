"""The dock's panel: states in, words and enabled buttons out, clicks in, calls out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from napari._qt.qt_resources import get_stylesheet
from qtpy.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDropEvent, QEnterEvent
from qtpy.QtWidgets import QApplication

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.errors import InputError
from napari_segloop.core.estimate import Estimate
from napari_segloop.core.firstmasks import FirstMaskSettings
from napari_segloop.engine.requests import FirstMaskAnswer
from napari_segloop.session.loop import LoopSession
from napari_segloop.session.progress import Progress, Round
from napari_segloop.session.state import ImageState, JobState, LoopState, Primary, QueueState, Told
from napari_segloop.widgets import classes_section
from napari_segloop.widgets.agreement import Agreement
from napari_segloop.widgets.panel import SegLoopPanel
from napari_segloop.widgets.way_to_goal import WayToGoal
from napari_segloop.widgets.words import image_tooltip, state_word
from tests.widgets.hand_driven import (
    METHODS,
    TRAINING,
    WALKING,
    HandDriven,
    curve,
    images,
    places,
    table,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    Make = Callable[..., tuple[SegLoopPanel, HandDriven]]

LEFT = Qt.MouseButton.LeftButton
TRAIN = Primary("train", "Train on 6 regions, about 1 min")
IDLE = replace(WALKING, queue=QueueState(), primary=TRAIN)


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    """Show a panel over a state."""

    def shown(state: LoopState | None = None) -> tuple[SegLoopPanel, HandDriven]:
        session = HandDriven(state)
        panel = SegLoopPanel(session)
        qtbot.addWidget(panel)
        panel.resize(panel.sizeHint().width(), 700)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel, session

    return shown


def hover(panel: SegLoopPanel, *, over: bool) -> None:
    """Move the mouse over the primary button, or off it."""
    button = panel.next_step.button
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, over)
    here = QPointF(5, 5)
    event = QEnterEvent(here, here, here) if over else QEvent(QEvent.Type.Leave)
    QApplication.sendEvent(button, event)


@pytest.mark.parametrize(
    ("state", "station"),
    [
        pytest.param(LoopState(), "Segment", id="nothing-yet"),
        pytest.param(replace(IDLE, primary=Primary("first_masks", "")), "Segment", id="masks"),
        pytest.param(replace(WALKING, versions=()), "Annotate", id="before-the-first-version"),
        pytest.param(WALKING, "Check", id="walking"),
        pytest.param(IDLE, "Train", id="time-to-train"),
        pytest.param(replace(IDLE, primary=Primary("predict", "")), "Predict", id="predict"),
        pytest.param(
            replace(IDLE, jobs=(TRAINING,), primary=Primary("nothing", "")), "Train", id="training"
        ),
    ],
)
def test_the_strip_marks_where_the_user_is(make: Make, state: LoopState, station: str) -> None:
    panel, _ = make(state)
    assert panel.stations.current == station


def test_nothing_is_wider_than_the_dock(make: Make) -> None:
    panel, _ = make(IDLE)
    for section in panel.sections.values():
        section.unfold()
    inner, seen = panel.area.widget(), panel.area.viewport()
    assert inner.minimumSizeHint().width() <= seen.width()
    assert panel.minimumSizeHint().width() <= 1366 // 3


def test_how_well_all_agrees_is_said_with_the_goal(make: Make) -> None:
    panel, session = make(IDLE)
    section = panel.sections["Check"]
    section.unfold()
    part = section.findChild(Agreement)
    assert not part.isVisible()  # nothing is known yet
    session.set("queue", agreement=Estimate(0.93, 0.86, 0.96, 12))
    assert part.isVisible()
    assert "93 % (86 to 96 %; 12 random spot checks)" in part.words.text()
    assert "Done" not in part.words.text()
    part.goal.setValue(85)
    assert session.calls[-1] == ("set_goal", 0.85)
    session.set("queue", goal=0.85)
    assert "Done" in part.words.text()
    session.set("queue", agreement=Estimate(0.93, 0.9, 0.96, 3))
    assert "Done" not in part.words.text()  # three spot checks are too few


def test_the_way_to_the_goal_is_said_and_drawn(make: Make, qtbot: QtBot) -> None:
    panel, session = make(replace(IDLE, images=images(2)))
    panel.sections["Check"].unfold()
    way = panel.sections["Check"].findChild(WayToGoal)
    assert not way.isVisible()
    before, now = Estimate(0.6, 0.5, 0.7, 2), Estimate(0.8, 0.72, 0.86, 12)
    first, second = Round(1, before, 9, 8, 80.0), Round(2, now, 9, 16, 160.0)
    session.set("queue", progress=Progress((first,), (), 16, 12.0), queue=QueueState(places(12)))
    assert way.minutes.text() == "12 places left, about 2 min."
    assert not way.plot.isVisible()  # one version is no course
    each = ((1, Estimate(0.95, 0.9, 0.99, 12)), (2, Estimate(0.71, 0.6, 0.8, 12)))
    told = Progress((first, second), each, 16, 12.0)
    session.set("versions", agreement=now, version=2, progress=told)
    assert way.minutes.text().startswith("About 3 to ")
    assert way.images.text() == (
        "Below the goal: ads_sem_002.tif (about 71 %). 1 of 2 images reach it."
    )
    assert way.plot.accessibleName()
    qtbot.waitUntil(way.plot.isVisible)
    assert [*way.plot._parts["points"].getData()[1]] == [60, 80]
    assert way.plot._parts["goal"].value() == 90
    session.set("queue", goal=0.7)
    assert way.plot._parts["goal"].value() == pytest.approx(70)
    tips = [panel.images.rows.index(n, 0).data(Qt.ItemDataRole.ToolTipRole) for n in range(2)]
    assert "Agrees with you on about 71 % (60 to 80 %)." in tips[1]
    session.set("versions", progress=Progress(), queue=QueueState())
    assert not way.isVisible()


def test_an_image_unlike_what_was_learnt_says_so() -> None:
    image = ImageState(1, "a.tif", "/a.tif", "predicted", by_version=True, unlike="it is noisier")
    assert state_word(image) == "unlike"
    assert "It is noisier: unlike what the version in use learnt." in image_tooltip(image)
    assert state_word(replace(image, status="checked")) == "checked"


def test_the_first_question_comes_before_the_sections(make: Make, qtbot: QtBot) -> None:
    panel, session = make(LoopState(images=images(1)))
    assert panel.question.isVisible()
    assert not panel.sections["Train"].isVisible()
    qtbot.mouseClick(panel.question.objects, LEFT)
    qtbot.mouseClick(panel.question.areas, LEFT)
    assert session.calls == [("answer_task", "objects"), ("answer_task", "classes")]
    session.set("task", task="objects", classes=ClassTable.first("objects"))
    assert not panel.question.isVisible()
    assert panel.sections["Train"].isVisible()


def test_the_primary_button_does_what_it_says(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    assert panel.next_step.button.text() == TRAIN.text
    qtbot.mouseClick(panel.next_step.button, LEFT)
    assert session.calls == [("press_primary",)]


def test_it_never_changes_under_the_cursor(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    button = panel.next_step.button
    hover(panel, over=True)
    session.set("primary", primary=Primary("predict", "Predict 120 planes, about 3 h"))
    assert button.text() == TRAIN.text
    qtbot.mouseClick(button, LEFT)
    assert session.calls == [("train",)]  # what the text said, not what is next by now
    qtbot.mouseClick(button, LEFT)
    assert session.calls == [("train",)]  # and only once
    hover(panel, over=False)
    assert button.text() == "Predict 120 planes, about 3 h"


def test_walking_on_by_clicking_needs_no_mouse_away(make: Make, qtbot: QtBot) -> None:
    panel, session = make(WALKING)
    button = panel.next_step.button
    hover(panel, over=True)
    for place in (4, 5):
        session.press_primary = lambda place=place: session.set(
            "primary",
            primary=replace(WALKING.primary, text=f"All correct, next place ({place} of 12)"),
        )
        qtbot.mouseClick(button, LEFT)
        assert button.text() == f"All correct, next place ({place} of 12)"
    session.set("primary", primary=TRAIN)
    assert button.text() == "All correct, next place (5 of 12)"


def test_a_step_that_cannot_be_done_now_is_no_button(make: Make) -> None:
    panel, _ = make(
        replace(IDLE, primary=Primary("nothing", "Training, about 40 s left", "", False))
    )
    assert not panel.next_step.button.isEnabled()


def test_jobs_are_rows_with_stop(make: Make, qtbot: QtBot) -> None:
    panel, session = make(replace(IDLE, jobs=(TRAINING,)))
    row = panel.jobs.rows[TRAINING.id]
    assert (row.title.text(), row.note.text()) == ("Training on 6 regions", "about 40 s left")
    predicting = JobState(9, "predict", "Predicting")
    session.set("jobs", jobs=(TRAINING, predicting))
    qtbot.mouseClick(row.stop, LEFT)
    session.set("jobs", jobs=(replace(TRAINING, stopping=True), predicting))
    assert panel.jobs.rows[TRAINING.id] is row
    assert row.note.text() == "stopping…"
    assert not row.stop.isEnabled()
    session.set("jobs", jobs=(replace(TRAINING, answering=False),))
    assert list(panel.jobs.rows) == [TRAINING.id]
    assert row.note.text() == "not answering"
    qtbot.mouseClick(row.restart, LEFT)
    assert session.calls == [("stop", TRAINING.id), ("restart",)]
    session.set("jobs", jobs=())
    assert not panel.jobs.isVisible()


def test_a_message_is_shown_until_it_is_dismissed(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    line = panel.message
    assert not line.isVisible()
    session.set("told", told=Told("error", "Expected one.", "Do two. " + "Long. " * 100))
    assert line.isVisible()
    assert line.text.text().startswith("Expected one. Do two.")
    assert len(line.text.text()) < 300 < len(line.text.toolTip())
    qtbot.mouseClick(line.dismiss, LEFT)
    assert not line.isVisible()
    session.set("jobs", jobs=())
    assert not line.isVisible()


def test_what_the_session_refuses_is_told(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    session.refusal = InputError("another name", "'axon' twice", "Choose another.")
    panel.sections["Classes"].unfold()
    qtbot.mouseClick(panel.classes.add, LEFT)
    assert panel.message.text.text() == "Expected another name, got 'axon' twice. Choose another."


def test_two_hundred_images_change_one_by_one(make: Make, qtbot: QtBot) -> None:
    panel, session = make(replace(IDLE, images=images(200)))
    model, view = panel.images.rows, panel.images.table
    view.selectRow(150)
    view.scrollTo(model.index(150, 0))
    before = view.verticalScrollBar().value()
    changed = list[int]()
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    rows = list(session.state.images)
    rows[7] = replace(rows[7], status="checked")
    session.set("images", images=tuple(rows))
    assert changed == [(7, 7)]
    del rows[3]
    session.set("images", images=(*rows, replace(rows[0], id=999, name="new.tif")))
    assert model.rowCount() == 200
    assert [image.id for image in panel.images.selected()] == [151]
    assert view.verticalScrollBar().value() == pytest.approx(before, abs=2 * view.rowHeight(0))
    session.set("images", images=session.state.images[::-1])
    assert [image.id for image in panel.images.selected()] == [151]
    assert panel.images.count.text() == "200 images · 42 checked"


def test_masks_that_no_version_predicted_are_first_masks(make: Make) -> None:
    panel, session = make(replace(IDLE, images=images(2)))
    cell = panel.images.rows.index(1, 1)
    assert cell.data() == "first masks"
    assert "first masks: Has masks" in panel.images.rows.index(1, 0).data(
        Qt.ItemDataRole.ToolTipRole
    )
    session.set("images", images=images(2, by_version=True))
    assert cell.data() == "predicted"


def test_a_click_opens_an_image(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    view = panel.images.table
    for row in (2, 0):
        place = view.visualRect(view.model().index(row, 0)).center()
        qtbot.mouseClick(view.viewport(), LEFT, pos=place)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert session.calls == [("open", 3), ("open", 2)]  # the first one is open already


def test_the_menu_excludes_and_removes(make: Make) -> None:
    panel, session = make(IDLE)
    panel.images.table.selectAll()
    entries = {action.text(): action for action in panel.images.menu().actions()}
    assert "Open" not in entries
    entries["Include again"].trigger()
    assert session.calls == [("exclude", 4, False)]
    entries["Exclude"].trigger()
    assert len(session.calls) == 8
    panel.images.table.selectRow(4)
    {a.text(): a for a in panel.images.menu().actions()}["Remove from the list"].trigger()
    assert session.calls[-1] == ("remove", 5)


def test_files_are_dropped_on_the_list(make: Make, tmp_path: Path) -> None:
    panel, session = make(LoopState())
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.tif", "b.tif")])
    copy, nothing = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    panel.images.table.dropEvent(QDropEvent(QPointF(5, 5), copy, data, LEFT, nothing))
    assert session.calls == [("add_files", [tmp_path / "a.tif", tmp_path / "b.tif"])]


def test_classes_are_changed_in_place(
    make: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = make(IDLE)
    part = panel.classes
    panel.sections["Classes"].unfold()
    with qtbot.waitSignal(part.label_chosen) as chosen:
        place = part.table.visualRect(part.rows.index(1, 1)).center()
        qtbot.mouseClick(part.table.viewport(), LEFT, pos=place)
    assert chosen.args == [2]
    part.rows.setData(part.rows.index(1, 1), "sheath")
    qtbot.mouseClick(part.add, LEFT)
    qtbot.mouseClick(part.up, LEFT)
    asked = list[str]()
    monkeypatch.setattr(classes_section, "confirm", lambda *words: asked.append(words[1]) or True)
    qtbot.mouseClick(part.delete, LEFT)
    part.merge.menu().actions()[0].trigger()
    assert asked == ["Delete the class myelin?", "Merge myelin into axon?"]
    assert session.calls == [
        ("rename_class", 2, "sheath"),
        ("add_class",),
        ("move_class", 2, 0),
        ("delete_class", 2),
        ("merge_class", 2, 1),
    ]


def test_a_no_changes_no_class(make: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, session = make(IDLE)
    monkeypatch.setattr(classes_section, "confirm", lambda *_: False)
    panel.sections["Classes"].unfold()
    panel.classes.table.selectRow(0)
    qtbot.mouseClick(panel.classes.delete, LEFT)
    assert session.calls == []


def test_the_first_question_is_answered_anew(
    make: Make, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = make(IDLE)
    monkeypatch.setattr(classes_section, "confirm", lambda *_: True)
    panel.sections["Classes"].unfold()
    assert panel.classes.other_task.text() == "Find single objects…"
    qtbot.mouseClick(panel.classes.other_task, LEFT)
    assert session.calls == [("answer_task", "objects")]


def test_tab_goes_from_top_to_bottom(make: Make) -> None:
    panel, _ = make(IDLE)
    places, widget = list[int](), panel.stations.buttons["Segment"].nextInFocusChain()
    while widget is not panel.stations.buttons["Segment"]:
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            places.append(widget.mapTo(panel, QPoint()).y())
            last = widget
        widget = widget.nextInFocusChain()
    assert last is panel.saved.button  # below what scrolls
    assert places[:-1] == sorted(places[:-1])


def test_single_objects_have_no_classes_to_add(make: Make) -> None:
    panel, _ = make(LoopState(task="objects", classes=ClassTable.first("objects")))
    assert not panel.classes.add.isEnabled()
    assert "number of its own" in panel.classes.sentence.text()


def test_first_masks_preview_and_use(make: Make, qtbot: QtBot) -> None:
    panel, session = make(replace(IDLE, primary=Primary("first_masks", "Make first masks")))
    part = panel.first_masks
    with qtbot.waitSignal(part.preview_wanted) as wanted:
        part.preview.setChecked(True)
    assert wanted.args == [None]  # nothing was chosen yet: settings that fit the image
    session.preview.emit(FirstMaskAnswer(None, FirstMaskSettings(objects="dark", smallest=40)))
    assert part.form.settings() == FirstMaskSettings(objects="dark", smallest=40)
    with qtbot.waitSignal(part.preview_wanted) as wanted:
        for size in range(50, 60):
            part.form.smallest.setValue(size)
    assert wanted.args == [FirstMaskSettings(objects="dark", smallest=59)]
    with qtbot.waitSignal(part.preview_over):
        qtbot.mouseClick(part.everywhere, LEFT)
    assert session.calls == [("make_first_masks", wanted.args[0], {"scope": "all"})]
    part.form.largest.setValue(5)
    qtbot.mouseClick(part.here, LEFT)
    assert len(session.calls) == 1
    assert "largest of at least smallest" in panel.message.text.text()


def test_who_chose_to_separate_is_heard(make: Make, qtbot: QtBot) -> None:
    objects = replace(IDLE, task="objects", classes=ClassTable.first("objects"))
    panel, session = make(replace(objects, primary=Primary("first_masks", "Make first masks")))
    form = panel.first_masks.form
    assert form.settings().separate
    form.smoothing.setValue(2)
    assert form.settings().separate  # as long as nobody said otherwise
    form.separate.click()
    session.set("jobs", jobs=())
    qtbot.mouseClick(panel.first_masks.here, LEFT)
    (_, settings, _), *_ = session.calls
    assert not settings.separate
    session.set("task", task="classes")
    assert form.separate.isHidden()
    assert not form.settings().separate


def test_the_place_is_named(make: Make, qtbot: QtBot) -> None:
    panel, session = make(WALKING)
    part = panel.check
    assert "Place 3 of 12" in part.place.text()
    assert part.reason.text() == "Beside the border of background and myelin"
    assert panel.sections["Check"].header.summary == "place 3 of 12"
    for name, made in part.answers.items():
        qtbot.mouseClick(made, LEFT)
        assert session.calls[-1] == (name,)
    assert part.answers["accept"].text() == "All correct (A)"
    part.show_keys({"accept": "Q", "peek": "H"})
    assert part.answers["accept"].text() == "All correct (Q)"
    assert part.answers["back"].text() == "Back"
    assert part.keys_hint.text() == "Hold H for the bare image"
    qtbot.mouseClick(part.stop, LEFT)
    qtbot.mouseClick(part.take_back, LEFT)
    session.set("queue", queue=QueueState(places(12), None, (0, 1)))
    assert part.place.text() == "10 places to check"
    assert not part.answers["accept"].isEnabled()
    qtbot.mouseClick(part.start, LEFT)
    assert session.calls[-3:] == [("stop_checking",), ("take_back_last",), ("start_checking",)]


def test_a_brush_is_taken_and_put_away(make: Make, qtbot: QtBot) -> None:
    panel, session = make(WALKING)
    brushes = panel.check.brushes
    assert panel.sections["Check"].is_open
    with qtbot.waitSignal(brushes.wanted) as wanted:
        qtbot.mouseClick(brushes.buttons[3], LEFT)
    assert wanted.args == [3]
    assert not brushes.buttons[3].isChecked()  # not before it is in hand
    brushes.show_brush(3)
    assert [value for value, made in brushes.buttons.items() if made.isChecked()] == [3]
    with qtbot.waitSignal(brushes.wanted) as wanted:
        qtbot.mouseClick(brushes.buttons[3], LEFT)
    assert wanted.args == [None]
    session.set("images", images=())
    assert not brushes.buttons[3].isEnabled()


def test_training_is_told_in_words(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    part = panel.train
    part.minutes.setValue(2)
    qtbot.mouseClick(part.improve, LEFT)
    qtbot.mouseClick(part.again, LEFT)
    assert session.calls == [
        ("train", {"again": False, "seconds": 120.0}),
        ("train", {"again": True, "seconds": 120.0}),
    ]
    assert part.result.text().startswith(
        "Version 2 stays in use: it agrees with you on 93 %, the new one on 91 % "
        "(-4.1 to +0.6 points on 5 test regions)."
    )
    qtbot.mouseClick(part.choose, LEFT)
    assert (part.choose.text(), session.calls.pop()) == ("Use version 3", ("use_version", 3))
    session.set("jobs", jobs=(TRAINING,), curve=curve())
    session.set("curve")
    assert part.split.text() == "4 teach, 2 test"
    assert not part.improve.isEnabled()
    qtbot.waitUntil(part.plot.isVisible)
    session.set("versions", jobs=(), versions=versions()[:2])
    assert part.result.text() == (
        "Before: agreed with you on 84 % (version 1). Now: 93 % (version 2)."
    )
    assert part.choose.isHidden()
    few = replace(versions()[1], verdict="too few to tell", judged=2)
    session.set("versions", versions=(versions()[0], few))
    assert part.result.text().startswith("Too few test regions to tell: 2. Version 2 agrees with")
    assert part.choose.text() == "Use version 1"


def test_predicting_names_its_cost_first(make: Make, qtbot: QtBot) -> None:
    panel, session = make(replace(IDLE, primary=Primary("predict", "Predict 9 planes")))
    part = panel.predict
    qtbot.waitUntil(lambda: part.costs["plane"].text() == "1 plane, about 2 s")
    for scope, made in part.buttons.items():
        qtbot.mouseClick(made, LEFT)
        assert session.calls[-1] == ("predict", scope)
    with qtbot.waitSignal(part.uncertainty_wanted) as wanted:
        part.uncertainty.setChecked(False)
    assert wanted.args == [False]
    session.set("versions", versions=(), version=None)
    assert not part.buttons["view"].isEnabled()


def test_an_older_version_is_used_again(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    part = panel.history.versions
    panel.sections["History"].unfold()
    texts = [part.rows.data(part.rows.index(1, column)) for column in range(5)]
    assert texts == ["2", "93 %", "22 Nov 09:25", "1 (84 % there)", "in use"]
    part.table.selectRow(1)
    assert not part.use.isEnabled()
    part.table.selectRow(2)
    qtbot.mouseClick(part.use, LEFT)
    assert session.calls == [("use_version", 1)]


def test_expert_settings_go_to_the_session(make: Make, qtbot: QtBot) -> None:
    panel, session = make(IDLE)
    start = panel.advanced.start
    assert (start.currentText(), session.settings.start) == ("general microscopy", "starter")
    for key, name in ((Qt.Key.Key_Down, "imagenet"), (Qt.Key.Key_Down, "none")):
        qtbot.keyClick(start, key)
        assert session.settings.start == name
    with qtbot.waitSignal(panel.advanced.model_wanted):
        qtbot.keyClick(start, Qt.Key.Key_End)
    assert (start.currentText(), session.settings.start) == ("from zero", "none")
    panel.advanced.seed.setValue(7)
    panel.advanced.encoder.setCurrentText("resnet18")
    assert (session.settings.seed, session.settings.encoder) == (7, "resnet18")


def test_a_station_leads_to_its_section(make: Make, qtbot: QtBot) -> None:
    panel, _ = make(IDLE)
    assert panel.sections["Train"].is_open
    qtbot.mouseClick(panel.stations.buttons["Annotate"], LEFT)
    assert panel.sections["Classes"].is_open
    assert panel.stations.current == "Train"


def test_the_section_of_the_station_unfolds(make: Make) -> None:
    panel, session = make(IDLE)
    session.set("primary", primary=Primary("predict", "Predict 9 planes"))
    assert panel.sections["Predict"].is_open
    assert not panel.sections["Train"].is_open


def test_a_destroyed_panel_hears_nothing(qtbot: QtBot) -> None:
    session = HandDriven(IDLE)
    panel = SegLoopPanel(session)
    assert len(session.changed) == 1
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    assert [len(signal) for signal in (session.changed, session.preview)] == [0, 0]
    session.set("images", images=images(3))


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_themes_are_drawn(make: Make, qtbot: QtBot, theme: str) -> None:
    panel, session = make(replace(WALKING, jobs=(TRAINING,), told=Told("warning", "Careful.")))
    panel.setStyleSheet(get_stylesheet(theme))
    for section in panel.sections.values():
        section.unfold()
    qtbot.waitUntil(panel.train.plot.isVisible)
    shot = panel.grab().toImage()
    ground = shot.pixelColor(QPoint(2, shot.height() // 2)).lightness()
    assert (ground < 128) is (theme == "dark")
    session.set("task", task=None, classes=table())
    assert not panel.grab().isNull()


def test_everything_that_can_be_pressed_says_what_it_does(make: Make) -> None:
    panel, _ = make(IDLE)
    from qtpy.QtWidgets import QAbstractButton  # noqa: PLC0415

    mute = [
        made.text()
        for made in panel.findChildren(QAbstractButton)
        if made.objectName() != "qt_tableview_cornerbutton"
        and type(made).__name__ != "QAbstractButton"
        and not (made.toolTip() and (made.accessibleName() or made.text()))
    ]
    assert mute == []


def test_a_real_session_is_drawn(qtbot: QtBot, tmp_path: Path) -> None:
    session = LoopSession(tmp_path)
    panel = SegLoopPanel(session)
    qtbot.addWidget(panel)
    try:
        session.answer_task("classes")
        session.add_class("membrane")
        assert [each.name for each in panel.classes.rows.rows] == ["area", "membrane"]
        session.rename_class(2, "area")
        assert "area" in panel.message.text.text()
        assert panel.next_step.button.text() == session.state.primary.text
        missing = [name for name in METHODS.split() if not callable(getattr(session, name, None))]
        assert missing == []
    finally:
        session.close()
