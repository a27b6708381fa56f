"""Every way in which a plane changes tells exactly which of its pieces are different."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.touched import CHUNK, Piece, around, pieces_of, pieces_with, window_of
from napari_segloop.store.layout import CHUNK as STORED

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.checkstate import Pixels, Window

SHAPE = (700, 520)
TABLE = ClassTable.first("classes")
BOX = (slice(200, 300), slice(500, 520))


def compared(before: Pixels, after: Pixels) -> set[Piece]:
    """Compare two planes pixel by pixel."""
    different = before.differs(after)
    corners = [(y, x) for y in range(0, SHAPE[0], CHUNK) for x in range(0, SHAPE[1], CHUNK)]
    pieces = {(y // CHUNK, x // CHUNK): different[y : y + CHUNK, x : x + CHUNK] for y, x in corners}
    return {piece for piece, part in pieces.items() if part.any()}


def observe(plane: PlaneTruth, window: Window, value: int, *, brush: bool) -> None:
    labels, checked = plane.labels.copy(), plane.checked.copy()
    (checked if brush else labels)[window] = value
    whole = (slice(None), slice(None))
    plane.observe(labels, checked, whole, epoch=0, declared=frozenset({0, 1, 2}))


def take_back(plane: PlaneTruth, window: Window) -> None:
    before = plane.snapshot(window)
    plane.accept(window, 0)
    plane.restore(before, plane.snapshot(window))


WAYS: dict[str, Callable[[PlaneTruth, Window], object]] = {
    "paint": lambda plane, w: observe(plane, w, 1, brush=False),
    "paint 2": lambda plane, w: observe(plane, w, 2, brush=False),
    "erase": lambda plane, w: observe(plane, w, 0, brush=False),
    "paint what no class has": lambda plane, w: observe(plane, w, 9, brush=False),
    "brush": lambda plane, w: observe(plane, w, 1, brush=True),
    "brush can't tell": lambda plane, w: observe(plane, w, 2, brush=True),
    "brush excluded": lambda plane, w: observe(plane, w, 3, brush=True),
    "brush off": lambda plane, w: observe(plane, w, 0, brush=True),
    "accept": lambda plane, w: plane.accept(w, 0),
    "can't tell": lambda plane, w: plane.cant_tell(w, 0),
    "write": lambda plane, w: plane.write(
        np.ones(plane.labels[w].shape, np.uint8), w, objects=False, table=TABLE
    ),
    "write objects": lambda plane, w: plane.write(
        np.full(plane.labels[w].shape, 2, np.uint8), w, objects=True
    ),
    "merge": lambda plane, _: plane.remap({2: 1}, frozenset()),
    "delete": lambda plane, _: plane.remap({}, frozenset({1})),
    "a class comes": lambda plane, _: plane.follow(1),
    "a class goes": lambda plane, _: plane.follow(0),
    "widen": lambda plane, _: plane.widen(np.dtype(np.uint16)),
    "take back": take_back,
}


@st.composite
def windows(draw: st.DrawFn) -> Window:
    sides = [sorted(draw(st.tuples(*[st.integers(0, length)] * 2))) for length in SHAPE]
    rows, columns = (slice(*side) for side in sides)
    return rows, columns


@given(st.lists(st.tuples(st.sampled_from(sorted(WAYS)), windows()), max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_is_told_is_what_changed(steps: list[tuple[str, Window]]) -> None:
    plane = PlaneTruth(np.zeros(SHAPE, np.uint8))
    for name, window in steps:
        told, before = set[Piece](), plane.pixels.copy()
        plane.tell = told.update
        WAYS[name](plane, window)
        after = compared(before, plane.pixels)
        assert told == after if name != "take back" else told >= after


@pytest.mark.parametrize("way", sorted(set(WAYS) - {"widen", "paint what no class has", "erase"}))
def test_every_way_is_noticed(way: str) -> None:
    plane = PlaneTruth(np.zeros(SHAPE, np.uint8))
    if way in {"merge", "delete"}:
        observe(plane, BOX, 2 if way == "merge" else 1, brush=False)
    if way in {"a class comes", "a class goes", "brush off"}:
        observe(plane, BOX, 1, brush=True)
    if way == "a class goes":
        plane.follow(1)
    told = set[Piece]()
    plane.tell = told.update
    WAYS[way](plane, BOX)
    assert told == {(0, 1), (0, 2), (1, 1), (1, 2)}


def test_what_changed_before_a_fault_is_told() -> None:
    plane, told = PlaneTruth(np.zeros(SHAPE, np.uint8)), set[Piece]()
    plane.tell = told.update

    def half() -> None:
        with plane.noting(BOX):
            plane.pixels.checked[200, 500] = 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert told == {(0, 1)}


@given(windows())
@settings(max_examples=40, deadline=None)
def test_pieces_of_a_window_are_those_of_a_full_mask(window: Window) -> None:
    mask = np.ones(np.zeros(SHAPE)[window].shape, bool)
    assert pieces_of(window) == pieces_with(mask, window)


def test_pieces_and_their_neighbours_stay_inside() -> None:
    assert window_of((2, 2), SHAPE) == (slice(512, 700), slice(512, 520))
    assert around(frozenset({(2, 2)}), SHAPE) == {(1, 1), (1, 2), (2, 1), (2, 2)}
    assert CHUNK == STORED
