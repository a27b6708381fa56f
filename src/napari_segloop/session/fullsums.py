"""Sums of whole files that teach, made in the background on a thread of their own.

A sum that is known is compared: a file may hold something else although its size, its time and a
sample of it are the same. What becomes of such an image is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from napari_segloop.session.filesource import FileSource
from napari_segloop.session.filesums import full_sum
from napari_segloop.session.identity import is_same
from napari_segloop.session.reading import Reader
from napari_segloop.session.workarea import WorkArea

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_segloop.session.imagelist import ImageList


class FullSums(Reader):
    """A reader of whole files.

    Parameters
    ----------
    images : ImageList
        Their identities get the sums.
    changed : callable
        Called when an identity is new, or a file turned out to be another one.
    """

    def __init__(self, images: ImageList, changed: Callable[[], None]) -> None:
        super().__init__()
        self._images, self._changed = images, changed
        self._sums = WeakKeyDictionary[FileSource, str | None]()  # None while it is read
        self._is_wanted = True

    def want(self, numbers: Iterable[int]) -> None:
        """Have files read that were not read in this session; never waits.

        Parameters
        ----------
        numbers : iterable of int
            Images of the list; those that are no files are passed over.
        """
        for number in numbers:
            source = self._images.source(number) if number in self._images.identities else None
            file = source.base if isinstance(source, WorkArea) else source
            if not isinstance(file, FileSource):
                continue
            if file in self._sums:  # perhaps an older state without it was restored
                self._take(number, file, self._sums[file])
            else:
                self._sums[file] = None
                take = partial(self._take, number, file)
                self.ask(partial(self._read, file), take, lambda _: None)

    def close(self) -> None:
        """End the thread after the piece that it reads now."""
        self._is_wanted = False
        super().close()

    def _read(self, file: FileSource) -> str | None:
        if not file.is_alive():
            return None
        found = full_sum(file.path, lambda: self._is_wanted)
        return found if file.is_alive() else None  # overwritten meanwhile: nobody's sum

    def _take(self, number: int, file: FileSource, found: str | None) -> None:
        if found is None or number not in self._images.identities:
            return
        self._sums[file] = found
        source = self._images.source(number)
        if file is not (source.base if isinstance(source, WorkArea) else source):
            return
        known = self._images.identities[number]
        if known.full_sha is None:
            self._images.identities[number] = better = replace(known, full_sha=found)
            if file.seal is not None:
                file.seal.compare_with(partial(is_same, better, file.path))
            self._changed()
        elif known.full_sha != found and file.seal is not None and not file.is_replaced:
            file.seal.break_now()
            self._changed()
