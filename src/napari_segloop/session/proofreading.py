"""See in the background where masks of another tool disagree with the rest of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_segloop.core.events import TileDone
from napari_segloop.engine.requests import ProofreadAnswer, ProofreadItem, ProofreadRequest
from napari_segloop.session.aside import make_of
from napari_segloop.session.errands import PlaneByPlane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.events import Event
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Desk, Key, Pixels


class Proofreading(PlaneByPlane):
    """Judge masks of another tool by each other; whoever waits for places has some already.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    keys : sequence of (int, tuple of int)
        Planes.
    """

    kind = "proofread"

    def __init__(self, desk: Desk, keys: Sequence[Key]) -> None:
        super().__init__(desk, "Looking where masks disagree", keys)
        self._items = dict["Key", ProofreadItem]()
        self._tiles = 0

    def on_event(self, event: Event) -> None:
        """Show how far it is.

        Parameters
        ----------
        event : Event
            Of learning, then of each plane.
        """
        if isinstance(event, TileDone):
            self._tiles += event.tile == event.tiles
            part = event.tile / event.tiles % 1
            self.estimate(min(1.0, (self._tiles + part) / (len(self._items) + 1)))

    def on_done(self, job: int, answer: object) -> None:
        """Keep how likely labels are wrong, unless a version came meanwhile.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : ProofreadAnswer
            A plane for each that was sent.
        """
        if isinstance(answer, ProofreadAnswer) and not self.desk.versions.states:
            for key, found in zip(self._items, answer.uncertainty, strict=True):
                self._keep(key, found)
        self._items.clear()
        super().on_done(job, answer)

    def on_failed(self, job: int, error: SegLoopError, *, cancelled: bool) -> None:
        """Give up without a word: the places that there are stay.

        Parameters
        ----------
        job : int
            The engine's number.
        error : SegLoopError
            Why: for example, there is one class only.
        cancelled : bool
            Whether the user wanted it.
        """
        del error
        self.jobs.discard(job)
        self.fail(None)

    def on_unread(self, key: Key, error: SegLoopError) -> None:
        """Leave out a plane that cannot be read.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        error : SegLoopError
            Why; said already when the image was opened.
        """
        del key, error
        self._ask()
        self.finish_if_idle()

    def _keep(self, key: Key, found: Bytes) -> None:
        if key[0] in self.desk.images and key in self.desk.given and found.any():
            window = slice(0, found.shape[0]), slice(0, found.shape[1])
            self.desk.put_uncertainty(key, window, found)
            self.desk.settle(key)
            self.ended.append(key)

    def _ask(self) -> None:
        """Read one plane after the other, then send all of them."""
        if self.is_stopping or self.is_over:
            return
        while self._left:
            key = self._left.pop(0)
            if key[0] in self.desk.images:
                self.read(key, partial(self._add_masks, key))
                return
        if self._items:
            items = tuple(self._items.values())
            self.submit(ProofreadRequest(items, self.desk.objects))

    def _add_masks(self, key: Key, pixels: Pixels) -> None:
        self.reading += 1

        def make(plane: PlaneTruth, _: Bytes | None) -> ProofreadItem:
            labels, checked = plane.labels.copy(), plane.checked.copy()
            return ProofreadItem(pixels.plane, labels, checked, pixels.statistics)

        def keep(item: ProofreadItem) -> None:
            self.reading -= 1
            self._items[key] = item
            self._ask()
            self.finish_if_idle()

        def leave_out(error: SegLoopError) -> None:
            self.reading -= 1
            self.on_unread(key, error)

        make_of(self.desk, key, make, keep, leave_out)
