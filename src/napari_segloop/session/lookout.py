"""Looks which images are still there, without waiting for a drive that does not answer.

Layers are looked at at once, files on a thread of their own, one look at a time. The module does
not know what becomes of an image that is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.imagelist import OPEN_LAYER
from napari_segloop.session.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_segloop.session.imagelist import ImageList
    from napari_segloop.session.sources import ImageSource


class Lookout(Reader):
    """A reader that reads nothing but whether images are there.

    Parameters
    ----------
    images : ImageList
        Is told what was found.
    changed : callable
        Called when a row is different now.

    Attributes
    ----------
    is_looking : bool
        Whether files are being looked at.
    """

    def __init__(self, images: ImageList, changed: Callable[[], None]) -> None:
        super().__init__()
        self._images, self._changed = images, changed
        self.is_looking = False

    def look(self) -> None:
        """Look at layers now, and at files as soon as the last look is over."""
        sources = self._images.sources()
        layers = [source for source in sources if source.where == OPEN_LAYER]
        self._take(_seen(layers))
        files = [source for source in sources if source.where != OPEN_LAYER]
        if files and not self.is_looking:
            self.is_looking = True
            self.ask(lambda: _seen(files), self._took, lambda _: self._took([]))

    def _took(self, found: list[tuple[ImageSource, bool]]) -> None:
        self.is_looking = False
        self._take(found)

    def _take(self, found: list[tuple[ImageSource, bool]]) -> None:
        changed = [self._images.look(*each) for each in found]
        if any(changed):
            self._changed()


def _seen(sources: Sequence[ImageSource]) -> list[tuple[ImageSource, bool]]:
    return [(source, source.is_alive()) for source in sources]
