"""A project that was read becomes the session's state; planes stay unread until they are needed.

Where the project lies and how it is saved is not known here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.classes import ClassTable
from napari_segloop.session import objectnotes, spotkeeping, unlikes, walking
from napari_segloop.session.books import index_of, queue_in, statistics_in
from napari_segloop.session.offers import region_of
from napari_segloop.session.state import ImageState, Place
from napari_segloop.session.stored import StoredPlane
from napari_segloop.store.records import DISPUTED
from napari_segloop.store.restoring import with_those_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.session.image_actions import ImageActions
    from napari_segloop.session.opening import Found, FoundImage
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import ImageRecord, OfferedRegion


def take_up(session: ImageActions, found: Found, *, keep_versions: bool) -> int | None:
    """Go on where a project was left.

    Parameters
    ----------
    session : ImageActions
        Whatever it holds is dropped.
    found : Found
        The project.
    keep_versions : bool
        Whether versions that the project does not have stay in the list.

    Returns
    -------
    int or None
        Number of the image that was open.
    """
    record, desk = found.books.project, session.desk
    since = desk.versions.records() if keep_versions else ()
    versions = with_those_since(record.versions, since)
    session.clear("objects" if record.task == "objects" else "classes")
    desk.table = ClassTable.from_dict(record.classes)
    desk.versions.load(versions, record.current, found.project.models.get)
    if found.blob is not None and record.current is not None:
        desk.versions.use(record.current, found.blob)
    for each in found.images:
        _add_image(session, each, found.project)
    desk.images.count_from(record.next_image)
    queue, session.accepted, session.checked, opened = queue_in(record.queue)
    session.queue = walking.put_first(queue, session.offers.disputed())
    session.spent = record.seconds
    session.count_below()
    if opened is None or opened not in desk.images:
        return None
    return None if desk.images.state(opened).status == "missing" else opened


def _add_image(session: ImageActions, found: FoundImage, project: Project) -> None:
    record, images = found.record, session.desk.images
    images.put(_state(found), found.source, record.identity)
    if found.note or record.excluded:
        images.set_before(record.number, _before(record, is_missing=bool(found.note)))
    statistics = statistics_in(record)
    if statistics is not None:
        images.statistics[record.number] = statistics
    _lay_planes(session, record, project)
    for name, version in record.predicted.items():
        session.desk.predicted[record.number, index_of(name)] = version
    for name, pixels in record.checked.items():
        session.desk.set_checked((record.number, index_of(name)), pixels)
    _put_places(session, record)


def _state(found: FoundImage) -> ImageState:
    record, identity = found.record, found.record.identity
    status = "missing" if found.note else "excluded" if record.excluded else record.status
    return ImageState(
        record.number,
        identity.name,
        found.source.where,
        status,  # type: ignore[arg-type]  # checked by the record
        planes=math.prod(identity.shape.leading),
        checked_pixels=sum(record.checked.values()),
        by_version=bool(record.predicted),
        note=found.note,
    )


def _before(record: ImageRecord, *, is_missing: bool) -> str:
    return "excluded" if is_missing and record.excluded else record.status


def _lay_planes(session: ImageActions, record: ImageRecord, project: Project) -> None:
    narrow = np.dtype(np.uint16 if session.desk.objects else np.uint8)
    shape = record.identity.shape
    stated, unsure = set(record.stated), set(record.unsure)
    for index in record.planes:
        plane = StoredPlane(
            project, record.number, index, (shape.rows, shape.columns), narrow, index in stated
        )
        session.desk.truths.lay((record.number, index), plane, unsure=index in unsure)


def _put_places(session: ImageActions, record: ImageRecord) -> None:
    places, former = session.desk.truths.places, _former(record.offered)
    for each in record.offered:
        region = region_of(each)
        is_drawn = each.kind == "audit"
        if each.offered:
            chance = each.probability if is_drawn else None
            session.offers.put(Place(record.number, region, chance), each)
        if is_drawn:
            session.desk.spots.keep((record.number, each.index), region, each.probability or 1.0)
        elif _waits(each) and each not in former:
            places.setdefault((record.number, each.index), []).append(region)
    shape, predicted = record.identity.shape, {index_of(name) for name in record.predicted}
    spots = session.desk.spots
    spotkeeping.take_up(spots, record.number, record.spots, predicted, (shape.rows, shape.columns))
    objectnotes.take_up(session.desk.object_checks, record.number, record.spots, spots.offered())
    unlikes.take_up(session.desk, record.number, record.spots, predicted)


def _waits(each: OfferedRegion) -> bool:
    return each.state in {"open", "later"} and each.kind not in {DISPUTED, "audit"}


def _former(offered: Sequence[OfferedRegion]) -> list[OfferedRegion]:
    """Return places that were left open and where others were found since."""
    left = [each for each in offered if each.offered and _waits(each)]
    planes = {each.index for each in left}  # windows of one ranking never overlap
    found = [o for o in offered if not o.offered and o.index in planes and _waits(o)]
    return [each for each in left if any(_overlap(each, other) for other in found)]


def _overlap(one: OfferedRegion, other: OfferedRegion) -> bool:
    rows = one.y < other.y + other.height and other.y < one.y + one.height
    columns = one.x < other.x + other.width and other.x < one.x + one.width
    return one.index == other.index and rows and columns
