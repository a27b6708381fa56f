"""What the session and its errands share: images, planes, versions, engine and the way to tell.

It moves arrays between the parts and notes what changed; what to do next is not its business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.classes import ClassTable
from napari_segloop.session.acceptances import Acceptances
from napari_segloop.session.given import Given
from napari_segloop.session.intake import Intake
from napari_segloop.session.objectchecks import ObjectChecks
from napari_segloop.session.passing import Pixels, Write
from napari_segloop.session.sources import indices
from napari_segloop.session.spots import Spots
from napari_segloop.session.state import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.corrections import Change, PlaneTruth
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.images import Labels
    from napari_segloop.core.prediction import Bytes
    from napari_segloop.engine.client import Engine
    from napari_segloop.session.imagelist import ImageList
    from napari_segloop.session.reading import Reader
    from napari_segloop.session.state import Level
    from napari_segloop.session.truths import Truths
    from napari_segloop.session.versions import Versions

__all__ = ["Desk", "Index", "Key", "Pixels", "Window", "Write"]

Index = tuple[int, ...]
Key = tuple[int, Index]
Window = tuple[slice, slice]


class Desk(Intake):
    """The parts of one loop.

    Parameters
    ----------
    engine : Engine
        Runs jobs.
    reader, keeper : Reader
        Reads pixels and files; packs planes.
    images : ImageList
        The list.
    versions : Versions
        Models.
    truths : Truths
        Planes.
    """

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        keeper: Reader,
        images: ImageList,
        versions: Versions,
        truths: Truths,
    ) -> None:
        super().__init__(images, reader, keeper)
        self.engine, self.versions, self.truths = engine, versions, truths
        self.objects = False
        self.table = ClassTable.first("classes")
        self.acceptances, self.spots = Acceptances(), Spots()
        self.object_checks = ObjectChecks()
        self.speed: float | None = None  # predicted pixels a second, as last seen
        self.predicted = dict[Key, int]()  # by which version
        self.given = Given()
        self.unlike = dict[Key, str]()  # what its last version learnt, and why
        self.writes = list[Write]()
        self.told: Told | None = None
        self.looked_at: int | None = None  # an image too large to be edited, while it is open
        self.before_write: Callable[[Key], None] = lambda key: None
        self._checked = dict[Key, int]()
        self._keys: tuple[int, list[Key]] = (-1, [])

    def tell(self, error: SegLoopError | str, level: Level = "error", remedy: str = "") -> None:
        """Say something to the user.

        Parameters
        ----------
        error : SegLoopError or str
            What went wrong, or a sentence.
        level : {"info", "warning", "error"}
            How bad it is.
        remedy : str
            What to do, for a sentence.
        """
        self.changed.add("told")
        if isinstance(error, str):
            self.told = Told(level, error, remedy)
            return
        self.told = Told.of(error, level)

    def plane(self, key: Key) -> PlaneTruth:
        """Return what is known of a plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.

        Returns
        -------
        PlaneTruth
            The one and only of this plane.
        """
        return self.truths.plane(key, self.images.source(key[0]).plane_shape)

    def settle(self, key: Key) -> None:
        """Let a plane rest after use, unless it is open to be edited.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        """
        if key[0] != self.images.opened or key[0] == self.looked_at:
            self.truths.settle(key)

    def put_labels(self, key: Key, window: Window, labels: Labels, *, whole: bool) -> None:
        """Take over predicted labels, but for what is checked.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        window : tuple of slice
            Where.
        labels : (h, w) ndarray of integer
            New ones.
        whole : bool
            Whether the plane is being replaced.
        """
        self.before_write(key)
        plane = self.plane(key)
        if self.objects:
            plane.widen(plane.needs(labels))
        merged = plane.write(labels, window, objects=self.objects, table=self.table)
        self.writes.append(Write(*key, window, labels=merged, is_whole=whole))

    def put_uncertainty(self, key: Key, window: Window, values: Bytes) -> None:
        """Take over how unsure the network was.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        window : tuple of slice
            Where.
        values : (h, w) ndarray of uint8
            Probability times 255.
        """
        shape = self.images.source(key[0]).plane_shape
        self.truths.set_uncertainty(key, shape, window, values)
        self.writes.append(Write(*key, window, uncertainty=values))

    def put_back(self, key: Key, change: Change) -> None:
        """Show a change of what is checked.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        change : Change
            What a `PlaneTruth` answered.
        """
        self.writes.append(Write(*key, change.window, change.labels, checked=change.checked))

    def begin_anew(self, task: str) -> None:
        """Drop all masks, and use no version that was taught for the other task.

        Parameters
        ----------
        task : {"classes", "objects"}
            What labels are from now on.
        """
        self.objects = task == "objects"
        self.truths.begin_anew(objects=self.objects)
        self.table = ClassTable.first(task)
        self.acceptances.clear()
        self.spots.clear()
        self.object_checks.clear()
        self.predicted.clear()
        self.given.clear()
        self.unlike.clear()
        self.versions.rounds.clear()  # of other masks
        self._checked.clear()
        self.images.begin_anew()
        facts = self.versions.facts
        if facts is not None and facts.task != task:
            self.versions.current = None

    def forget(self, image: int) -> None:
        """Drop all that is known of an image that was taken off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        for part in (self.truths, self.spots, self.object_checks, self.given):
            part.forget(image)
        for known in (self.predicted, self.unlike, self._checked):
            for key in [key for key in known if key[0] == image]:
                del known[key]

    def note_unlike(self, key: Key, reason: str) -> None:
        """Take note whether a plane is unlike what the version learnt that predicted it.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        reason : str
            Why; empty where it is not.
        """
        self.unlike[key] = reason
        of_image = (why for other, why in self.unlike.items() if other[0] == key[0] and why)
        if self.images.change(key[0], unlike=next(of_image, "")):
            self.changed.add("images")

    def all_keys(self) -> list[Key]:
        """Return every plane of every image that takes part.

        Returns
        -------
        list of (int, tuple of int)
            In the order of the list.
        """
        if self._keys[0] != self.images.edition:
            found = [
                (image, index)
                for image in self.images.used()
                if self.images.state(image).planes
                for index in indices(self.images.source(image))
            ]
            self._keys = (self.images.edition, found)
        return list(self._keys[1])

    def checked_by_plane(self) -> dict[Key, int]:
        """Return how many pixels are checked in each plane.

        Returns
        -------
        dict of (int, tuple of int) to int
            As counted last.
        """
        return dict(self._checked)

    def set_checked(self, key: Key, pixels: int) -> None:
        """Take over how many pixels of a plane are checked.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        pixels : int
            How many.
        """
        self._checked[key] = pixels

    def count_checked(self, key: Key) -> None:
        """Bring the row of an image up to date with one of its planes, and let that rest.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        """
        image = key[0]
        if image not in self.images:
            return
        self._checked[key] = self.plane(key).checked_pixels
        checked = sum(count for other, count in self._checked.items() if other[0] == image)
        status = self.images.state(image).status
        if status in {"new", "predicted", "checked"}:
            status = "checked" if checked else "predicted"
        by_version = any(other[0] == image for other in self.predicted)
        facts = {"status": status, "checked_pixels": checked, "by_version": by_version}
        if self.images.change(image, **facts):
            self.changed.add("images")
        self.settle(key)
