"""What a human says of places: all correct, can't tell, later; and what was painted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.session import walking
from napari_segloop.session.firstmasking import Ranking
from napari_segloop.session.image_actions import ImageActions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from napari_segloop.core.corrections import Change, PlaneSnapshot, PlaneTruth
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Key, Window

    Trust = Literal["all", "painted", "nothing"]
    Zero = Literal["background", "unknown"]

Index = tuple[int, ...]
MOST_TAKEN_BACK = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Acceptance:
    """How it was before a place was accepted or set aside."""

    key: Key
    at: int
    before: PlaneSnapshot


class CheckActions(ImageActions):
    """Truth, and the walk along the queue."""

    _acceptances: list[_Acceptance]

    def plane(self, image: int, index: Index) -> PlaneTruth:
        """Return what is known of a plane.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.

        Returns
        -------
        PlaneTruth
            The one and only of this plane.
        """
        return self.desk.plane((image, index))

    def planes(self, image: int) -> dict[Index, PlaneTruth]:
        """Return all known planes of an image.

        Parameters
        ----------
        image : int
            Number in the list.

        Returns
        -------
        dict of tuple of int to PlaneTruth
            By index.
        """
        return {key[1]: self.desk.plane(key) for key in self.desk.truths.keys(image)}

    def uncertainty(self, image: int, index: Index) -> Bytes | None:
        """Return how unsure the network was about a plane.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.

        Returns
        -------
        (Y, X) ndarray of uint8 or None
            Probability times 255; None before it was predicted.
        """
        return self.desk.truths.uncertainty((image, index))

    def observe(
        self, image: int, index: Index, labels: Labels, checked: Bytes, window: Window
    ) -> Change | None:
        """Take over what the user changed in the layers.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        labels, checked : (Y, X) ndarray
            Live contents of the two layers.
        window : tuple of slice
            Where something may have changed.

        Returns
        -------
        Change or None
            What has to be put back into the layers; None when nothing was new.
        """
        key = (image, index)
        is_new = self.desk.plane(key).checked_pixels == 0
        change = self.desk.plane(key).observe(
            labels, checked, window, epoch=self.table.epoch, declared=self._declared()
        )
        if change is None:
            return None
        if change.undeclared:
            self._tell_undeclared(change.undeclared)
        if self.queue.at is None and (is_new or not self.accepted):
            self._count(1)
        self.desk.count_checked(key)
        self.note("images")
        self.publish()
        return change

    def import_labels(
        self,
        image: int,
        index: Index,
        labels: Labels,
        trust: Trust = "all",
        zero: Zero = "background",
    ) -> None:
        """Take labels of another tool as masks.

        Parameters
        ----------
        image : int
            Number in the list.
        index : tuple of int
            The plane.
        labels : (Y, X) ndarray of integer
            Class values or ids.
        trust : {"all", "painted", "nothing"}
            What counts as checked: all of it, what is not 0, or nothing.
        zero : {"background", "unknown"}
            What 0 means where all is trusted.
        """
        with self.acting():
            key = (image, index)
            window = _whole(labels.shape)
            self.declare(np.unique(labels).tolist())
            self.desk.put_labels(key, window, labels, whole=True)
            plane = self.desk.plane(key)
            trusted = np.zeros(labels.shape, bool)
            if trust != "nothing":
                trusted |= labels != 0
            if trust == "all" and zero == "background":
                trusted[:] = True
            marks = np.where(trusted, 1, plane.checked).astype(np.uint8)
            change = plane.observe(
                plane.labels, marks, window, epoch=self.table.epoch, declared=None
            )
            if change is not None:
                self.desk.put_back(key, change)
            self._count(int(trusted.any()))
            self.desk.count_checked(key)
            self.note("images")

    def start_checking(self) -> None:
        """Go to the first place that is left, or look for places first."""
        with self.acting():
            if self.queue.left:
                self.queue = walking.start(self.queue)
                self._go()
            else:
                self.look_for_places(start=True)

    def stop_checking(self) -> None:
        """Stop walking; the places stay in the queue."""
        with self.acting():
            self.queue = walking.rest(self.queue)
            self.note("queue")

    def accept(self) -> None:
        """Say that all is correct here, and go to the next place."""
        self._judge("accept")

    def cant_tell(self) -> None:
        """Say that nobody can tell here, and go to the next place."""
        self._judge("cant_tell")

    def later(self) -> None:
        """Leave the place for later, and go to the next one."""
        with self.acting():
            self.queue = walking.later(self.queue)
            self._go()

    def back(self) -> None:
        """Go one place back."""
        with self.acting():
            self.queue = walking.back(self.queue)
            self._go()

    def take_back_last(self) -> bool:
        """Take back the last acceptance and go to its place.

        Returns
        -------
        bool
            False when there is none.
        """
        if not self._acceptances:
            return False
        with self.acting():
            last = self._acceptances.pop()
            self.desk.put_back(last.key, self.desk.plane(last.key).restore(last.before))
            if last.at < len(self.queue.places):
                self.queue = walking.reopen(self.queue, last.at)
                self._go()
            self._count(-1)
            self.desk.count_checked(last.key)
        return True

    def look_for_places(self, keys: Sequence[Key] | None = None, *, start: bool = False) -> None:
        """Look for places to check, worst first.

        Parameters
        ----------
        keys : sequence of (int, tuple of int), optional
            Planes; all that have masks when not given.
        start : bool
            Whether to go to the first place then.
        """
        used = set(self.desk.images.used())
        wanted = [k for k in (keys or self.desk.truths.keys()) if k[0] in used]
        errand = Ranking(self.desk, wanted, seed=self.checked)
        errand.at_end = lambda is_well: self._ranked(is_well=is_well, start=start)
        self.run(errand)

    def _ranked(self, *, is_well: bool, start: bool) -> None:
        if not is_well:
            return
        was_walking = self.queue.at is not None
        used = set(self.desk.images.used())
        found = {key: r for key, r in self.desk.truths.places.items() if key[0] in used}
        self.queue = walking.new_queue(found)
        self._acceptances.clear()
        if not self.queue.places:
            self.desk.tell("No place is left that needs checking.", "info")
        elif start or was_walking:
            self.queue = walking.start(self.queue)
            self._go()
        self.note("queue")

    def _judge(self, act: str) -> None:
        here, at = self.queue.here, self.queue.at
        if here is None or at is None:
            return
        with self.acting():
            key = (here.image, here.region.index)
            self.looking.emit(*key)
            plane, window = self.desk.plane(key), here.region.slices
            before = plane.snapshot(window)
            self.desk.put_back(key, getattr(plane, act)(window, self.table.epoch))
            self._acceptances.append(_Acceptance(key, at, before))
            del self._acceptances[:-MOST_TAKEN_BACK]
            self._count(int(at not in self.queue.done))
            self.queue = walking.finish(self.queue)
            self.desk.count_checked(key)
            self._go()

    def _go(self) -> None:
        """Open the image of the place that the user is at; the face moves the view."""
        here = self.queue.here
        self.note("queue")
        if here is not None and here.image != self.desk.images.opened:
            self.publish()
            self.open(here.image)

    def _count(self, places: int) -> None:
        self.accepted = max(0, self.accepted + places)
        self.checked = max(0, self.checked + places)
        self.note("primary")

    def _declared(self) -> frozenset[int] | None:
        return None if self.desk.objects else frozenset({0, *self.table.values})

    def declare(self, values: Iterable[int]) -> None:
        """Add a class for each value that is new; ids of objects are none.

        Parameters
        ----------
        values : iterable of int
            Label values.
        """
        for value in () if self.desk.objects else values:
            if value and value not in self.table.values:
                self.table = self.table.add(value=value)
                self.note("classes")

    def _tell_undeclared(self, values: tuple[int, ...]) -> None:
        names = ", ".join(f"{each.value} {each.name}" for each in self.table.classes)
        self.desk.tell(
            f"Label {', '.join(map(str, values))} is no class; the stroke was taken back. "
            f"Classes are: {names}. Add a class first, or choose one in the table.",
            "warning",
        )


def _whole(shape: tuple[int, ...]) -> Window:
    return slice(0, shape[0]), slice(0, shape[1])
