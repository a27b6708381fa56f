"""First masks: a preview of one plane, or of planes to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.images import grey
from napari_segloop.engine.requests import (
    FirstMaskAnswer,
    FirstMaskRequest,
)
from napari_segloop.session.errands import Errand, PlaneByPlane
from napari_segloop.session.given import forget_doubt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.core.images import Array
    from napari_segloop.session.desk import Desk, Key, Pixels


class Previewing(Errand):
    """Threshold what the user sees, to look at only.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    plane : (Y, X) ndarray
        One channel of what is visible.
    settings : FirstMaskSettings or None
        None: suggested.
    show : callable
        Called with the answer.
    """

    kind = "first_mask"
    is_shown = False

    def __init__(
        self,
        desk: Desk,
        plane: Array,
        settings: FirstMaskSettings | None,
        show: Callable[[FirstMaskAnswer], None],
    ) -> None:
        super().__init__(desk, "Preview")
        self._request = FirstMaskRequest(plane, settings, desk.objects)
        self._show_answer = show

    def begin(self) -> None:
        """Ask at once: the pixels are there."""
        self.submit(self._request)

    def on_done(self, job: int, answer: object) -> None:
        """Show the answer, unless a newer preview was asked for.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : FirstMaskAnswer
            Labels and settings.
        """
        if isinstance(answer, FirstMaskAnswer) and not self.is_stopping:
            self._show_answer(answer)
        super().on_done(job, answer)


class FirstMasking(PlaneByPlane):
    """Threshold planes and take the result over, but for what is checked.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    keys : sequence of (int, tuple of int)
        Planes.
    settings : FirstMaskSettings or None
        None: the first plane's suggestion.
    value : int
        Label value of objects when labels are classes.
    """

    kind = "first_mask"

    def __init__(
        self, desk: Desk, keys: Sequence[Key], settings: FirstMaskSettings | None, value: int
    ) -> None:
        super().__init__(desk, "Making first masks", keys)
        self._settings, self._value = settings, value

    def on_done(self, job: int, answer: object) -> None:
        """Take over the labels and go on.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : FirstMaskAnswer
            Labels and settings.
        """
        key = self._keys[job]
        if isinstance(answer, FirstMaskAnswer) and key[0] in self.desk.images:
            self._settings = self._settings or answer.settings
            self._take(key, answer)
        self.estimate(len(self.ended) / self._total)
        self._ask()
        super().on_done(job, answer)

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
        self._ask()
        self.finish_if_idle()

    def _take(self, key: Key, answer: FirstMaskAnswer) -> None:
        labels = answer.labels
        if not self.desk.objects:
            values = self.desk.table.values  # the class may have been deleted meanwhile
            value = self._value if self._value in values else values[0]
            labels = np.where(labels > 0, value, 0).astype(np.uint8)
        window = (slice(0, labels.shape[0]), slice(0, labels.shape[1]))
        forget_doubt(self.desk, key)
        self.desk.put_labels(key, window, labels, whole=True)
        self.desk.count_checked(key)
        self.ended.append(key)

    def _ask(self) -> None:
        if not self._left or self.is_stopping:
            return
        key = self._left.pop(0)

        def send(pixels: Pixels) -> None:
            request = FirstMaskRequest(grey(pixels.plane), self._settings, self.desk.objects)
            self._keys[self.submit(request)] = key

        self.read(key, send)
