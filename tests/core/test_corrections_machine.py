"""Random work on a plane against a plain, slow model that judges one pixel at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.corrections import PlaneTruth

ROWS, COLUMNS = 5, 6
WHOLE = (slice(0, ROWS), slice(0, COLUMNS))


@dataclass(frozen=True)
class Pixel:
    """What the model knows of one pixel.

    ``why`` is a word: how it came to be checked. Where it is not checked, it is empty, or tells
    what was set aside when a class came.
    """

    label: int
    predicted: int
    state: int = 0
    why: str = ""
    epoch: int = 0

    def painted(self, label: int, epoch: int) -> Pixel:
        if label == self.label:
            return self
        if self.state == 3:
            return replace(self, label=label)
        if label == self.predicted:
            if self.why == "changed":
                return Pixel(label, self.predicted)
            return replace(self, label=label)
        if self.state != 1:
            return Pixel(label, self.predicted, 1, "changed", epoch)
        return replace(self, label=label, epoch=epoch if label == 0 else self.epoch)

    def brushed(self, state: int, epoch: int) -> Pixel:
        if state == 1:
            return replace(self, state=1, why="brushed", epoch=epoch)
        return Pixel(self.label, self.predicted, state)

    def accepted(self, epoch: int) -> Pixel:
        if self.state == 0:
            return replace(self, state=1, why="accepted", epoch=epoch)
        return replace(self, epoch=epoch) if self.state == 1 else self

    def not_told(self) -> Pixel:
        if self.state == 3 or (self.state == 1 and self.why in ("changed", "brushed")):
            return self
        return Pixel(self.label, self.predicted, 2)

    def foretold(self, label: int, table: ClassTable) -> Pixel:
        if self.state != 0:
            return self
        if self.why and label and table.get(label).epoch <= self.epoch:
            label = 0
        return replace(self, label=label, predicted=label)

    def settled(self, newest: int) -> Pixel:
        if not self.why or self.label:
            return self
        if self.epoch < newest:
            return replace(self, state=0)
        if self.state == 0 and self.why == "changed" and self.predicted == 0:
            return replace(self, state=1, why="brushed")
        return replace(self, state=1)

    def without(self, value: int) -> Pixel:
        if self.label == value and self.state == 1:
            return replace(self, state=0, why="", epoch=0).without(value)
        label, predicted = (0 if each == value else each for each in (self.label, self.predicted))
        why = "brushed" if self.why == "changed" and label == predicted else self.why
        return replace(self, label=label, predicted=predicted, why=why)

    def teaches(self, newest: int) -> bool:
        return self.state == 1 and (self.label != 0 or self.epoch >= newest)


windows = st.builds(
    lambda y, x, h, w: (slice(y, min(ROWS, y + h)), slice(x, min(COLUMNS, x + w))),
    *(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1), st.integers(1, 4), st.integers(1, 4)),
)


class Work(RuleBasedStateMachine):
    """The layers, the plane that watches them, and the model."""

    @initialize(
        first=st.lists(st.integers(0, 2), min_size=30, max_size=30),
        dtype=st.sampled_from(["uint8", "uint16", "int32", "int64"]),
    )
    def open(self, first: list[int], dtype: str) -> None:
        self.labels = np.array(first, dtype).reshape(ROWS, COLUMNS)
        self.checked = np.zeros((ROWS, COLUMNS), np.uint8)
        self.plane = PlaneTruth(self.labels.astype(np.uint8))
        self.model = {
            at: Pixel(int(value), int(value)) for at, value in np.ndenumerate(self.labels)
        }
        self.table = ClassTable.first("classes").add()
        self.undone: list[tuple[np.ndarray, np.ndarray]] = []
        self.history: list[tuple[np.ndarray, np.ndarray]] = []

    def stroke(self, after: np.ndarray) -> None:
        self.history.append((self.labels.copy(), after.copy()))
        self.undone.clear()
        self.labels[:] = after

    def look(self, window: tuple[slice, slice] = WHOLE) -> None:
        """Let both see the layers, and put back what the plane asks for."""
        declared, epoch = set(self.table.values), self.table.epoch
        wrong = set()
        for at in self.inside(window):
            label, state = int(self.labels[at]), int(self.checked[at])
            pixel = self.model[at]
            if label in declared | {0}:
                self.model[at] = pixel.painted(label, epoch)
            elif label != pixel.label:
                wrong.add(label)
            if state != pixel.state and state <= 3:
                self.model[at] = self.model[at].brushed(state, epoch)
            self.model[at] = self.model[at].settled(self.table.newest)
        change = self.plane.observe(
            self.labels,
            self.checked,
            window,
            epoch=epoch,
            declared=frozenset(declared),
            newest=self.table.newest,
        )
        assert wrong == set(change.undeclared if change else ())
        if change is not None:
            self.checked[change.window] = change.checked
            if change.labels is not None:
                self.labels[change.window] = change.labels

    def inside(self, window: tuple[slice, slice]) -> list[tuple[int, ...]]:
        rows, columns = (range(part.start, part.stop) for part in window)
        return [(y, x) for y in rows for x in columns]

    @rule(window=windows, label=st.integers(0, 5), seen=st.booleans())
    def paint(self, window: tuple[slice, slice], label: int, seen: bool) -> None:
        after = self.labels.copy()
        after[window] = label
        self.stroke(after)
        if seen:
            self.look(window)

    @rule(label=st.integers(0, 3), where=st.integers(0, 2))
    def fill(self, label: int, where: int) -> None:
        self.stroke(np.where(self.labels == where, label, self.labels))

    @rule(window=windows, state=st.integers(0, 4))
    def brush(self, window: tuple[slice, slice], state: int) -> None:
        self.checked[window] = state
        self.look(window)

    @rule()
    def undo(self) -> None:
        if self.history:
            before, after = self.history.pop()
            self.undone.append((before, after))
            self.labels[before != after] = before[before != after]

    @rule()
    def redo(self) -> None:
        if self.undone:
            before, after = self.undone.pop()
            self.history.append((before, after))
            self.labels[before != after] = after[before != after]

    @rule(window=windows)
    def look_at_a_part(self, window: tuple[slice, slice]) -> None:
        self.look(window)

    @rule(window=windows)
    def accept(self, window: tuple[slice, slice]) -> None:
        self.look()
        change = self.plane.accept(window, self.table.epoch)
        self.checked[change.window] = change.checked
        for at in self.inside(window):
            self.model[at] = self.model[at].accepted(self.table.epoch)

    @rule(window=windows)
    def accept_and_take_back(self, window: tuple[slice, slice]) -> None:
        self.look()
        before = self.plane.snapshot(window)
        self.plane.accept(window, self.table.epoch)
        self.plane.restore(before, self.plane.snapshot(window), self.table.newest)

    @rule(window=windows)
    def cant_tell(self, window: tuple[slice, slice]) -> None:
        self.look()
        change = self.plane.cant_tell(window, self.table.epoch)
        self.checked[change.window] = change.checked
        for at in self.inside(window):
            self.model[at] = self.model[at].not_told()

    @rule(window=windows, seed=st.integers(0, 99))
    def predict(self, window: tuple[slice, slice], seed: int) -> None:
        self.look()
        shape = self.labels[window].shape
        values = np.array([0, *self.table.values], np.uint8)
        new = np.random.default_rng(seed).choice(values, shape)
        self.labels[window] = self.plane.write(new, window, objects=False, table=self.table)
        for at in self.inside(window):
            label = int(new[at[0] - window[0].start, at[1] - window[1].start])
            self.model[at] = self.model[at].foretold(label, self.table)

    @rule()
    def add_a_class(self) -> None:
        self.look()
        if len(self.table.classes) < 4:
            self.table = self.table.add()
        self.follow()

    @rule(place=st.integers(0, 3))
    def delete_a_class(self, place: int) -> None:
        self.look()
        if len(self.table.classes) == 1:
            return
        value = self.table.values[place % len(self.table.values)]
        self.table = self.table.delete(value)
        used = value in self.plane.labels or value in self.plane.prediction
        assert self.plane.remap({}, frozenset({value})) == used
        if used:
            self.model = {at: pixel.without(value) for at, pixel in self.model.items()}
            self.labels[:], self.checked[:] = self.plane.labels, self.plane.checked
        self.history.clear()
        self.undone.clear()
        self.follow()

    def follow(self) -> None:
        change = self.plane.follow(self.table.newest)
        if change is not None:
            self.checked[change.window] = change.checked
        newest = self.table.newest
        self.model = {at: pixel.settled(newest) for at, pixel in self.model.items()}
        np.testing.assert_array_equal(self.checked, self.plane.checked)

    @rule()
    def put_away_and_take_out(self) -> None:
        self.plane = PlaneTruth.unpack(self.plane.pack())

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        for at, pixel in self.model.items():
            kinds = ("", "changed", "brushed", "accepted")
            assert pixel == Pixel(
                int(self.plane.labels[at]),
                int(self.plane.prediction[at]),
                int(self.plane.checked[at]),
                kinds[self.plane.kind[at]],
                int(self.plane.epoch[at]),
            ), at
        truth = self.plane.truth(self.table, objects=False)
        expected = [pixel.teaches(self.table.newest) for pixel in self.model.values()]
        assert truth.ravel().tolist() == expected

    @rule()
    def nothing_is_new_once_seen(self) -> None:
        self.look()
        np.testing.assert_array_equal(self.labels, self.plane.labels)
        np.testing.assert_array_equal(self.checked, self.plane.checked)
        assert (
            self.plane.observe(self.labels, self.checked, WHOLE, epoch=0, declared=frozenset())
            is None
        )


TestWork = Work.TestCase
TestWork.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
