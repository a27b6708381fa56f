"""Which records are on the disk, so that only those that are others now are written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.books import without_time
from napari_segloop.session.keeping import Asked, Work

if TYPE_CHECKING:
    from napari_segloop.session.books import Books
    from napari_segloop.session.content import Content
    from napari_segloop.session.taking import Taking
    from napari_segloop.session.unsaved import Unsaved
    from napari_segloop.store.records import ImageRecord, ProjectRecord


class Ledger:
    """The records of a project, as they were saved last.

    Parameters
    ----------
    books : Books, optional
        Those of a project that was opened; none of a new one.
    """

    def __init__(self, books: Books | None = None) -> None:
        self._project: ProjectRecord | None = None if books is None else books.project
        images = () if books is None else books.images
        self._images: dict[int, ImageRecord] = {each.number: each for each in images}

    def work(
        self,
        books: Books,
        taking: Taking,
        unsaved: Unsaved,
        content: Content,
        asked: tuple[Asked, ...],
    ) -> Work:
        """Put together what is to be saved.

        Parameters
        ----------
        books : Books
            All records, of this moment.
        taking : Taking
            Planes, copied up to this moment.
        unsaved : Unsaved
            Knows of which images everything was dropped; that is taken.
        content : Content
            Image pixels that wait; they are taken.
        asked : tuple of Asked
            Snapshots that were asked for.

        Returns
        -------
        Work
            Perhaps empty.
        """
        numbers = {each.number for each in books.images}
        removed = (set(self._images) - numbers) | (unsaved.dropped & set(self._images))
        unsaved.dropped.clear()
        for image in removed:
            content.forget(image)
        images = (e for e in books.images if e.number in removed or self._images.get(e.number) != e)
        before = self._project
        same = before is not None and without_time(before) == without_time(books.project)
        taken = {name: each for name, each in taking.taken.items() if name[1] in numbers}
        return Work(
            books, None if same else books.project, tuple(images), tuple(sorted(removed)), taken,
            content.take(), asked,
        )  # fmt: skip

    def saved(self, work: Work) -> None:
        """Take note of what is on the disk.

        Parameters
        ----------
        work : Work
            All of it was written.
        """
        self._project = work.project or self._project
        self._images = {each.number: each for each in work.books.images}
