"""A colleague's project taken into one's own: agreement as a figure, disagreement as places.

What only the other one stated comes in; where both did, the own labels stay. Work goes chunk by
chunk, so that planes may be larger than memory. An interrupted merge is a project like any other:
merge again, or go back to the snapshot that was kept before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_segloop.core import judging
from napari_segloop.core.checkstate import CHECKED, NOT_CHECKED, Kind, Pixels
from napari_segloop.core.classes import ClassTable
from napari_segloop.store.agreement import Agreement, Disagreement, Merged, places_in
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.layout import PLANE
from napari_segloop.store.matching import Ids, pairs
from napari_segloop.store.translating import agree_on_task, translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.store.project import Project
    from napari_segloop.store.records import ImageRecord
    from napari_segloop.store.translating import Translation

_Layers = dict[str, Any]  # arrays of a window by name

AT_ONCE: Final = 64
"""Chunks of one save."""
WIDEST: Final = 8 * CHUNK
"""Pixels that are read at once along a row."""


def merge(project: Project, other: Project) -> Merged:
    """Take another project in.

    Parameters
    ----------
    project : Project
        Open for writing.
    other : Project
        Stays as it is.

    Returns
    -------
    Merged
        The figure and the places.

    Raises
    ------
    InputError
        When one looks for areas and the other for objects, or there are too many classes.
    StoreError
        When one cannot be read or the own one not written.
    """
    record, theirs = project.annotations.project(), other.annotations.project()
    agree_on_task(record.task, theirs.task)
    tables = (ClassTable.from_dict(each.classes) for each in (record, theirs))
    work = _Merge(project, other, translate(*tables), record.task == "objects")
    present = project.history()[0].id
    project.annotations.keep(present, f"Before {other.name[:60]} was merged")
    return work.run()


class _Merge:
    """One merge.

    Parameters
    ----------
    project, other : Project
        Both open.
    translation : Translation
        Of their classes.
    objects : bool
        Whether labels are ids.
    """

    def __init__(
        self, project: Project, other: Project, translation: Translation, objects: bool
    ) -> None:
        self._own, self._theirs = project.annotations, other.annotations
        self._name, self._translation, self._objects = other.name, translation, objects
        self._waiting = list[PlaneChunk]()

    def run(self) -> Merged:
        record = self._own.project()
        own = [self._own.image(number) for number in record.images]
        theirs = [self._theirs.image(number) for number in self._theirs.project().images]
        partners = pairs(own, theirs)
        results, images = list[Agreement](), list["ImageRecord"]()
        following = record.next_image
        for their in theirs:
            mine = partners.get(their.number)
            if mine is None:
                mine = replace(their, number=following, predicted={}, planes=(), spots={})
                following += 1
                self._own.save(Save(images=(mine,)))
            found, changed = self._merge_image(mine, their)
            found.is_new = mine.number >= record.next_image
            results.append(found)
            images.append(changed)
        self._follow([each for each in own if each.number not in {i.number for i in images}])
        new = tuple(each.number for each in images if each.number >= record.next_image)
        project = replace(
            record,
            classes=self._translation.table.to_dict(),
            images=(*record.images, *new),
            next_image=following,
        )
        save = Save(project, tuple(images), tuple(self._waiting))
        self._own.save(save, f"Merged with {self._name[:60]}", "manual")
        return Merged(tuple(results))

    def _merge_image(self, mine: ImageRecord, their: ImageRecord) -> tuple[Agreement, ImageRecord]:
        found = Agreement(mine.number, mine.identity.name)
        planes = sorted({*mine.planes, *their.planes})
        sides = self._own.held(mine.number), self._theirs.held(their.number)
        for index in planes:
            held = sides[0].get(index, set()) | sides[1].get(index, set())
            self._merge_plane(mine, their if index in their.planes else None, index, held, found)
        status = "checked" if found.taken and mine.status in ("new", "predicted") else mine.status
        offered = (*mine.offered, *(each.to_offer(self._name) for each in found.places))
        return found, replace(mine, planes=tuple(planes), status=status, offered=offered)

    def _follow(self, images: list[ImageRecord]) -> None:
        """Set aside background of the other images that was checked before new classes came."""
        for image in images:
            found, held = Agreement(image.number, image.identity.name), self._own.held(image.number)
            for index in image.planes:
                self._merge_plane(image, None, index, held.get(index, set()), found)

    def _merge_plane(
        self,
        mine: ImageRecord,
        their: ImageRecord | None,
        index: tuple[int, ...],
        held: set[tuple[int, int]],
        found: Agreement,
    ) -> None:
        parts = list(windows(mine, held))
        ids = self._ids((mine, their), index, parts) if their and self._objects else None
        for rows, columns in parts:
            own = self._own.window(mine.number, index, rows, columns)
            if their is None:
                new, taken = own, np.zeros(own["checked"].shape, bool)
            else:
                new, taken = self._bring_in(own, their.number, index, (rows, columns), ids, found)
            self._put(mine, index, (rows, columns), own, self._set_aside(new, taken))
            if their is not None:
                self._take_content(mine, their, index, rows, columns)

    def _ids(
        self,
        images: tuple[ImageRecord, ImageRecord],
        index: tuple[int, ...],
        parts: list[tuple[slice, slice]],
    ) -> Ids:
        """Find which of their objects are the own ones."""
        ids = Ids()
        sides = ((self._own, images[0].number), (self._theirs, images[1].number))
        for window in parts:
            own, new = (
                _Layers(kept.window(number, index, *window, ["labels", "checked"]))
                for kept, number in sides
            )
            both = (own["checked"] == CHECKED) & (new["checked"] == CHECKED)
            ids.count(own["labels"], new["labels"], both)
        return ids.settled()

    def _bring_in(
        self,
        own: _Layers,
        number: int,
        index: tuple[int, ...],
        window: tuple[slice, slice],
        ids: Ids | None,
        found: Agreement,
    ) -> tuple[_Layers, Mask]:
        """Return the own window with what only the other one stated, and where that is."""
        theirs = self._theirs.window(number, index, *window, ["labels", "checked", "kind", "epoch"])
        said = theirs["checked"] == CHECKED
        read = ids.read if ids is not None else self._translation.labels
        labels = read(np.where(said, theirs["labels"], 0))
        self._compare(own, labels, said, (index, *window), found)
        epochs = self._translation.epochs[theirs["epoch"]]
        counts = ~said | (labels != 0) | (epochs >= 0)
        taken = (own["checked"] == NOT_CHECKED) & (theirs["checked"] != NOT_CHECKED) & counts
        found.taken += int(np.count_nonzero(taken))
        new = {
            "labels": np.where(taken & said, labels, own["labels"]),
            "prediction": own["prediction"],
            "checked": np.where(taken, theirs["checked"], own["checked"]),
            "kind": np.where(taken, theirs["kind"], own["kind"]),
            "epoch": np.where(taken, epochs.clip(0).astype(np.uint8), own["epoch"]),
        }
        return new, taken

    def _compare(
        self,
        own: _Layers,
        labels: Labels,
        said: Mask,
        at: tuple[tuple[int, ...], slice, slice],
        found: Agreement,
    ) -> None:
        both = (own["checked"] == CHECKED) & said
        differs = both & (own["labels"] != labels)
        found.both += int(np.count_nonzero(both))
        found.same += int(np.count_nonzero(both & ~differs))
        index, rows, columns = at
        for y, x, height, width, pixels in places_in(differs):
            corner = (rows.start + y, columns.start + x, height, width)
            found.places.append(Disagreement(found.image, found.name, index, *corner, pixels))

    def _set_aside(self, new: _Layers, taken: Mask) -> _Layers:
        """Let the rules for new classes, and for changes that are none here, hold."""
        pixels = Pixels(**{name: np.array(new[name]) for name in PLANE if name != "uncertainty"})
        is_same = taken & (pixels.kind == Kind.CHANGED) & (pixels.labels == pixels.prediction)
        pixels.kind[is_same] = Kind.BRUSHED
        judging.set_aside(pixels, self._translation.table.newest)
        return {name: getattr(pixels, name) for name in ("labels", "checked", "kind", "epoch")}

    def _put(
        self,
        image: ImageRecord,
        index: tuple[int, ...],
        window: tuple[slice, slice],
        own: _Layers,
        new: _Layers,
    ) -> None:
        """Save the chunks of a window that changed."""
        rows, columns = window
        for x in range(0, columns.stop - columns.start, CHUNK):
            part = slice(x, x + CHUNK)
            changed = {k: v[:, part] for k, v in new.items() if (v != own[k])[:, part].any()}
            if changed:
                both = {"labels", "prediction"} & changed.keys()
                rest = {"prediction": own["prediction"][:, part]} if both else {}
                y, left = rows.start, columns.start + x
                self._save(PlaneChunk(image.number, index, y, left, **changed, **rest))

    def _take_content(
        self,
        mine: ImageRecord,
        their: ImageRecord,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
    ) -> None:
        """Take the image's own pixels where only the other project has them."""
        pixels, known = self._theirs.content(their.number, index, rows, columns)
        if not known.any():
            return
        _, here = self._own.content(mine.number, index, rows, columns)
        for x in range(0, columns.stop - columns.start, CHUNK):
            if known[0, x] and not here[0, x]:
                piece = pixels[:, :, x : x + CHUNK]
                at = (mine.number, index, rows.start, columns.start + x)
                self._save(PlaneChunk(*at, content=piece))

    def _save(self, chunk: PlaneChunk) -> None:
        self._waiting.append(chunk)
        if len(self._waiting) >= AT_ONCE:
            self._own.save(Save(chunks=tuple(self._waiting)), f"Merging with {self._name[:60]}")
            self._waiting.clear()


def windows(image: ImageRecord, held: Iterable[tuple[int, int]]) -> Iterator[tuple[slice, slice]]:
    """Walk over what is held of a plane in rows of chunks.

    Parameters
    ----------
    image : ImageRecord
        Of which size.
    held : iterable of (int, int)
        Corners of chunks, in pixels.

    Yields
    ------
    tuple of (slice, slice)
        At most one chunk high and eight wide.
    """
    shape = image.identity.shape
    for y, x in sorted({(y, x // WIDEST * WIDEST) for y, x in held}):
        yield slice(y, min(y + CHUNK, shape.rows)), slice(x, min(x + WIDEST, shape.columns))
