"""What can be done with the image list, the first question and the classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.session import walking
from napari_segloop.session.filesource import FileSource
from napari_segloop.session.identity import find_at, identify, part_of, unread
from napari_segloop.session.imagelist import OPEN_LAYER
from napari_segloop.session.parts import LoopParts
from napari_segloop.session.sources import indices
from napari_segloop.session.state import QueueState
from napari_segloop.session.stored import StoredSource
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.session.state import Task
    from napari_segloop.store.records import Identity


class ImageActions(LoopParts):
    """Images of the project, and the first question."""

    def add_files(self, paths: Iterable[Path]) -> None:
        """Add files; a folder stands for the images in it.

        Parameters
        ----------
        paths : iterable of Path
            Nothing but headers is read, on the reader's thread.
        """

        def fetch() -> list[Path]:
            from napari_segloop.files.pairing import find_images  # noqa: PLC0415  # slow import

            return find_images([*map(_path, chosen)])

        chosen = list(paths)
        self.desk.reader.ask(fetch, self._add_found, self.desk.tell)

    def _add_found(self, paths: list[Path]) -> None:
        known = 0
        for path in paths:
            same = [s for s in self.desk.images.states if s.where == str(path)]
            if any(state.status != "missing" for state in same):
                known += 1
            else:
                self.add_source(FileSource(path))
        if known:
            self.desk.tell(f"{counted(known, 'image')} in the list already.", "info")

    def locate(self, image: int, path: Path) -> None:
        """Say where the original of an image is that was missing, also of an open layer.

        Parameters
        ----------
        image : int
            Its number.
        path : Path
            A file; refused when it is another image.
        """
        identity = self.desk.images.identities[image]

        def find() -> tuple[ImageSource, Identity]:
            source = find_at(identity, path)
            return source, replace(identify(source), full_sha=identity.full_sha)

        def take(found: tuple[ImageSource, Identity]) -> None:
            self.desk.images.identities[image] = found[1]
            self._go_on(image, found[0])
            self.publish()

        self.desk.reader.ask(find, take, self.desk.tell)

    def add_source(self, source: ImageSource) -> int:
        """Add an image; one that was lost and comes back soon has its old number and masks.

        Parameters
        ----------
        source : ImageSource
            Its pixels; the shape is asked for on the reader's thread.

        Returns
        -------
        int
            Its number.
        """
        image = self.desk.images.add(source)
        self.desk.reader.ask(
            lambda: len(indices(source)),
            lambda planes: self._measured(image, source, planes),
            lambda error: self._unusable(image, source, error),
        )
        clerk = self.desk.reader if source.where == OPEN_LAYER else self.desk.clerk
        clerk.ask(
            lambda: identify(source),
            lambda found: self._recognised(image, source, found),
            lambda _: self._unidentified(image, source),  # said when the pixels are needed
        )
        self.note("images")
        return image

    def _recognised(self, image: int, asked: ImageSource, found: Identity) -> None:
        """Keep one row for the same pixels; it gets its masks back when its layer was removed."""
        images = self.desk.images
        known = images.recognise(image, found) if images.has(image, asked) else None
        self._find_parts(asked, found)
        if known is None:
            self.note("images")
            return
        source, was_there = images.source(image), images.source(known).is_alive()
        is_shown = images.opened in {image, known}
        self.remove(image)
        images.identities[known] = replace(found, full_sha=images.identities[known].full_sha)
        if was_there:
            self.desk.tell(f"{source.name} is in the list already.", "info")
        else:
            self._go_on(known, source)
        if is_shown:
            self.open(known)

    def _find_parts(self, source: ImageSource, found: Identity) -> None:
        """Have work areas that were kept in the project read from their image again."""
        for part in self.desk.images.parts_of(found):
            known = self.desk.images.identities[part]
            self.desk.images.identities[part] = replace(
                found, name=known.name, shape=known.shape, area=known.area
            )
            self._go_on(part, part_of(source, known))

    def _replaced(self, image: int) -> None:
        """Leave an image whose file was overwritten; what was painted on the old one is kept."""
        state = self.desk.images.state(image)
        self.desk.tell(f"{state.name}: {state.note}.", "warning")
        if self.desk.images.opened == image:
            self.look_everywhere()
            self.opening.emit(None)
            self.left()

    def _unidentified(self, image: int, asked: ImageSource) -> None:
        images = self.desk.images
        if images.has(image, asked) and images.state(image).planes:
            images.identities[image] = unread(asked)

    def _go_on(self, image: int, source: ImageSource) -> None:
        if self.desk.images.opened == image:
            self.opening.emit(None)
            self.desk.images.opened = None
        self.desk.images.take_back(image, source)
        self.desk.tell(f"{source.name} is known: its masks are here again.", "info")
        self.note("images")

    def _measured(self, image: int, asked: ImageSource, planes: int) -> None:
        if self.desk.images.has(image, asked):
            self.desk.images.change(image, planes=planes)
            self.note("images")
            if self.desk.images.opened is None:
                self.open(image)

    def _unusable(self, image: int, asked: ImageSource, error: SegLoopError) -> None:
        if self.desk.images.has(image, asked):
            self.desk.images.change(image, status="missing", note=str(error))
            self.note("images")
        self.desk.tell(error)

    def open(self, image: int) -> None:
        """Show an image with its masks and close the last one.

        Parameters
        ----------
        image : int
            Its number.
        """
        with self.acting():
            state = self.desk.images.state(image)
            if isinstance(self.source(image), StoredSource):  # it cannot be shown
                self.desk.tell(f"{state.name}: {state.note}", "warning")
                return
            last, self.desk.images.opened = self.desk.images.opened, image
            self.desk.lookout.look()
            if last != image:
                self._rest_unless(image)
                self.opening.emit(image)
                if last is not None:
                    self.desk.truths.rest(last)
            self.note("images")

    def _rest_unless(self, image: int | None) -> None:
        """Stop walking unless the place is in this image: what is not seen cannot be judged."""
        if self.queue.here is not None and self.queue.here.image != image:
            self.queue = walking.rest(self.queue)
            self.note("queue")

    def left(self) -> None:
        """Take note that the layers of the open image are gone; its masks are kept here."""
        with self.acting():
            opened, self.desk.images.opened = self.desk.images.opened, None
            self._rest_unless(None)
            if opened is not None:
                self.desk.truths.rest(opened)
            self.desk.lookout.look()
            self.note("images")

    def exclude(self, image: int, is_excluded: bool) -> None:  # two states
        """Leave an image out of everything, or take it in again.

        Parameters
        ----------
        image : int
            Its number.
        is_excluded : bool
            Which of the two.
        """
        with self.acting():
            if self.desk.images.exclude(image, is_excluded):
                self.queue = walking.without(self.queue, image) if is_excluded else self.queue
                self.count_below()
                self.note("images", "queue")

    def remove(self, image: int) -> None:
        """Take an image off the list, with all that is known of it.

        Parameters
        ----------
        image : int
            Its number.
        """
        with self.acting():
            if self.desk.images.opened == image:
                self.opening.emit(None)
            self.desk.images.remove(image)
            self.desk.forget(image)
            self.queue = walking.without(self.queue, image)
            self.count_below()
            self.note("images", "queue")

    def count_below(self) -> None:
        """Count the places that are not offered, after images came or went; overridden."""

    def answer_task(self, task: Task) -> None:
        """Answer the first question; masks that were made for the other answer are dropped.

        Parameters
        ----------
        task : {"classes", "objects"}
            Kinds of area, or single objects.
        """
        with self.acting():
            if task == self.task:
                return
            opened = self.desk.images.opened
            self.opening.emit(None)
            self._begin_anew(task)
            self.note("task", "classes", "queue", "images", "versions")
            if opened is not None:
                self.opening.emit(opened)

    def _begin_anew(self, task: Task) -> None:
        """Drop all masks and what is being made of them."""
        for errand in self.errands:
            errand.at_end = lambda is_well: None
            errand.fail(None)
        self.task = task
        self.desk.begin_anew(task)
        self.queue, self.accepted, self.checked = QueueState(), 0, 0
        self.offers.clear()
        self.standing.clear()
        self.thumbnails.clear()

    def clear(self, task: Task) -> None:
        """Drop everything: images, masks, versions.

        Parameters
        ----------
        task : {"classes", "objects"}
            What is looked for from now on.
        """
        self.opening.emit(None)
        self._begin_anew(task)
        self.desk.images.clear()
        self.desk.versions.clear()
        self.view, self.spent = None, 0.0


def _path(path: Path) -> Path:
    return path.expanduser()
