"""Places to check in any masks: planes are handed to the engine one by one, places come back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import SegLoopError
from napari_segloop.core.ranking import FEWEST_WINDOWS, RankSettings
from napari_segloop.core.reasons import NOVEL, disagreeing
from napari_segloop.engine.requests import RankAnswer, RankItem, RankRequest
from napari_segloop.session.aside import make_of
from napari_segloop.session.errands import PlaneByPlane
from napari_segloop.session.facts import rarely_taught

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.core.regions import Region
    from napari_segloop.session.desk import Desk, Key
    from napari_segloop.session.inview import Box


class Ranking(PlaneByPlane):
    """Look for places to check in planes that have masks.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    keys : sequence of (int, tuple of int)
        Planes.
    seed : int
        For places that are drawn.
    window : int, optional
        Side of a place in pixels; sized to the objects when not given.
    within : (int, int, int, int), optional
        Only in this part of the planes, of which is known how unsure the network is: top, left,
        bottom, right.
    """

    kind = "rank"
    is_shown = False

    def __init__(
        self,
        desk: Desk,
        keys: Sequence[Key],
        seed: int = 0,
        window: int | None = None,
        within: Box | None = None,
    ) -> None:
        super().__init__(desk, "Looking for places to check", keys)
        self._seed, self._within = seed, within
        self.fewest = 0  # places of a plane, of which those that are missing are drawn
        self._settings = RankSettings(
            window, objects=desk.objects, least=FEWEST_WINDOWS, seldom=_rarely_taught(desk)
        )

    def on_done(self, job: int, answer: object) -> None:
        """Keep the places and go on.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : RankAnswer
            Places.
        """
        key = self._keys[job]
        if isinstance(answer, RankAnswer) and key[0] in self.desk.images:
            top, left = (0, 0) if self._within is None else self._within[:2]
            regions = [replace(r, y=r.y + top, x=r.x + left) for _, r in answer.places]
            if key not in self.desk.predicted and self._within is None:
                regions = [_of_given_masks(region) for region in regions]
            if self.desk.unlike.get(key):
                regions = [replace(region, reason=NOVEL) for region in regions]
            self.desk.truths.places[key] = [*regions, *self._beside(key)]
        self._ask()
        super().on_done(job, answer)

    def _beside(self, key: Key) -> list[Region]:
        """Return the places of a plane that lie outside of the part that was looked at."""
        if self._within is None:
            return []
        top, left, bottom, right = self._within
        known = self.desk.truths.places.get(key, [])
        return [
            r for r in known
            if r.y >= bottom or r.y + r.height <= top or r.x >= right or r.x + r.width <= left
        ]  # fmt: skip

    def _ask(self) -> None:
        """One plane at a time, so that copies of few are in memory."""
        while self._left and not self.is_stopping:
            key = self._left.pop(0)
            if key[0] in self.desk.images:
                self._ask_for(key)
                return

    def _ask_for(self, key: Key) -> None:
        self.reading += 1

        def send(request: RankRequest) -> None:
            self.reading -= 1
            if key[0] not in self.desk.images:
                self._ask()
            elif not self.is_over and not self.is_stopping:
                self._send(key, request)
            self.finish_if_idle()

        def leave_out(error: SegLoopError) -> None:
            self.reading -= 1
            self.desk.tell(error)
            self._ask()
            self.finish_if_idle()

        make_of(self.desk, key, partial(self._request, key), send, leave_out)

    def _send(self, key: Key, request: RankRequest) -> None:
        try:
            self._keys[self.submit(request)] = key
        except SegLoopError as error:  # too large for one request
            self.fail(error)

    def _request(self, key: Key, plane: PlaneTruth, unsure: Bytes | None) -> RankRequest:
        settings, (rows, columns) = self._settings, plane.labels.shape
        part = slice(0, rows), slice(0, columns)
        is_said = key in self.desk.predicted or not self.desk.versions.states
        if self._within is not None:
            top, left, bottom, right = self._within
            part, is_said = (slice(top, bottom), slice(left, right)), True
            settings = replace(settings, window=settings.side(plane.labels))
        is_known = unsure is not None and is_said and unsure.any()
        doubt = unsure[part].copy() if unsure is not None and is_known else None
        item = RankItem(*key, plane.labels[part].copy(), plane.checked[part].copy(), doubt)
        seed = self._seed + 1000 * key[0] + sum(key[1])
        return RankRequest((item,), settings, seed, self.fewest)


def _rarely_taught(desk: Desk) -> tuple[int, ...]:
    """Return the classes that the version in use has rarely seen, as they are numbered today."""
    version, blob = desk.versions.current, desk.versions.blob()
    if version is None or blob is None:
        return ()
    values = np.array(rarely_taught(blob.data), np.int64)
    today = desk.versions.translate(version, values).tolist() if values.size else []
    return tuple(value for value in today if value in desk.table.values)


def _of_given_masks(region: Region) -> Region:
    """Say of a place what speaks against its masks, where anything is known to.

    How likely it is wrong was not fitted on anything; so it is not said, and hides nothing.
    """
    if not region.expected_error:
        return region
    return replace(region, reason=disagreeing(region.reason), worst=0.0)
