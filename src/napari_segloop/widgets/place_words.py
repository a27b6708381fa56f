"""A place to check in the words of the interface: where it is, why, and what was said of it.

States in, text out: no widget, no session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_segloop.session.words import percent
from napari_segloop.widgets.words import reason_with_names

if TYPE_CHECKING:
    from napari_segloop.session.state import LoopState, Place

LEFT, DONE, CANT_TELL, SPOT_CHECK = "left", "done", "can't tell", "spot check"


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place of the queue in words.

    Parameters
    ----------
    number : int
        From 1, in the order of checking.
    place : Place
        Where to go.
    where, why, likely, state : str
        As the functions of this name say.
    is_here : bool
        Whether the user is there.
    """

    number: int
    place: Place
    where: str
    why: str
    likely: str
    state: str
    is_here: bool

    def sort_key(self, column: int) -> object:
        """Return what the row is sorted by, besides its number.

        Parameters
        ----------
        column : int
            Of the table.

        Returns
        -------
        object
            Comparable with that of other rows.
        """
        keys = (self.number, self.where, self.why, self.place.region.worst, self.state)
        return keys[column]


def where(state: LoopState, place: Place) -> str:
    """Say where a place is.

    Parameters
    ----------
    state : LoopState
        Has the names of images.
    place : Place
        In one of them.

    Returns
    -------
    str
        Name of the image, and the plane if it has several.
    """
    names = (image.name for image in state.images if image.id == place.image)
    name, index = next(names, "an image"), place.region.index
    return f"{name}, plane {', '.join(str(number) for number in index)}" if index else name


def why(state: LoopState, place: Place) -> str:
    """Say why a place is offered.

    Parameters
    ----------
    state : LoopState
        Has the names of classes.
    place : Place
        Any.

    Returns
    -------
    str
        A few words, the first one with a capital letter.
    """
    classes = () if state.classes is None else state.classes.classes
    reason = reason_with_names(place.region.reason, {each.value: each.name for each in classes})
    return reason[:1].upper() + reason[1:]


def how_likely(place: Place) -> str:
    """Say how likely it is that something in a place is wrong.

    Parameters
    ----------
    place : Place
        Any.

    Returns
    -------
    str
        Per cent; empty where it is not known.

    Examples
    --------
    >>> from napari_segloop.core.regions import Region
    >>> from napari_segloop.session.state import Place
    >>> [how_likely(Place(1, Region(0, 0, 8, 8, 1, 1, "", (), p))) for p in (0.0, 0.004, 0.42)]
    ['', 'under 1 %', '42 %']
    """
    worst = place.region.worst
    if not worst:
        return ""
    return "under 1 %" if worst < 0.01 else percent(worst)  # noqa: PLR2004  # as it says


def state_of(state: LoopState, number: int) -> str:
    """Say what became of a place.

    Parameters
    ----------
    state : LoopState
        Has the queue.
    number : int
        Of the place in it.

    Returns
    -------
    str
        Whether it is left, done, not to be told, or a random spot check that is left.
    """
    if number in state.queue.done:
        answers = dict(enumerate(state.answers))
        return CANT_TELL if answers.get(number) == "cant_tell" else DONE
    return SPOT_CHECK if state.queue.places[number].is_spot_check else LEFT


def row_of(state: LoopState, number: int) -> PlaceRow:
    """Return a place of the queue in words.

    Parameters
    ----------
    state : LoopState
        Has the queue.
    number : int
        Of the place in it, from 0.

    Returns
    -------
    PlaceRow
        For the table.
    """
    place = state.queue.places[number]
    likely, said = how_likely(place), state_of(state, number)
    is_here = number == state.queue.at
    return PlaceRow(
        number + 1, place, where(state, place), why(state, place), likely, said, is_here
    )


def tooltip(row: PlaceRow) -> str:
    """Say all that is known of a place.

    Parameters
    ----------
    row : PlaceRow
        Of the table.

    Returns
    -------
    str
        Some lines.
    """
    likely = f"\n{row.likely} likely wrong at its worst spot" if row.likely else ""
    said = f"random {SPOT_CHECK}" if row.state == SPOT_CHECK else row.state
    return f"Place {row.number}: {row.why}\n{row.where}{likely}\n{said}; click or Return goes there"
