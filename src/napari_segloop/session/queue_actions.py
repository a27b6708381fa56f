"""What a human wants of the queue itself: which places are in it, and which one to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session import walking
from napari_segloop.session.check_actions import CheckActions

if TYPE_CHECKING:
    from napari_segloop.session.queuestate import Place


class QueueActions(CheckActions):
    """The queue as a list that one chooses from."""

    def set_limit(self, share: float) -> None:
        """Say how likely wrong a place has to be to be offered.

        What is below is kept, and comes back with another limit. Random spot checks, places in
        first masks and labels that are disputed are offered whatever the limit.

        Parameters
        ----------
        share : float
            From 0, which offers all, to 1.

        Raises
        ------
        InputError
            When it is no such share.
        """
        if not 0 <= share <= 1:
            raise InputError("a limit from 0 to 100 %", f"{100 * share:g} %", "Use 20.")
        with self.acting():
            self.limit = share
            used = set(self.desk.images.used())
            self.queue = walking.go_on(self.queue, self._new_queue(used))
            self.note("queue")

    def go_to(self, place: Place) -> None:
        """Go to a place of the queue, whether it is done or not.

        Parameters
        ----------
        place : Place
            Which one.

        Raises
        ------
        InputError
            When it is not in the queue any more.
        """
        if place not in self.queue.places:
            raise InputError("a place of the list", "one that is gone", "Choose another one.")
        with self.acting():
            self.queue = walking.go_to(self.queue, self.queue.places.index(place))
            self._go()
