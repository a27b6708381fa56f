"""The table of places and the slider above it: states in, rows out; clicks in, calls out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_segloop.core.errors import InputError
from napari_segloop.core.regions import Region
from napari_segloop.session.state import Place, QueueState
from napari_segloop.widgets.check_section import CheckSection
from napari_segloop.widgets.limit import Limit
from napari_segloop.widgets.place_table import LIKELY, NUMBER, WHERE, PlaceTable
from tests.widgets.hand_driven import WALKING, HandDriven

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from tests.widgets.real_window import Face

    Make = Callable[..., tuple[PlaceTable, HandDriven]]

LEFT = Qt.MouseButton.LeftButton
WORST = (0.31, 0.0, 0.84, 0.004, 0.52)


def place(number: int) -> Place:
    """A place in one of two images; the fourth one is a random spot check in a stack."""
    reason = "random spot check" if number == 3 else f"inside {number}"
    index = (2, 7) if number == 3 else ()
    region = Region(0, 40 * number, 32, 32, 9.0 - number, 4.0, reason, index, WORST[number])
    return Place(2 - number % 2, region, 0.1 if number == 3 else None)


QUEUE = QueueState(tuple(place(n) for n in range(5)), at=2, done=(0, 1))
STATE = replace(WALKING, queue=QUEUE, answers=("cant_tell", "accepted", "", "", ""))


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def shown(*, is_open: bool = True) -> tuple[PlaceTable, HandDriven]:
        session = HandDriven(STATE)
        part = PlaceTable(session)
        qtbot.addWidget(part)
        part.resize(320, 260)
        part.draw(session.state)
        part.section.unfold(is_open)
        with qtbot.waitExposed(part):
            part.show()
        return part, session

    return shown


def numbers(part: PlaceTable) -> list[int]:
    return [row.number for row in part.rows.rows]


def cell(part: PlaceTable, row: int, column: int) -> str:
    return part.rows.data(part.rows.index(row, column))


def test_each_place_is_a_row_in_words(make: Make) -> None:
    part, _ = make()
    assert numbers(part) == [1, 2, 3, 4, 5]
    assert part.section.header.summary == "3 of 5 places left"
    found = [[cell(part, row, column) for column in range(1, 5)] for row in range(5)]
    assert found[0] == ["ads_sem_002.tif", "Inside background", "31 %", "can't tell"]
    assert found[1] == ["ads_sem_001.tif", "Inside axon", "", "done"]
    assert found[2] == ["ads_sem_002.tif", "Inside myelin", "84 %", "left"]
    where = "ads_sem_001.tif, plane 2, 7"
    assert found[3] == [where, "Random spot check", "under 1 %", "spot check"]


def test_a_title_sorts_and_the_order_lasts(make: Make) -> None:
    part, session = make()
    part.sort_by(LIKELY)
    assert numbers(part) == [3, 5, 1, 4, 2]
    part.sort_by(LIKELY)
    assert numbers(part) == [2, 4, 1, 5, 3]
    queue = replace(QUEUE, places=QUEUE.places[1:], at=None, done=(0,))
    session.state = replace(STATE, queue=queue, answers=())
    part.draw(session.state)
    assert [row.place for row in part.rows.rows] == [place(n) for n in (1, 3, 4, 2)]
    part.draw(STATE)
    assert numbers(part) == [2, 4, 1, 5, 3]
    part.sort_by(WHERE)
    assert numbers(part) == [2, 4, 1, 3, 5]
    part.sort_by(NUMBER)
    assert numbers(part) == [1, 2, 3, 4, 5]


def test_a_click_on_a_title_sorts(make: Make, qtbot: QtBot) -> None:
    part, _ = make()
    header = part.table.horizontalHeader()
    where = header.viewport().rect().center()
    where.setX(header.sectionViewportPosition(LIKELY) + header.sectionSize(LIKELY) // 2)
    qtbot.mouseClick(header.viewport(), LEFT, pos=where)
    assert numbers(part) == [3, 5, 1, 4, 2]
    assert header.isSortIndicatorShown()


def test_a_click_or_return_goes_there(make: Make, qtbot: QtBot) -> None:
    part, session = make()
    part.sort_by(LIKELY)
    view = part.table.viewport()
    qtbot.mouseClick(view, LEFT, pos=part.table.visualRect(part.rows.index(1, WHERE)).center())
    assert session.calls == [("go_to", place(4))]
    qtbot.keyClick(part.table, Qt.Key.Key_Down)
    assert len(session.calls) == 1
    qtbot.keyClick(part.table, Qt.Key.Key_Return)
    assert session.calls[1:] == [("go_to", place(0))]


def test_where_the_user_is_stands_out_and_moves_on(make: Make) -> None:
    part, session = make()
    assert [row.is_here for row in part.rows.rows] == [False, False, True, False, False]
    assert part.table.selected_rows() == [2]
    part.sort_by(LIKELY)
    assert part.table.selected_rows() == [0]  # it moves with its row
    part.table.selectRow(3)
    part.draw(replace(STATE, told=None))
    assert part.table.selected_rows() == [3]  # who looks around is left alone
    session.state = replace(STATE, queue=replace(QUEUE, at=4, done=(0, 1, 2)))
    part.draw(session.state)
    assert part.rows.rows[part.table.selected_rows()[0]].number == 5


def test_folded_away_it_asks_for_nothing(make: Make, qtbot: QtBot) -> None:
    part, session = make(is_open=False)
    assert part.section.header.summary == "3 of 5 places left"
    assert part.rows.rowCount() == 0
    part.section.unfold()
    qtbot.waitUntil(lambda: bool(session.thumbnails.wanted))
    assert numbers(part) == [1, 2, 3, 4, 5]
    part.section.unfold(False)
    assert session.thumbnails.wanted == []


def test_pictures_are_asked_for_where_they_are_seen(make: Make, qtbot: QtBot) -> None:
    part, session = make()
    many = tuple(Place(1, Region(0, 40 * n, 32, 32, 99.0 - n, 4.0, "inside 1")) for n in range(40))
    session.state = replace(STATE, queue=QueueState(many))
    part.draw(session.state)
    qtbot.waitUntil(lambda: many[0] in session.thumbnails.wanted)
    assert many[39] not in session.thumbnails.wanted
    part.table.scrollToBottom()
    qtbot.waitUntil(lambda: many[39] in session.thumbnails.wanted)
    assert many[20] not in session.thumbnails.wanted


def test_a_picture_is_shown_as_soon_as_it_is_there(make: Make) -> None:
    part, session = make()
    role = Qt.ItemDataRole.DecorationRole
    size = part.table.iconSize()
    before = part.rows.data(part.rows.index(0, NUMBER), role).pixmap(size).toImage()
    red = np.zeros((32, 64, 3), np.uint8)
    red[..., 0] = 255
    session.thumbnails.pictures[place(0)] = red
    session.thumbnails.ready.emit(place(0))
    after = part.rows.data(part.rows.index(0, NUMBER), role).pixmap(size).toImage()
    assert before.pixelColor(2, 2) != after.pixelColor(2, 2)
    assert after.pixelColor(2, 2).getRgb()[:3] == (255, 0, 0)
    assert abs(after.width() - 2 * after.height()) < 2


def test_what_is_the_same_of_all_places_has_no_column(make: Make) -> None:
    part, session = make()
    assert not any(part.table.isColumnHidden(column) for column in range(5))
    first = [Place(1, Region(0, 40 * n, 32, 32, 1.0, 0.0, "first masks")) for n in range(3)]
    session.state = replace(STATE, queue=QueueState(tuple(first)))
    part.draw(session.state)
    assert [part.table.isColumnHidden(column) for column in (WHERE, LIKELY)] == [True, True]


def test_the_slider_tells_the_limit(qtbot: QtBot) -> None:
    session = HandDriven(STATE)
    part = Limit(session)
    qtbot.addWidget(part)
    part.draw(session.state)
    assert part.slider.value() == 20
    assert part.words.text() == "Places more than 20 % likely wrong"
    qtbot.keyClick(part.slider, Qt.Key.Key_Right)
    assert session.calls == [("set_limit", 0.21)]
    part.draw(replace(STATE, limit=0.0, below=0))
    assert (part.slider.value(), part.words.text()) == (0, "All places")
    part.draw(replace(STATE, limit=0.35, below=3))
    assert part.words.text() == "Places more than 35 % likely wrong"
    assert len(session.calls) == 1
    part.draw(replace(STATE, version=None))
    assert part.isHidden()  # first masks say nothing of errors


def test_the_end_is_said_and_refusals_are_told(qtbot: QtBot) -> None:
    clear = replace(STATE, queue=QueueState((place(3),)), is_clear=True, limit=0.25, below=7)
    session = HandDriven(clear)
    part = CheckSection(session)
    qtbot.addWidget(part)
    part.draw(clear)
    assert part.place.text() == "<b>Nothing more than 25 % likely wrong is left.</b>"
    assert (
        part.reason.text()
        == "1 random spot check to do. 7 less likely places hidden by the slider."
    )
    assert part.places.section.header.summary == "1 of 1 place left · 7 hidden"
    part.draw(STATE)
    assert "Place 3 of 5" in part.place.text()
    session.refusal = InputError("a place of the list", "one that is gone", "Choose another one.")
    part.places.section.unfold()
    with qtbot.waitSignal(part.refused):
        part.places.table.entered_row.emit(0)


def test_in_a_viewer_pictures_come_and_a_click_moves_the_view(face: Face) -> None:
    layer, session = face.add_crystals(256), face.session
    session.answer_task("classes")
    places = [
        Place(1, Region(64 * n, 128, 64, 64, 3.0 - n, 1.0, "inside 1", (), 0.9 - 0.2 * n))
        for n in range(3)
    ]
    session.queue = QueueState(tuple(places))
    session.note("queue")
    session.publish()
    part = face.panel.check.places
    face.panel.visit("Check")
    part.section.unfold()
    face.until(lambda: all(session.thumbnails.picture(each) is not None for each in places))
    made = session.thumbnails.picture(places[2])
    assert made.shape == (64, 64, 3)
    shown, cut = made[..., 0].astype(float), np.asarray(layer.data)[128:192, 128:192]
    assert np.corrcoef(shown.ravel(), cut.ravel())[0, 1] > 0.9
    row = part.rows.index(2, WHERE + 1)
    face.click(part.table.viewport(), part.table.visualRect(row).center())
    face.turn()
    assert session.queue.here == places[2]
    np.testing.assert_allclose(face.viewer.scene.camera.center[1:], (159.5, 159.5), atol=1)
