"""Looks which images are still there, without waiting for a drive that does not answer.

Layers are looked at at once, files on a thread of their own, one look at a time. The module does
not know what becomes of an image that is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.session.filesource import FileSource
from napari_segloop.session.imagelist import OPEN_LAYER
from napari_segloop.session.reading import Reader
from napari_segloop.session.workarea import WorkArea

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
    replaced : callable
        Called with the number of an image whose file was overwritten.

    Attributes
    ----------
    is_looking : bool
        Whether files are being looked at.
    """

    def __init__(
        self,
        images: ImageList,
        changed: Callable[[], None],
        replaced: Callable[[int], None] = lambda image: None,
    ) -> None:
        super().__init__()
        self._images, self._changed, self._replaced = images, changed, replaced
        self.is_looking = self._is_late = False

    def look(self) -> None:
        """Look at layers now, and at files when the look that is under way is over."""
        sources = self._images.sources()
        layers = [source for source in sources if source.where == OPEN_LAYER]
        self._take(_seen(layers))
        files = [source for source in sources if source.where != OPEN_LAYER]
        self._is_late = self.is_looking
        if files and not self.is_looking:
            self.is_looking = True
            self.ask(lambda: _seen(files), self._took, lambda _: self._took([]))

    def _took(self, found: list[tuple[ImageSource, bool]]) -> None:
        self.is_looking = False
        self._take(found)
        if self._is_late:
            self.look()

    def _take(self, found: list[tuple[ImageSource, bool]]) -> None:
        changed = [source for source, alive in found if self._images.look(source, alive)]
        if changed:
            self._changed()
        for source in changed:
            if is_replaced(source):
                self._replaced(self._images.number_of(source))


def is_replaced(source: ImageSource) -> bool:
    """Say whether the file of an image was overwritten when it was last looked at.

    Parameters
    ----------
    source : ImageSource
        Any image, or a part of one.

    Returns
    -------
    bool
        False for a layer.
    """
    file = source.base if isinstance(source, WorkArea) else source
    return isinstance(file, FileSource) and file.is_replaced


def _seen(sources: Sequence[ImageSource]) -> list[tuple[ImageSource, bool]]:
    return [(source, source.is_alive()) for source in sources]
