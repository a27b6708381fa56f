"""What becomes checked, case by case; `test_corrections_machine` mixes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.checkstate import EXCLUDED
from napari_segloop.core.classes import ClassTable
from napari_segloop.core.corrections import Kind, PlaneTruth
from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.corrections import Change

SHAPE = (8, 10)
WHOLE = np.s_[0:8, 0:10]
LEFT = np.s_[0:8, 0:5]


class Layers:
    """A plane beside what napari would hold."""

    def __init__(self, dtype: str = "uint8", table: ClassTable | None = None) -> None:
        self.labels = np.zeros(SHAPE, dtype)
        self.labels[2:6, 2:6] = 1
        self.checked = np.zeros(SHAPE, np.uint8)
        self.table = table or ClassTable.first("classes").add()
        self.plane = PlaneTruth(self.labels)

    def look(self, declared: frozenset[int] | None = frozenset({1, 2})) -> Change | None:
        epoch = self.table.epoch
        change = self.plane.observe(
            self.labels,
            self.checked,
            WHOLE,
            epoch=epoch,
            declared=declared,
            newest=self.table.newest,
        )
        if change is not None:
            self.show(change)
        return change

    def show(self, change: Change) -> None:
        self.checked[change.window] = change.checked
        if change.labels is not None:
            self.labels[change.window] = change.labels

    def paint(self, value: int, at: tuple[int, int] = (3, 3)) -> None:
        self.labels[at] = value
        self.look()

    def brush(self, value: int, at: tuple[int, int] = (3, 3)) -> None:
        self.checked[at] = value
        self.look()

    def accept(self) -> None:
        self.show(self.plane.accept(WHOLE, self.table.epoch))

    def cant_tell(self) -> None:
        self.show(self.plane.cant_tell(WHOLE, self.table.epoch))

    def exclude(self) -> None:
        self.checked[WHOLE] = EXCLUDED
        self.look()

    def predict(self, value: int) -> None:
        new = np.full(SHAPE, value, np.uint8)
        self.labels[WHOLE] = self.plane.write(new, WHOLE, objects=False, table=self.table)

    def change_classes(self, table: ClassTable) -> None:
        gone = frozenset(self.table.values) - frozenset(table.values)
        self.table = table
        if self.plane.remap({}, gone):
            self.labels[:], self.checked[:] = self.plane.labels, self.plane.checked
        if (change := self.plane.follow(table.newest)) is not None:
            self.show(change)

    def state(self, at: tuple[int, int] = (3, 3)) -> tuple[int, int, Kind]:
        plane = self.plane
        assert self.labels[at] == plane.labels[at]
        assert self.checked[at] == plane.checked[at]
        return int(plane.labels[at]), int(plane.checked[at]), Kind(plane.kind[at])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "int64"])
@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param("", (1, 0, Kind.NONE), id="nothing"),
        pytest.param("p2", (2, 1, Kind.CHANGED), id="paint"),
        pytest.param("p2 p1", (1, 0, Kind.NONE), id="paint and undo"),
        pytest.param("p2 p1 p2", (2, 1, Kind.CHANGED), id="redo"),
        pytest.param("p0", (0, 1, Kind.CHANGED), id="erase"),
        pytest.param("b1", (1, 1, Kind.BRUSHED), id="brush over, no pixel changes"),
        pytest.param("b1 p2 p1", (1, 1, Kind.BRUSHED), id="brushed, paint and undo"),
        pytest.param("b1 b0", (1, 0, Kind.NONE), id="brush undone"),
        pytest.param("p2 b1 p1", (1, 0, Kind.NONE), id="no brush on what is checked already"),
        pytest.param("a", (1, 1, Kind.ACCEPTED), id="accept"),
        pytest.param("a p2", (2, 1, Kind.ACCEPTED), id="paint on accepted"),
        pytest.param("a p2 p1", (1, 1, Kind.ACCEPTED), id="accepted, paint and undo"),
        pytest.param("p2 a p1", (1, 0, Kind.NONE), id="paint, accept, undo"),
        pytest.param("c", (1, 2, Kind.NONE), id="can't tell"),
        pytest.param("c a", (1, 2, Kind.NONE), id="can't tell is not accepted"),
        pytest.param("a c", (1, 2, Kind.NONE), id="accepted becomes can't tell"),
        pytest.param("c p2", (2, 1, Kind.CHANGED), id="paint where nobody could tell"),
        pytest.param("p2 c", (2, 1, Kind.CHANGED), id="changed stays under can't tell"),
        pytest.param("b1 c", (1, 1, Kind.BRUSHED), id="brushed stays under can't tell"),
        pytest.param("e a", (1, 3, Kind.NONE), id="excluded is not accepted"),
        pytest.param("e c", (1, 3, Kind.NONE), id="excluded stays under can't tell"),
        pytest.param("e p2", (2, 3, Kind.NONE), id="paint in an excluded area"),
        pytest.param("e b0", (1, 0, Kind.NONE), id="excluded no more"),
        pytest.param("p2 b2", (2, 2, Kind.NONE), id="brush can't tell"),
        pytest.param("b9", (1, 0, Kind.NONE), id="a value that checked does not have"),
        pytest.param("p7", (1, 0, Kind.NONE), id="an undeclared class"),
        pytest.param("p2 P2 p2", (2, 1, Kind.CHANGED), id="a prediction that agrees"),
        pytest.param("p2 P2 p1 p2", (2, 1, Kind.CHANGED), id="changed back and again"),
        pytest.param("p2 P2 p0 p2", (2, 1, Kind.CHANGED), id="agreed, painted, undone"),
        pytest.param("p2 P2 p1", (1, 0, Kind.NONE), id="undone under a prediction that agreed"),
        pytest.param("p2 P0", (2, 1, Kind.CHANGED), id="prediction on changed"),
        pytest.param("a P2", (1, 1, Kind.ACCEPTED), id="prediction on accepted"),
        pytest.param("b1 P2", (1, 1, Kind.BRUSHED), id="prediction on brushed"),
        pytest.param("c P2", (1, 2, Kind.NONE), id="prediction on can't tell"),
        pytest.param("e P2", (1, 3, Kind.NONE), id="prediction on excluded"),
        pytest.param("P2", (2, 0, Kind.NONE), id="prediction"),
        pytest.param("P2 p1", (1, 1, Kind.CHANGED), id="paint on a prediction"),
        pytest.param("P2 p1 p2", (2, 0, Kind.NONE), id="undone on a prediction"),
    ],
)
def test_states(steps: str, state: tuple[int, int, Kind], dtype: str) -> None:
    layers = Layers(dtype)
    for step in steps.split():
        {
            "p": lambda n: layers.paint(int(n)),
            "b": lambda n: layers.brush(int(n)),
            "P": lambda n: layers.predict(int(n)),
            "a": lambda _: layers.accept(),
            "c": lambda _: layers.cant_tell(),
            "e": lambda _: layers.exclude(),
        }[step[0]](step[1:])
    assert layers.state() == state


def test_only_the_window_is_compared() -> None:
    layers = Layers()
    layers.labels[3, 3] = layers.labels[3, 8] = 2
    change = layers.plane.observe(
        layers.labels, layers.checked, LEFT, epoch=0, declared=frozenset({1, 2})
    )
    assert change is not None
    assert change.window == np.s_[3:4, 3:4]
    assert layers.plane.checked_pixels == 1


def test_what_layers_show_already_is_not_put_back() -> None:
    layers = Layers()
    layers.checked[1:3, 1:4] = 1
    change = layers.look()
    assert change is not None
    assert change.checked.size == 0
    assert layers.look() is None


def test_an_undeclared_class_is_reverted_and_named_and_the_rest_of_the_stroke_stays() -> None:
    layers = Layers("int32")
    layers.labels[0, :3] = [7, 2, -4]
    change = layers.look()
    assert change is not None
    assert change.undeclared == (-4, 7)
    assert layers.labels[0, :3].tolist() == [0, 2, 0]
    assert layers.checked[0, :3].tolist() == [0, 1, 0]


def test_undo_brings_back_a_prediction_of_a_class_that_is_not_declared() -> None:
    layers = Layers()
    layers.predict(9)
    layers.paint(1)
    assert layers.state() == (1, 1, Kind.CHANGED)
    layers.paint(9)
    assert layers.state() == (9, 0, Kind.NONE)


def test_ids_beyond_the_dtype_widen_the_plane() -> None:
    layers = Layers("uint32")
    layers.plane = PlaneTruth(layers.labels.astype(np.uint16))
    layers.labels[0, 0] = 70_000
    layers.look(declared=None)
    assert layers.plane.labels.dtype == layers.plane.prediction.dtype == np.uint32
    assert layers.state((0, 0)) == (70_000, 1, Kind.CHANGED)


def test_the_callers_arrays_are_not_ours() -> None:
    layers = Layers()
    layers.labels[:] = 2
    assert layers.plane.labels.max() == 1
    assert not layers.plane.is_stated
    assert np.array_equal(layers.plane.labels, layers.plane.prediction)


@pytest.fixture
def earlier() -> Layers:
    """All accepted with one class, before a second one came."""
    layers = Layers(table=ClassTable.first("classes"))
    layers.accept()
    assert layers.plane.truth(layers.table, objects=False).all()
    layers.change_classes(layers.table.add())
    return layers


def test_earlier_background_is_shown_as_not_checked_for_a_later_class(earlier: Layers) -> None:
    truth = earlier.plane.truth(earlier.table, objects=False)
    np.testing.assert_array_equal(truth, earlier.plane.labels > 0)
    np.testing.assert_array_equal(earlier.checked, truth)
    assert earlier.look() is None, "nothing is new in what was shown"


@pytest.mark.parametrize("step", ["brush", "accept", "erase"])
def test_earlier_background_that_is_revisited_teaches(earlier: Layers, step: str) -> None:
    if step == "brush":
        earlier.checked[WHOLE] = 1
        earlier.look()
    elif step == "accept":
        earlier.accept()
    else:
        earlier.paint(0, (3, 3))
    truth = earlier.plane.truth(earlier.table, objects=False)
    assert truth.all() if step != "erase" else truth[3, 3]


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        pytest.param("D", (0, 1, Kind.ACCEPTED), id="deleted again"),
        pytest.param("p2", (2, 1, Kind.CHANGED), id="painted"),
        pytest.param("p2 p0", (0, 0, Kind.NONE), id="painted and undone"),
        pytest.param("b0", (0, 0, Kind.ACCEPTED), id="brushed away what is not there"),
        pytest.param("b2", (0, 2, Kind.NONE), id="brushed can't tell"),
        pytest.param("c", (0, 2, Kind.NONE), id="can't tell"),
        pytest.param("e", (0, 3, Kind.NONE), id="excluded"),
        pytest.param("P1", (0, 0, Kind.ACCEPTED), id="an older class is not predicted"),
        pytest.param("P2", (2, 0, Kind.ACCEPTED), id="the new class is"),
        pytest.param("P2 P1", (0, 0, Kind.ACCEPTED), id="and no longer"),
        pytest.param("P2 D", (0, 1, Kind.ACCEPTED), id="predicted and deleted"),
        pytest.param("P2 a", (2, 1, Kind.ACCEPTED), id="predicted and accepted"),
        pytest.param("P2 a D", (0, 0, Kind.NONE), id="accepted and deleted"),
        pytest.param("P2 p0", (0, 1, Kind.CHANGED), id="predicted and erased"),
        pytest.param("P2 p0 p2", (2, 0, Kind.NONE), id="erased and undone"),
    ],
)
def test_earlier_background(earlier: Layers, steps: str, state: tuple[int, int, Kind]) -> None:
    for step in steps.split():
        {
            "p": lambda n: earlier.paint(int(n), (0, 0)),
            "b": lambda n: earlier.brush(int(n), (0, 0)),
            "P": lambda n: earlier.predict(int(n)),
            "a": lambda _: earlier.accept(),
            "c": lambda _: earlier.cant_tell(),
            "e": lambda _: earlier.exclude(),
            "D": lambda _: earlier.change_classes(earlier.table.delete(2)),
        }[step[0]](step[1:])
    assert earlier.state((0, 0)) == state


def test_undo_of_a_stroke_from_before_brings_no_truth_for_the_new_class() -> None:
    layers = Layers(table=ClassTable.first("classes"))
    layers.accept()
    layers.paint(1, (0, 0))
    layers.change_classes(layers.table.add())
    assert layers.state((0, 0)) == (1, 1, Kind.ACCEPTED)
    layers.paint(0, (0, 0))
    assert layers.state((0, 0)) == (0, 0, Kind.ACCEPTED)


def test_an_acceptance_from_before_a_class_is_taken_back_for_good() -> None:
    layers = Layers(table=ClassTable.first("classes"))
    before = layers.plane.snapshot(WHOLE)
    layers.accept()
    after = layers.plane.snapshot(WHOLE)
    layers.change_classes(layers.table.add())
    layers.show(layers.plane.restore(before, after, layers.table.newest))
    layers.change_classes(layers.table.delete(2))
    assert not layers.plane.is_stated
    assert np.array_equal(layers.plane.labels, layers.plane.prediction)


def test_what_is_brought_back_from_before_a_class_is_set_aside() -> None:
    layers = Layers(table=ClassTable.first("classes"))
    layers.accept()
    before = layers.plane.snapshot(WHOLE)
    layers.cant_tell()
    layers.change_classes(layers.table.add())
    layers.show(layers.plane.restore(before, None, layers.table.newest))
    np.testing.assert_array_equal(layers.checked, layers.plane.labels > 0)
    assert layers.plane.is_stated


@pytest.mark.parametrize("after", [False, True], ids=["exact", "keeps what was stated since"])
def test_an_acceptance_is_taken_back(after: bool) -> None:
    layers = Layers()
    layers.paint(2)
    before = layers.plane.snapshot(LEFT)
    layers.accept()
    taken = layers.plane.snapshot(LEFT) if after else None
    layers.paint(2, (0, 0))
    layers.brush(3, (1, 1))
    layers.show(layers.plane.restore(before, taken))
    assert layers.state() == (2, 1, Kind.CHANGED)
    assert layers.state((0, 0)) == (2, 1, Kind.CHANGED)
    assert layers.state((0, 1)) == (0, 0, Kind.NONE)
    assert layers.state((0, 7)) == (0, 1, Kind.ACCEPTED)
    assert layers.state((1, 1)) == (0, 3 if after else 0, Kind.NONE)


@pytest.mark.parametrize("do", ["accept", "cant_tell", "exclude"])
def test_a_snapshot_brings_everything_back(do: str) -> None:
    layers = Layers()
    layers.paint(2)
    layers.brush(2, (5, 5))
    before = layers.plane.snapshot(WHOLE)
    getattr(layers, do)()
    layers.show(layers.plane.restore(before))
    for name in ("labels", "checked", "kind", "epoch"):
        assert np.array_equal(getattr(layers.plane, name), getattr(before, name))


@pytest.mark.parametrize("objects", [False, True])
def test_a_prediction_of_nothing_changes_nothing(objects: bool) -> None:
    layers = Layers()
    nowhere = (slice(3, 3), slice(2, 2))
    written = layers.plane.write(np.zeros((0, 0), np.uint8), nowhere, objects=objects)
    assert written.shape == (0, 0)
    assert np.array_equal(layers.plane.labels, layers.labels)


def test_labels_that_come_with_an_opinion() -> None:
    checked = np.zeros(SHAPE, np.int64)
    checked[0] = [0, 1, 2, 3] + 6 * [0]
    plane = PlaneTruth(np.ones(SHAPE, np.int64), checked, epoch=4)
    assert plane.checked[0, :4].tolist() == [0, 1, 2, 3]
    assert plane.kind[0, :4].tolist() == [0, Kind.ACCEPTED, 0, 0]
    assert plane.epoch[0, :4].tolist() == [0, 4, 0, 0]
    assert plane.labels.dtype == np.uint8


@pytest.mark.parametrize(
    ("mapping", "dropped", "label", "predicted", "state"),
    [
        pytest.param({2: 1}, set(), 1, 1, (1, Kind.BRUSHED), id="merged into the prediction"),
        pytest.param({1: 2}, set(), 2, 2, (1, Kind.BRUSHED), id="prediction merged into it"),
        pytest.param({1: 2, 2: 1}, set(), 1, 2, (1, Kind.CHANGED), id="swapped"),
        pytest.param({}, {2}, 0, 1, (0, Kind.NONE), id="deleted"),
        pytest.param({}, {1}, 2, 0, (1, Kind.CHANGED), id="prediction deleted"),
        pytest.param({2: 300}, set(), 300, 1, (1, Kind.CHANGED), id="wider"),
    ],
)
def test_classes_that_are_merged_or_deleted(
    mapping: dict[int, int], dropped: set[int], label: int, predicted: int, state: tuple[int, Kind]
) -> None:
    layers = Layers()
    layers.paint(2)
    plane = layers.plane
    assert plane.remap(mapping, frozenset(dropped))
    assert (plane.labels[3, 3], plane.prediction[3, 3]) == (label, predicted)
    assert (plane.checked[3, 3], plane.kind[3, 3]) == state


def test_a_class_that_nobody_used_is_deleted_without_a_trace() -> None:
    assert not Layers().plane.remap({}, frozenset({2}))


@pytest.mark.parametrize(
    ("do", "word"),
    [
        pytest.param(lambda p: PlaneTruth(np.zeros((2, 3, 3), int)), "Y X", id="three axes"),
        pytest.param(lambda p: PlaneTruth(np.zeros((3, 3))), "whole numbers", id="float"),
        pytest.param(lambda p: PlaneTruth(np.full((3, 3), -1)), "from 0", id="negative"),
        pytest.param(
            lambda p: PlaneTruth(p.labels, np.full(SHAPE, 4)), "0 to 3", id="opinion of 4"
        ),
        pytest.param(
            lambda p: PlaneTruth(p.labels, np.zeros((2, 2), int)), "shape", id="opinion of a shape"
        ),
        pytest.param(
            lambda p: p.observe(p.labels[1:], p.checked, WHOLE, epoch=0, declared=None),
            "shape",
            id="layer of another shape",
        ),
        pytest.param(
            lambda p: p.write(p.labels[1:], WHOLE, objects=False), "shape", id="prediction's shape"
        ),
        pytest.param(
            lambda p: p.write(np.full(SHAPE, 256), WHOLE, objects=False), "Widen", id="too large"
        ),
        pytest.param(
            lambda p: p.write(np.full(SHAPE, -1), WHOLE, objects=False), "from 0", id="negative new"
        ),
        pytest.param(lambda p: p.accept(np.s_[::2, :], 0), "step", id="every other row"),
    ],
)
def test_refused(do: Callable[[PlaneTruth], object], word: str) -> None:
    with pytest.raises(InputError, match=word):
        do(Layers().plane)
