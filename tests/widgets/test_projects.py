"""Projects in the dock: the line that says what is saved, the menu, the way back, and history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari._qt.qt_resources import get_stylesheet
from qtpy.QtCore import QFile, Qt
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog, QInputDialog

from napari_segloop.core.errors import InputError
from napari_segloop.session.keeping import ASIDE
from napari_segloop.session.state import (
    DamagedState,
    LoopState,
    RecentState,
    SavedState,
    SnapshotState,
)
from napari_segloop.store.pruning import Pruned
from napari_segloop.widgets.panel import SegLoopPanel
from napari_segloop.widgets.places import open_project, save_snapshot
from napari_segloop.widgets.project_words import WHY_READ_ONLY, counts_words
from napari_segloop.widgets.snapshots import worth_showing
from napari_segloop.widgets.theme import colours_of
from tests.widgets.hand_driven import WALKING, HandDriven

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot
    from qtpy.QtGui import QAction
    from qtpy.QtWidgets import QMenu

    from napari_segloop.widgets.snapshots import Snapshots
    from tests.widgets.real_window import Face

    Make = Callable[..., tuple[SegLoopPanel, HandDriven]]

LEFT = Qt.MouseButton.LeftButton
SAVED = SavedState("Saved 14:03", "info", "/data/projects/Nuclei.segloop", 3_400_000, name="Nuclei")
TIME = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
FAULT = "Not saved: the disk is full. Free some space; it is tried again every 10 s."
FULL = replace(SAVED, text=FAULT, level="error")
READ_ONLY = replace(SAVED, is_read_only=True)
RECENT = (
    RecentState("/data/projects/Nuclei.segloop", "Nuclei", "2026-11-21T09:05:00", 9, exists=True),
    RecentState("/data/projects/Old & new.segloop", "Old & new", "", 0, exists=True),
    RecentState("/stick/Away.segloop", "Away", "2026-11-20T09:05:00", 9, exists=False),
)


def snapshot(name: str, kind: str = "autosave", **values: object) -> SnapshotState:
    """A state of the project."""
    given = {"message": "", "counts": {"images": 3, "accepted": 6}, "version": 2, "is_kept": False}
    return SnapshotState(id=name, time=TIME, kind=kind, **(given | values))


SNAPSHOTS = (
    snapshot("newest"),
    snapshot("loose", message=ASIDE),
    snapshot("round", "round", version=1),
    snapshot("kept", message="before the holidays", is_kept=True, version=None),
    snapshot("restore", "restore", message="before the holidays", version=9),
)
EMPTY = snapshot("empty", "begin")
OPEN = replace(WALKING, saved=SAVED, snapshots=SNAPSHOTS, recent=RECENT)


@pytest.fixture
def make(
    qtbot: QtBot,
) -> Callable[..., tuple[SegLoopPanel, HandDriven]]:
    """Show a panel over a state."""

    def shown(state: LoopState) -> tuple[SegLoopPanel, HandDriven]:
        session = HandDriven(state)
        panel = SegLoopPanel(session)
        qtbot.addWidget(panel)
        panel.resize(panel.sizeHint().width(), 700)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel, session

    return shown


def entries(menu: QMenu) -> dict[str, QAction]:
    return {action.text(): action for action in menu.actions() if action.text()}


@pytest.mark.parametrize(
    ("saved", "name", "words", "level"),
    [
        pytest.param(SavedState(""), "No project yet", "", "info", id="nothing-yet"),
        pytest.param(SAVED, "Nuclei", "Saved 14:03", "info", id="saved"),
        pytest.param(FULL, "Nuclei", "Not saved: the disk is full", "error", id="disk-full"),
        pytest.param(
            READ_ONLY, "Nuclei", "Read-only: nothing is saved", "warning", id="second-viewer"
        ),
    ],
)
def test_the_line_says_what_is_saved(
    make: Make, saved: SavedState, name: str, words: str, level: str
) -> None:
    panel, session = make(WALKING)
    session.set("saved", saved=saved)
    line = panel.saved.button
    assert (line.text(), line.words, line.level) == (name, words, level)
    assert saved.text in line.toolTip()
    assert saved.path in line.toolTip()
    assert line.isVisible()
    assert words in line.accessibleName()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_fault_stands_out_in_its_colour(make: Make, theme: str) -> None:
    panel, session = make(OPEN)
    panel.setStyleSheet(get_stylesheet(theme))
    line = panel.saved.button

    def reddish() -> int:
        shot, red = line.grab().toImage(), colours_of(line).error.rgb()
        places = ((x, y) for x in range(shot.width()) for y in range(shot.height()))
        return sum(shot.pixel(x, y) == red for x, y in places)

    assert not reddish()
    session.set("saved", saved=FULL)
    assert reddish() > 20


def test_the_menu_asks_the_session(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, session = make(OPEN)
    menu = panel.saved.project.menu()
    found, shown = entries(menu), list[str]()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: (" Cells ", True))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/stick")
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    assert not found["3.4 MB in …/projects/Nuclei.segloop"].isEnabled()
    for text in (
        "Save a snapshot…", "Rename…", "Keep a second copy…", "Open its folder", "New project",
        "Open another project…", "Take in a colleague's project…", "Move…",
    ):  # fmt: skip
        found[text].trigger()
    assert session.calls == [
        ("snapshot", "Cells"),
        ("rename_project", "Cells"),
        ("set_mirror", Path("/stick")),
        ("new_project",),
        ("open_project", Path("/stick")),
        ("merge_project", Path("/stick")),
        ("move_project", Path("/stick")),
    ]
    assert shown == [SAVED.path]


def test_recent_projects_are_in_the_menu(make: Make) -> None:
    panel, session = make(OPEN)
    inner = entries(panel.saved.project.menu())["Recent projects"].menu()
    found = entries(inner)
    assert list(found) == ["Old && new", "Away, not there now"]  # not the one that is open
    assert not found["Away, not there now"].isEnabled()
    found["Old && new"].trigger()
    assert session.calls == [("open_project", Path("/data/projects/Old & new.segloop"))]


def test_the_second_copy_is_shown_and_given_up(make: Make) -> None:
    copied = replace(SAVED, mirror="/stick", mirror_text="Second copy of 14:03")
    panel, session = make(replace(OPEN, saved=copied))
    assert "Second copy of 14:03\n/stick" in panel.saved.button.toolTip()
    found = entries(panel.saved.project.menu())
    assert "Second copy in /stick…" in found
    found["No second copy any more"].trigger()
    assert session.calls == [("set_mirror", None)]


def test_nothing_open_has_a_short_menu(make: Make) -> None:
    panel, session = make(LoopState())
    found = entries(panel.saved.project.menu())
    assert list(found) == ["New project", "Open another project…", "Recent projects"]
    assert not found["Recent projects"].isEnabled()
    panel.saved.project.save_snapshot()  # from napari's menu
    assert "nothing to save" in panel.message.text.text()
    assert not session.calls


def test_a_refusal_is_said_in_the_dock(make: Make) -> None:
    panel, session = make(OPEN)
    session.refusal = InputError("a project", "a folder of images", "Choose another one.")
    panel.saved.project.open("/data")
    assert "a folder of images" in panel.message.text.text()


def test_one_click_leads_back_into_work(make: Make, qtbot: QtBot) -> None:
    panel, session = make(LoopState(recent=RECENT))
    part = panel.recent
    assert part.go_on.text() == "Continue where I was: Nuclei"
    assert [row.name for row in part.rows.rows] == ["Old & new", "Away"]
    qtbot.mouseClick(part.go_on, LEFT)
    part.table.entered_row.emit(0)
    assert session.calls == [("open_project", Path(RECENT[place].path)) for place in (0, 1)]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(LoopState(), id="never-used"),
        pytest.param(LoopState(recent=RECENT, saved=SAVED), id="project-open"),
        pytest.param(LoopState(recent=RECENT, images=WALKING.images), id="images-there"),
    ],
)
def test_no_way_back_is_offered_where_none_is_needed(make: Make, state: LoopState) -> None:
    panel, _ = make(state)
    assert not panel.recent.isVisible()


def test_autosaves_do_not_hide_the_rounds(make: Make) -> None:
    assert [s.id for s in worth_showing((*SNAPSHOTS, EMPTY), autosaves=False)] == [
        "newest", "round", "kept", "restore",
    ]  # fmt: skip
    panel, _ = make(OPEN)
    part = panel.history.snapshots
    part.autosaves.setChecked(True)
    assert part.rows.rows == SNAPSHOTS
    texts = [part.rows.data(part.rows.index(place, 1)) for place in range(5)]
    assert texts == [
        "saved by itself", "saved by itself", "after a training", "before the holidays",
        "restored: before the holidays",
    ]  # fmt: skip


def test_a_snapshot_is_looked_at_restored_and_kept(make: Make, qtbot: QtBot) -> None:
    panel, session = make(OPEN)
    panel.sections["History"].unfold()
    part = panel.history.snapshots
    assert not part.restore.isEnabled()
    part.table.selectRow(1)
    for made in (part.look, part.restore, part.keep, part.use):
        qtbot.mouseClick(made, LEFT)
    part.message.setText(" halfway ")
    qtbot.mouseClick(part.save, LEFT)
    assert session.calls == [
        ("look_at", "round"),
        ("restore", "round"),
        ("keep", "round", ""),
        ("use_version", 1),
        ("snapshot", "halfway"),
    ]
    assert not part.message.text()
    part.message.setText("good start")
    qtbot.mouseClick(part.keep, LEFT)
    qtbot.mouseClick(part.step, LEFT)
    assert session.calls[-2:] == [("keep", "round", "good start"), ("step_back",)]


def test_a_version_is_kept_and_let_go(make: Make, qtbot: QtBot) -> None:
    panel, session = make(OPEN)
    panel.sections["History"].unfold()
    part = panel.history.versions
    assert not part.keep.isEnabled()
    part.table.selectRow(2)
    qtbot.mouseClick(part.keep, LEFT)
    one, *others = OPEN.versions
    session.set("versions", versions=(replace(one, pinned=True), *others))
    assert part.rows.data(part.rows.index(2, 4)) == "kept"
    assert part.rows.data(part.rows.index(1, 4)) == "in use"
    part.table.selectRow(2)
    qtbot.mouseClick(part.keep, LEFT)
    assert session.calls == [("keep_version", 1, True), ("keep_version", 1, False)]


MB = Pruned(("a" * 64, "b" * 64), 3, 47_000_000)


def test_making_it_smaller_says_first_by_how_much(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, session = make(OPEN)
    asked, answers = list[str](), [False, True]
    monkeypatch.setattr(
        "napari_segloop.widgets.project_menu.confirm",
        lambda _owner, question, more, _yes: asked.append(question + more) or answers.pop(0),
    )
    for found in (MB, MB, replace(MB, models=(), snapshots=0)):
        entries(panel.saved.project.menu())["Make smaller…"].trigger()
        session.calls[-1][1](found)
    assert "2 models of versions neither in use nor kept (47 MB) and 3 autosaves" in asked[0]
    assert [call[0] for call in session.calls] == [
        "weigh_project", "weigh_project", "prune_project", "weigh_project",
    ]  # fmt: skip
    assert "nothing to clear away" in panel.message.text.text()


def test_deleting_asks_once_for_the_trash_and_twice_without(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    panel, session = make(OPEN)
    asked, answers = list[str](), [False, True, True, False, True, True]
    monkeypatch.setattr(
        "napari_segloop.widgets.project_menu.confirm",
        lambda _owner, question, *_: asked.append(question) or answers.pop(0),
    )
    delete = entries(panel.saved.project.menu())["Delete…"].trigger
    delete()
    assert not session.calls
    delete()
    (_, trash) = session.calls.pop()
    (tmp_path / "Nuclei.segloop").mkdir()
    monkeypatch.setattr(QFile, "moveToTrash", lambda _: (False, ""))
    assert not trash(tmp_path / "Nuclei.segloop")
    delete()
    assert not session.calls
    delete()
    assert session.calls == [("delete_project",)]
    assert asked[:2] == ["Delete Nuclei, 3.4 MB?"] * 2
    assert "for good" in asked[-1]


def test_the_trash_of_this_system_takes_a_folder(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    panel, session = make(OPEN)
    monkeypatch.setattr("napari_segloop.widgets.project_menu.confirm", lambda *_: True)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    (tmp_path / "Nuclei.segloop" / "annotations").mkdir(parents=True)
    panel.saved.project.delete()
    assert session.calls[-1][1](tmp_path / "Nuclei.segloop")
    assert not (tmp_path / "Nuclei.segloop").exists()


DAMAGED = DamagedState(
    "/data/Nuclei & co.segloop", "Nuclei & co", "the newest snapshot of a project: no such file",
    SNAPSHOTS[3], "/stick/copies/Nuclei & co.segloop", "2026-11-21T09:05:00+00:00",
)  # fmt: skip


def test_a_damaged_project_says_what_is_wrong_and_what_is_left(make: Make, qtbot: QtBot) -> None:
    panel, session = make(LoopState(recent=RECENT))
    part = panel.damaged
    assert not part.isVisible()
    session.set("damaged", damaged=DAMAGED)
    assert part.isVisible()
    assert "Nuclei &amp; co is damaged" in part.text.text()
    assert DAMAGED.fault in part.text.text()
    assert "before the holidays" in part.left.text()
    assert "…/copies/Nuclei" in part.left.text()
    for made in (part.older, part.copy, part.leave):
        qtbot.mouseClick(made, LEFT)
    assert session.calls == [
        ("recover_project", {"from_copy": False}),
        ("recover_project", {"from_copy": True}),
        ("leave_damaged",),
    ]
    session.set("damaged", damaged=replace(DAMAGED, snapshot=None, mirror=""))
    assert not part.older.isVisible()
    assert not part.copy.isVisible()
    assert "Look for a backup" in part.left.text()
    session.set("damaged", damaged=None)
    assert not part.isVisible()


def test_going_back_says_how_to_come_forth(make: Make, qtbot: QtBot) -> None:
    panel, session = make(OPEN)
    part = panel.history.snapshots
    panel.sections["History"].unfold()

    def restore(_snapshot: str) -> None:
        session.set("history", snapshots=(snapshot("back", "restore"), *SNAPSHOTS))

    part.table.selectRow(1)
    qtbot.mouseClick(part.restore, LEFT)
    assert not panel.message.isVisible()  # nothing was restored
    session.restore = restore
    qtbot.mouseClick(part.restore, LEFT)
    assert "kept" in panel.message.text.text()


@pytest.mark.parametrize(
    ("row", "keep", "use"),
    [
        pytest.param(0, True, False, id="version-in-use"),
        pytest.param(1, True, True, id="other-version"),
        pytest.param(2, False, False, id="kept-without-version"),
        pytest.param(3, True, False, id="version-that-is-gone"),
    ],
)
def test_only_what_can_be_done_is_offered(make: Make, row: int, keep: bool, use: bool) -> None:
    panel, _ = make(OPEN)
    part = panel.history.snapshots
    part.table.selectRow(row)
    assert (part.keep.isEnabled(), part.use.isEnabled()) == (keep, use)


def test_a_project_read_only_says_so_on_its_buttons(make: Make) -> None:
    panel, session = make(OPEN)
    assert not panel.saved.copy.isVisible()
    session.set("saved", saved=READ_ONLY)
    panel.saved.copy.click()
    assert session.calls == [("copy_project",)]
    part = panel.history.snapshots
    part.table.selectRow(1)
    for made in (part.restore, part.keep, part.save):
        assert not made.isEnabled()
        assert made.toolTip() == WHY_READ_ONLY
    assert part.look.isEnabled()
    found = entries(panel.saved.project.menu())
    for text in ("Save a snapshot…", "Rename…", "Keep a second copy…", "Move…", "Delete…"):
        assert not found[text].isEnabled()
        assert found[text].toolTip() == WHY_READ_ONLY
    assert found["Open another project…"].isEnabled()


def test_an_image_that_moved_is_shown(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    panel, session = make(OPEN)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/new/a.tif", ""))
    text = "Show where it is now…"
    panel.images.table.selectRow(0)
    assert text not in entries(panel.images.menu())
    panel.images.table.selectRow(4)
    entries(panel.images.menu())[text].trigger()
    assert session.calls == [("locate", 5, Path("/new/a.tif"))]


def test_counts_are_said_with_their_units() -> None:
    counts = {"images": 1, "checked_pixels": 12_345, "accepted": 6}
    assert counts_words(counts) == "1 image, 12,345 pixels checked by you, 6 places accepted"


def test_a_real_project_goes_back_and_forth(hidden: Face) -> None:
    hidden.add_crystals(64)
    hidden.session.answer_task("classes")
    hidden.until(lambda: hidden.session.view is not None)
    part, line = hidden.panel.history.snapshots, hidden.panel.saved.button
    stroke(hidden, slice(5, 15))
    hidden.until(lambda: line.words.startswith("Saved"))
    assert line.text() == "crystals"
    hidden.until(part.save.isEnabled)
    part.message.setText("one stroke")
    part.save.click()
    hidden.until(lambda: "one stroke" in [each.message for each in part.rows.rows])
    one = hidden.masks.data.copy()
    stroke(hidden, slice(30, 40))
    two = hidden.masks.data.copy()
    pick(part, "one stroke")
    part.look.click()
    hidden.until(lambda: hidden.dock.looked.layers)
    assert np.array_equal(hidden.dock.looked.layers[1].data, one)
    assert np.array_equal(hidden.dock.looked.layers[2].data, one != two)
    assert part.since.text() == (
        "Since then, in this plane: 100 pixels have another label, 100 more are checked."
    )
    part.restore.click()
    hidden.until(lambda: np.array_equal(hidden.masks.data, one))
    assert not hidden.dock.looked.layers
    assert "kept" in hidden.panel.message.text.text()
    part.table.selectRow(1)  # as the message says
    part.restore.click()
    hidden.until(lambda: np.array_equal(hidden.masks.data, two))


def test_words_of_a_snapshot_survive_a_job_that_begins_at_once(hidden: Face) -> None:
    hidden.add_crystals(64)
    hidden.session.answer_task("classes")
    hidden.until(lambda: hidden.session.view is not None)
    part = hidden.panel.history.snapshots
    stroke(hidden, slice(5, 15))
    hidden.until(part.save.isEnabled)
    hidden.session.snapshot("before the holidays")
    hidden.session.saver.ask("round", "Before training", lambda _: None)
    words = "before the holidays, Before training"
    hidden.until(lambda: (words, "manual") in [(s.message, s.kind) for s in part.rows.rows])


def test_napari_s_menu_opens_a_project(hidden: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[Path]()
    hidden.session.open_project = asked.append
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/stick")
    open_project(hidden.viewer)
    save_snapshot(hidden.viewer)
    assert asked == [Path("/stick")]
    assert "nothing to save" in hidden.panel.message.text.text()


def stroke(face: Face, where: slice) -> None:
    """Paint as a script does, and let the stage notice."""
    face.masks.data[where, where] = 1
    face.masks.refresh()
    face.until(lambda: face.session.plane(1, ()).checked[where.start, where.start] == 1)


def pick(part: Snapshots, message: str) -> None:
    """Select the row of a snapshot."""
    part.table.selectRow([each.message for each in part.rows.rows].index(message))
