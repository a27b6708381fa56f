"""The session written down: records of the project and of each image, as they are at this moment.

When they are saved, and what changed since, is not known here.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from napari_segloop.core.normalize import Statistics
from napari_segloop.session import objectnotes, unlikes
from napari_segloop.session.offers import found_in, region_of, written
from napari_segloop.session.spotkeeping import notes_of
from napari_segloop.session.state import Place, QueueState
from napari_segloop.store.records import ImageRecord, OfferedRegion, ProjectRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_segloop.session.desk import Desk, Key
    from napari_segloop.session.parts import LoopParts

T = TypeVar("T")
Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """What is saved beside pixels.

    Parameters
    ----------
    project : ProjectRecord
        Classes, versions, queue.
    images : tuple of ImageRecord
        Images that are known well enough.
    counts : dict of str to int
        Shown with a snapshot: images, checked pixels, accepted places.
    models : dict of str to callable
        Returns the content of a version's file, on any thread, by the model's id.
    name : str
        For a new project: that of its first image.
    """

    project: ProjectRecord
    images: tuple[ImageRecord, ...]
    counts: dict[str, int]
    models: dict[str, Callable[[], bytes]]
    name: str = ""


def write_books(session: LoopParts) -> Books:
    """Write down a session.

    Parameters
    ----------
    session : LoopParts
        As it is now.

    Returns
    -------
    Books
        Its records.
    """
    desk = session.desk
    planes = _Planes(desk)
    images = tuple(
        _image(session, number, planes)
        for number in (state.id for state in desk.images.states)
        if number in desk.images.identities
    )
    counts = {
        "images": len(desk.images),
        "checked_pixels": sum(state.checked_pixels for state in desk.images.states),
        "accepted": session.checked,
    }
    models = {each.model: _fetching(desk, each.number) for each in desk.versions.states}
    name = images[0].identity.name if images else ""
    return Books(_project(session, images), images, counts, models, name)


def without_time(record: ProjectRecord) -> ProjectRecord:
    """Return a record for comparing: that time goes by is no change.

    Parameters
    ----------
    record : ProjectRecord
        Any.

    Returns
    -------
    ProjectRecord
        Without times.
    """
    return replace(record, seconds=0.0, saved="")


def queue_in(notes: Mapping[str, Any]) -> tuple[QueueState, int, int, int | None]:
    """Return the queue of a project, and what goes with it.

    Parameters
    ----------
    notes : mapping
        `ProjectRecord.queue`; what makes no sense is passed over.

    Returns
    -------
    QueueState
        Nobody is walking.
    accepted, checked : int
        Places since the last training, and in all.
    opened : int or None
        Number of the image that was open.
    """
    waiting = [(n, OfferedRegion.from_dict(each)) for n, each in notes.get("places", ())]
    places = tuple(Place(int(n), region_of(each), each.probability) for n, each in waiting)
    done = tuple(n for n in notes.get("done", ()) if n in range(len(places)))
    accepted, checked = (int(notes.get(name, 0)) for name in ("accepted", "checked"))
    opened = notes.get("opened")
    return QueueState(places, None, done), accepted, checked, opened


def index_of(name: str) -> Index:
    """Return the plane that a record names.

    Parameters
    ----------
    name : str
        As in ``"0;3"``.

    Returns
    -------
    tuple of int
        One number for each leading axis.
    """
    return tuple(int(part) for part in name.split(";")) if name else ()


def statistics_in(record: ImageRecord) -> Statistics | None:
    """Return the grey values of an image.

    Parameters
    ----------
    record : ImageRecord
        Of the image.

    Returns
    -------
    Statistics or None
        None when they were not measured.
    """
    channels = record.identity.shape.channels
    names = ("mean", "deviation", "low", "high")
    values = [record.statistics.get(name) for name in names]
    if any(not isinstance(each, list) or len(each) != channels for each in values):
        return None
    return Statistics(*(tuple(float(number) for number in each) for each in values))  # type: ignore[union-attr]  # asked


def _project(session: LoopParts, images: tuple[ImageRecord, ...]) -> ProjectRecord:
    desk = session.desk
    return ProjectRecord(
        session.task or "classes",
        desk.table.to_dict(),
        tuple(image.number for image in images),
        desk.images.next_number,
        desk.versions.records(),
        desk.versions.current,
        _queue(session),
        session.spent,
        datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
    )


def _queue(session: LoopParts) -> dict[str, Any]:
    known = session.desk.images
    queue = session.queue
    return {
        "places": [[p.image, _waiting(p).to_dict()] for p in queue.places],
        "done": list(queue.done),
        "accepted": session.accepted,
        "checked": session.checked,
        "opened": known.opened if known.opened in known.identities else None,
    }


def _waiting(place: Place) -> OfferedRegion:
    kind = "audit" if place.probability else "ranked"
    return written(place.region, kind=kind, probability=place.probability)


class _Planes:
    """What is known of planes, by image: gone through once, however many images there are."""

    def __init__(self, desk: Desk) -> None:
        truths = desk.truths
        self.known, self.stated, self.unsure = (
            _by_image(dict.fromkeys(keys))
            for keys in (truths.keys(), truths.stated(), truths.doubted())
        )
        self.predicted = _by_image(desk.predicted)
        self.checked = _by_image({k: n for k, n in desk.checked_by_plane().items() if n})
        self.places = _by_image(truths.places)
        self.spots = notes_of(desk.spots)
        self.unlike = _by_image(desk.unlike)


def _by_image(values: Mapping[Key, T]) -> dict[int, dict[Index, T]]:
    found = dict[int, dict[Index, T]]()
    for (image, index), value in values.items():
        found.setdefault(image, {})[index] = value
    return found


def _image(session: LoopParts, number: int, planes: _Planes) -> ImageRecord:
    desk = session.desk
    places = planes.places.get(number, {})
    offered = session.offers.of(number)
    statistics = desk.images.statistics.get(number)
    return ImageRecord(
        number,
        desk.images.identities[number],
        desk.images.status_before(number),
        desk.images.is_excluded(number),
        {_name(index): version for index, version in planes.predicted.get(number, {}).items()},
        (*offered, *found_in(places.values(), offered)),
        tuple(planes.known.get(number, ())),
        tuple(planes.stated.get(number, ())),
        tuple(planes.unsure.get(number, ())),
        {_name(index): pixels for index, pixels in planes.checked.get(number, {}).items()},
        {} if statistics is None else {k: list(v) for k, v in asdict(statistics).items()},
        planes.spots.get(number, {})
        | objectnotes.notes_of(desk.object_checks, number)
        | unlikes.notes_of(planes.unlike.get(number, {})),
    )


def _name(index: Index) -> str:
    return ";".join(map(str, index))


def _fetching(desk: Desk, number: int) -> Callable[[], bytes]:
    return lambda: desk.versions.fetch(number).data
