"""What a human says of places: all correct, can't tell, later; and the walk along them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session import walking, weigh
from napari_segloop.session.acceptances import Acceptance
from napari_segloop.session.agreed import GOAL
from napari_segloop.session.limits import LIMIT, more_than
from napari_segloop.session.lineup import count_below, fewest, line_up
from napari_segloop.session.offers import SAID
from napari_segloop.session.proofreading import Proofreading
from napari_segloop.session.ranking import Ranking
from napari_segloop.session.suspecting import window_of
from napari_segloop.session.truth_actions import TruthActions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from napari_segloop.session.acceptances import Statement
    from napari_segloop.session.desk import Key
    from napari_segloop.session.inview import Box
    from napari_segloop.session.queuestate import Place, QueueState


class CheckActions(TruthActions):
    """The walk along the queue.

    Attributes
    ----------
    window : int or None
        Side of places to check, in pixels; None sizes them to the objects.
    goal : float
        Agreement that is good enough, 0 to 1.
    limit : float
        How likely wrong a place has to be to be offered, 0 to 1.
    below : int
        Places that were found and are not offered for it.
    """

    window: int | None = None
    goal = GOAL
    limit = LIMIT
    below = 0

    def set_goal(self, share: float) -> None:
        """Say what agreement is good enough.

        Parameters
        ----------
        share : float
            Mean Dice, above 0 and below 1.

        Raises
        ------
        InputError
            When it is no such share.
        """
        if not 0 < share < 1:
            raise InputError("a goal from 1 to 99 %", f"{100 * share:g} %", "Use 90.")
        with self.acting():
            self.goal = share
            self.note("queue")

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
            self.offers.go(None, None)
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
            if self.queue.here is not None:
                self.offers.say(self.queue.here, "later")
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
        last = self.desk.acceptances.take_back(self.desk.images)
        if last is None:
            return False
        with self.acting():
            self.desk.before_write(last.key)  # a stroke that nobody has seen stays
            plane = self.desk.plane(last.key)
            change = plane.restore(last.before, last.after, self.table.newest)
            self.desk.put_back(last.key, change)
            self._count(-last.counted)
            self.desk.count_checked(last.key)
            if last.place.probability is None:  # spot checks are drawn again
                self.desk.truths.places.offer(last.key, last.place.region)
            self.offers.say(last.place, "open")
            self.answer_taken_back.emit(last.key[0])
            if last.place in self.queue.places:
                self.queue = walking.reopen(self.queue, self.queue.places.index(last.place))
                self._go()
        return True

    def accept_again(self) -> bool:
        """Say again what was taken back last, and go on from its place.

        Returns
        -------
        bool
            False when there is nothing, or something else was said since.
        """
        again = self.desk.acceptances.next(self.desk.images)
        if again is None:
            return False
        with self.acting():
            self.desk.before_write(again.key)  # a stroke that nobody has seen stays
            said = self._say(again.place, again.act, again.counted)
            self.desk.acceptances.add_again(said)
            if again.place in self.queue.places:
                at = self.queue.places.index(again.place)
                self.queue = walking.finish(replace(self.queue, at=at))
                self._go()
        return True

    def look_for_places(
        self,
        keys: Sequence[Key] | None = None,
        *,
        start: bool = False,
        within: Box | None = None,
    ) -> None:
        """Look for places to check, worst first.

        Parameters
        ----------
        keys : sequence of (int, tuple of int), optional
            Planes; all that have masks when not given.
        start : bool
            Whether to go to the first place then.
        within : (int, int, int, int), optional
            Only in this part of the planes, just predicted: top, left, bottom, right.
        """
        used = set(self.desk.images.used())
        wanted = [k for k in (keys or self.desk.truths.keys()) if k[0] in used]
        errand = Ranking(self.desk, wanted, self.checked, self.window, within)
        errand.fewest = fewest(self.desk, self.offers, self.goal)
        errand.at_end = lambda is_well: self._ranked(is_well=is_well, start=start)
        self.run(errand)

    def _ranked(self, *, is_well: bool, start: bool) -> None:
        if not is_well:
            return
        here, used = self.queue.here, set(self.desk.images.used())
        self.queue = self._new_queue(used)
        if here is not None and here.image in used:
            self.queue = walking.stay(self.queue, here)
        elif not self.queue.places:
            if not self.running("predict"):
                self._tell_none_left()
        elif start:
            self.queue = walking.start(self.queue)
            self._go()
        self.note("queue")
        self._proofread()

    def _proofread(self) -> None:
        """See where masks of another tool disagree, and offer such places when that is known."""
        if keys := self.desk.given.take(self.desk):
            if running := self.running("proofread"):
                running.stop()
            errand = Proofreading(self.desk, keys)
            errand.at_end = lambda is_well: (
                self.look_for_places(errand.ended) if is_well and errand.ended else None
            )
            self.run(errand)

    def _new_queue(self, used: Collection[int]) -> QueueState:
        """Line up all places that were found and are above the limit."""
        queue, self.below = line_up(self.desk, self.offers, used, self.limit, self.goal)
        return queue

    def count_below(self) -> None:
        """Count the places that are not offered, after images came or went."""
        self.below = count_below(self.desk, self.limit)

    def _tell_none_left(self) -> None:
        if self.below:
            text = f"Nothing {more_than(self.limit)} is left."
            self.desk.tell(text, "info", "Move the slider in Check to the left to see more places.")
        else:
            self.desk.tell("No place is left that needs checking.", "info")

    def offer_suspicious(self, places: Sequence[Place], model: str) -> int:
        """Offer places first whose labels disagree with the rest, unless the user stands by them.

        Parameters
        ----------
        places : sequence of Place
            The worst first.
        model : str
            Id of the model that was taught with them.

        Returns
        -------
        int
            How many there are.
        """
        queue, peek = self.queue, self.desk.truths.peek
        left = {window_of(p): p for n, p in enumerate(queue.places) if n not in queue.done}
        doubtful = [
            left.get(window_of(place), place)
            for place in places
            if not self.standing.has(place, peek((place.image, place.region.index)))
        ]
        self.offers.suspect(doubtful, model)
        self.queue = walking.put_first(queue, doubtful)
        self.note("queue")
        return len(doubtful)

    def _judge(self, act: Statement) -> None:
        here, at = self.queue.here, self.queue.at
        if here is None or at is None:
            return
        with self.acting():
            self.looking.emit(here.image, here.region.index)
            self.saver.hurry()
            self.desk.acceptances.add(self._say(here, act, int(at not in self.queue.done)))
            self.queue = walking.finish(self.queue)
            self._go()

    def _say(self, place: Place, act: Statement, counted: int) -> Acceptance:
        """Change what is known of a place."""
        key, window = (place.image, place.region.index), place.region.slices
        plane = self.desk.plane(key)
        weigh.ask(self.desk, place)
        before = plane.snapshot(window)
        self.desk.put_back(key, getattr(plane, act)(window, self.table.epoch))
        self._count(counted)
        self.desk.truths.places.drop(key, place.region)
        self.offers.say(place, SAID[act])
        if place.probability is not None:
            weigh.compare(self.desk, key, [place.region])
        if act == "accept" and self.offers.is_suspect(place):
            self.standing.keep(place, plane)
        self.desk.count_checked(key)
        return Acceptance(key, place, act, counted, before, plane.snapshot(window))

    def _doubter(self, here: Place | None) -> str | None:
        """Return the model that was unsure of a place; None for first masks."""
        key = None if here is None else (here.image, here.region.index)
        number = None if key is None else self.desk.predicted.get(key)
        if key is not None and number is None and self.desk.truths.uncertainty(key) is not None:
            number = self.desk.versions.current  # being predicted; its part in view is there
        models = {each.number: each.model for each in self.desk.versions.states}
        return None if number is None else models.get(number)

    def _go(self) -> None:
        """Open the image of the place that the user is at; the face moves the view."""
        here = self.queue.here
        self.offers.go(here, self._doubter(here))
        if here is not None:
            weigh.offer(self.desk, here)
        self.note("queue")
        if here is not None and here.image != self.desk.images.opened:
            self.publish()
            self.open(here.image)
