"""Which planes are unlike what their version learnt, as plain data for a project, and back.

When records are saved is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from napari_segloop.session.desk import Desk, Index

LONGEST: Final = 1000
"""Characters of a reason."""


def notes_of(known: Mapping[Index, str]) -> dict[str, list[Any]]:
    """Return what is known of an image.

    Parameters
    ----------
    known : mapping of tuple of int to str
        Reasons by index; empty where a plane is not unlike.

    Returns
    -------
    dict of str to list
        For `ImageRecord`: index and reason of each such plane. Empty without any.
    """
    found = [[list(index), reason[:LONGEST]] for index, reason in known.items() if reason]
    return {"unlike": found} if found else {}


def take_up(desk: Desk, image: int, notes: Mapping[str, object], planes: Collection[Index]) -> None:
    """Go on with what was kept; what makes no sense is passed over.

    Parameters
    ----------
    desk : Desk
        Has the image already.
    image : int
        Its number.
    notes : mapping
        Of its record.
    planes : collection of tuple of int
        Those that a version predicted.
    """
    known = {tuple(index) for index in planes}
    found = notes.get("unlike")
    for note in found if isinstance(found, list) else ():
        try:
            index, reason = note
            is_known = tuple(index) in known
        except (TypeError, ValueError):
            continue
        if is_known and isinstance(reason, str) and len(reason) <= LONGEST:
            desk.unlike[image, tuple(index)] = reason
    why = (reason for (other, _), reason in desk.unlike.items() if other == image)
    desk.images.change(image, unlike=next(why, ""))
