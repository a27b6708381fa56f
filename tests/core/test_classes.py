"""Class tables: what may be done to them and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_segloop.core.classes import ClassTable, LabelClass
from napari_segloop.core.errors import InputError
from napari_segloop.core.labelclass import COLOURS

if TYPE_CHECKING:
    from collections.abc import Callable

THREE = ClassTable.first("classes").add("membrane").add("nucleus")


@pytest.mark.parametrize(("task", "name"), [("classes", "area"), ("objects", "object")])
def test_a_project_starts_with_one_class(task: str, name: str) -> None:
    table = ClassTable.first(task)
    assert table.classes == (LabelClass(1, name, COLOURS[0], 0),)
    assert (table.values, table.epoch, table.newest) == ((1,), 0, 0)


def test_adding_counts_epochs_and_fills_gaps_in_values() -> None:
    assert [(each.value, each.epoch) for each in THREE.classes] == [(1, 0), (2, 1), (3, 2)]
    again = THREE.delete(2).add()
    assert again.values == (1, 3, 2)
    assert (again.get(2).epoch, again.epoch, again.newest) == (3, 3, 3)


def test_a_deleted_newest_class_no_longer_counts() -> None:
    assert (THREE.delete(3).newest, THREE.delete(3).epoch) == (1, 2)


def test_names_given_by_the_table_are_free() -> None:
    table = ClassTable.first("classes").add("Class 3").add()
    assert table.classes[-1].name == "class 4"


def test_colours_differ_until_all_are_used() -> None:
    table = ClassTable.first("classes")
    for _ in range(len(COLOURS)):
        table = table.add()
    colours = [each.colour for each in table.classes]
    assert colours == [*COLOURS, COLOURS[0]]


def test_a_colour_that_was_taken_by_hand_is_not_given_again() -> None:
    assert (
        ClassTable.first("classes").recolour(1, COLOURS[1].upper()).add().get(2).colour
        == (COLOURS[0])
    )


@pytest.mark.parametrize(
    ("position", "values"),
    [
        pytest.param(0, (3, 1, 2), id="first"),
        pytest.param(-5, (3, 1, 2), id="before first"),
        pytest.param(1, (1, 3, 2), id="middle"),
        pytest.param(9, (1, 2, 3), id="beyond last"),
    ],
)
def test_moving_changes_the_order_only(position: int, values: tuple[int, ...]) -> None:
    moved = THREE.move(3, position)
    assert moved.values == values
    assert sorted(map(repr, moved.classes)) == sorted(map(repr, THREE.classes))


def test_merging_keeps_the_later_epoch() -> None:
    merged = THREE.merge(3, 1)
    assert [(each.value, each.name, each.epoch) for each in merged.classes] == [
        (1, "area", 2),
        (2, "membrane", 1),
    ]


def test_renaming_to_another_case_of_its_own_name() -> None:
    assert THREE.rename(1, " AREA ").get(1).name == "AREA"


def test_a_table_survives_json() -> None:
    assert ClassTable.from_dict(THREE.delete(2).to_dict()) == THREE.delete(2)


@pytest.mark.parametrize(
    ("do", "word"),
    [
        pytest.param(lambda t: t.add("Area"), "twice", id="double name"),
        pytest.param(lambda t: t.add(""), "name", id="empty name"),
        pytest.param(lambda t: t.rename(1, "  "), "name", id="blank name"),
        pytest.param(lambda t: t.rename(1, "a\nb"), "name", id="two lines"),
        pytest.param(lambda t: t.rename(1, "x" * 101), "name", id="long name"),
        pytest.param(lambda t: t.rename(1, "nucleus"), "twice", id="taken name"),
        pytest.param(lambda t: t.rename(7, "new"), "class among 1, 2, 3", id="no such class"),
        pytest.param(lambda t: t.add("new", "red"), "colour", id="colour word"),
        pytest.param(lambda t: t.recolour(1, "#12345"), "colour", id="short colour"),
        pytest.param(lambda t: t.merge(1, 1), "two classes", id="merge with itself"),
        pytest.param(lambda t: t.merge(1, 9), "class among", id="merge into none"),
        pytest.param(lambda t: t.delete(1).delete(2).delete(3), "1 to 31", id="last class"),
        pytest.param(lambda t: ClassTable(t.classes, 1), "epoch", id="epoch of a class"),
        pytest.param(lambda t: ClassTable((*t.classes, t.classes[0]), 2), "value", id="value"),
    ],
)
def test_refused(do: Callable[[ClassTable], object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        do(THREE)


def test_31_classes_beside_background_and_no_more() -> None:
    table = ClassTable.first("classes")
    for _ in range(30):
        table = table.add()
    assert table.values == tuple(range(1, 32))
    with pytest.raises(InputError, match="31 classes"):
        table.add()


def test_epochs_end_before_they_overflow() -> None:
    table = ClassTable(ClassTable.first("classes").classes, 255)
    with pytest.raises(InputError, match="255"):
        table.add()


GOOD = {"value": 1, "name": "area", "colour": "#e69f00", "epoch": 0}


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({}, id="empty"),
        pytest.param({"classes": [], "epoch": 0}, id="no class"),
        pytest.param({"classes": [GOOD]}, id="no epoch"),
        pytest.param({"classes": [GOOD], "epoch": True}, id="epoch of another type"),
        pytest.param({"classes": GOOD, "epoch": 0}, id="no list"),
        pytest.param({"classes": ["area"], "epoch": 0}, id="no rows"),
        *(
            pytest.param({"classes": [{**GOOD, **wrong}], "epoch": 0}, id=str(wrong))
            for wrong in (
                {"value": 0},
                {"value": 256},
                {"value": "1"},
                {"value": 1.0},
                {"name": 5},
                {"name": None},
                {"colour": 5},
                {"epoch": -1},
                {"epoch": 1},
            )
        ),
    ],
)
def test_damaged_tables_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ClassTable.from_dict(data)
