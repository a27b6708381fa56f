"""What is made of a whole plane, on another thread where the plane rests.

What is made of it is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from napari_segloop.session.parcels import UNSURE

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.session.desk import Desk, Key

T = TypeVar("T")


def make_of(
    desk: Desk,
    key: Key,
    make: Callable[[PlaneTruth, Bytes | None], T],
    then: Callable[[T], None],
    failed: Callable[[SegLoopError], None],
) -> None:
    """Have something made of what is known of a plane.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    key : (int, tuple of int)
        Image and index.
    make : callable
        Called with the plane, not to be changed, and how unsure the network was: here and now, or
        on the keeper's thread when the plane rests.
    then, failed : callable
        Called with the result, at once or by a later poll.
    """
    truths = desk.truths
    truth, unsure = truths.parcel(key), truths.parcel(key, UNSURE)
    if truth is None:
        then(make(truths.peek(key) or desk.plane(key), truths.uncertainty(key)))
        return
    known = None if unsure else truths.uncertainty(key)
    desk.keeper.ask(lambda: make(truth.plane(), unsure.map() if unsure else known), then, failed)
