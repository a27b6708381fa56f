"""Predict planes, the visible part of the first one first; results are taken over as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.core.events import TileDone
from napari_segloop.core.settings import PredictSettings
from napari_segloop.engine.failures import ChildError
from napari_segloop.engine.requests import PredictAnswer, PredictRequest
from napari_segloop.session import objectchecks, weigh
from napari_segloop.session.errands import PlaneByPlane
from napari_segloop.session.inview import InView
from napari_segloop.session.sources import check_channels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.events import Event
    from napari_segloop.engine.messages import JobBlock
    from napari_segloop.engine.requests import ModelBlob
    from napari_segloop.session.desk import Desk, Key, Pixels, Window
    from napari_segloop.session.inview import Box

AHEAD = 2  # planes read or waiting while one is predicted
SEEN_TILE = 1152
"""Side of the tiles of a plane that is being looked at: about a second each on two processors, so
that the view comes soon and Stop is quick; an image of 2048 x 2048 pixels costs a quarter more."""


class Predicting(PlaneByPlane):
    """Predict planes with the version in use.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    title : str
        For the user.
    keys : sequence of (int, tuple of int)
        Planes, in order.
    model : ModelBlob
        The version in use.
    version : int
        Its number.
    view : tuple of int or None
        What the user sees of the first plane: top, left, bottom, right.
    view_only : bool
        Nothing but that.

    Attributes
    ----------
    on_seen : callable
        Called with the first plane and the part of it in view, once that is there and more is to
        come.
    on_plane : callable
        Called with each plane that is whole.
    """

    kind = "predict"

    def __init__(
        self,
        desk: Desk,
        title: str,
        keys: Sequence[Key],
        model: ModelBlob,
        version: int,
        view: Box | None = None,
        *,
        view_only: bool = False,
    ) -> None:
        super().__init__(desk, title, keys)
        self._model, self._version = model, version
        self._view, self._view_only = view, view_only
        self._awaited: InView | None = None
        self._ahead: int | None = None  # the job that predicts what is in view alone
        self._finished = 0
        self.on_seen: Callable[[Key, Box], None] = lambda key, box: None
        self.on_plane: Callable[[Key], None] = lambda key: None

    def on_event(self, event: Event) -> None:
        """Show how far it is.

        Parameters
        ----------
        event : Event
            Of the plane being predicted.
        """
        if isinstance(event, TileDone) and self._ahead is None:
            self.estimate((self._finished + event.tile / event.tiles) / self._total)

    def on_block(self, block: JobBlock) -> None:
        """Take over labels and uncertainty.

        Parameters
        ----------
        block : JobBlock
            Of a plane.
        """
        key, is_part = self._keys[block.job], self._view_only or block.job == self._ahead
        if key[0] not in self.desk.images:
            return
        if block.name == "labels":
            labels = self.desk.versions.translate(self._version, block.array)  # type: ignore[arg-type]
            if not is_part:
                self.desk.spots.see(key, block.window, labels, self._version)
                objectchecks.see(self.desk, key, block.window, labels, self._version)
            self.desk.put_labels(key, block.window, labels, whole=not is_part)
        elif block.name == "uncertainty":
            self.desk.put_uncertainty(key, block.window, block.array)  # type: ignore[arg-type]
            self._take_note(key, block.window)

    def _take_note(self, key: Key, window: Window) -> None:
        """Tell when all that is in view is there."""
        awaited = self._awaited
        if awaited is None or awaited.key != key:
            return
        awaited.missing -= awaited.common(window)
        if awaited.missing <= 0:
            self._awaited = None
            self.on_seen(key, awaited.box)

    def on_done(self, job: int, answer: object) -> None:
        """Take note that a plane is done and go on.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : PredictAnswer
            How it went.
        """
        key = self._keys.pop(job)
        self.jobs.discard(job)
        if job == self._ahead:
            self._ahead = None
            self._ask()
            self.finish_if_idle()
            return
        if isinstance(answer, PredictAnswer) and not answer.stopped:
            self._note(key, answer)
        self.desk.settle(key)  # what was stopped left something, too
        self._finished += 1
        self._ask()
        super().on_done(job, answer)

    def on_failed(self, job: int, error: SegLoopError, *, cancelled: bool) -> None:
        """Leave out a plane that failed and go on, unless asked to stop or the child is gone.

        Parameters
        ----------
        job : int
            The engine's number.
        error : SegLoopError
            Why.
        cancelled : bool
            Whether the user wanted it.
        """
        if job == self._ahead and not cancelled and not isinstance(error, ChildError):
            self._ahead = None  # the plane, which comes next, says it again
            self.jobs.discard(job)
            del self._keys[job]
            return
        if job in self._keys:
            self.desk.settle(self._keys[job])
        if cancelled or self._total == 1 or isinstance(error, ChildError):
            super().on_failed(job, error, cancelled=cancelled)
            return
        self.desk.tell(error)
        self._finished += 1
        self.jobs.discard(job)
        self._ask()
        self.finish_if_idle()

    def on_unread(self, key: Key, error: SegLoopError) -> None:
        """Leave out a plane that cannot be read and go on with the others.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        error : SegLoopError
            Why.
        """
        if key[0] in self.desk.images:
            self.desk.tell(error)
        self._finished += 1
        self._ask()
        self.finish_if_idle()

    def _note(self, key: Key, answer: PredictAnswer) -> None:
        if key[0] not in self.desk.images:
            return
        rows, columns = self.desk.images.source(key[0]).plane_shape
        if answer.seconds > 0 and not self._view_only:
            self.desk.speed = rows * columns / answer.seconds
        if not self._view_only:
            self.desk.predicted[key] = self._version
            self.desk.note_unlike(key, answer.unlike)
            if answer.stated is not None:
                weigh.take_over(self.desk, key, self._version, answer.stated)
        self.desk.count_checked(key)
        self.ended.append(key)
        if not self._view_only:
            self.on_plane(key)

    def _ask(self) -> None:
        while self._left and not self.is_stopping and self.reading + len(self.jobs) < AHEAD:
            key = self._left.pop(0)
            if key[0] in self.desk.images:
                self._read(key)

    def _read(self, key: Key) -> None:
        view, self._view = self._view, None
        if view is not None:
            self._awaited = InView.of(key, view, self.desk.images.source(key[0]).plane_shape)
        settings = PredictSettings(largest_tile=SEEN_TILE if view else None)

        def send(pixels: Pixels) -> None:
            try:
                self._check(key, pixels)
            except InputError as error:
                self.on_unread(key, error)
                return
            asked = self._model, pixels.plane, settings, pixels.statistics, view
            if self._is_ahead_worth_it():
                self._ahead = self.submit(PredictRequest(*asked, view_only=True))
                self._keys[self._ahead] = key
            self._keys[self.submit(PredictRequest(*asked, view_only=self._view_only))] = key

        self.read(key, send)

    def _is_ahead_worth_it(self) -> bool:
        """Say whether what is in view is to be predicted alone, before its plane."""
        if self._view_only or self.desk.objects or self._ahead is not None:
            return False
        return self._awaited is not None and self._awaited.is_small

    def _check(self, key: Key, pixels: Pixels) -> None:
        name, facts = self.desk.images.state(key[0]).name, self.desk.versions.facts
        if facts is not None:
            check_channels(name, pixels.plane.shape[0], facts.channels)


def seconds_for(desk: Desk, pixels: int) -> float | None:
    """Estimate how long predicting takes.

    Parameters
    ----------
    desk : Desk
        Knows the last speed.
    pixels : int
        Of all planes.

    Returns
    -------
    float or None
        None before anything was predicted.
    """
    return None if desk.speed is None else pixels / desk.speed
