"""How images come in: their pixels, what they are, and whether they are still there, on threads.

What is made of pixels is not known here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.core.normalize import measure
from napari_segloop.session.fullsums import FullSums
from napari_segloop.session.identity import identify, unread
from napari_segloop.session.lookout import Lookout
from napari_segloop.session.passing import Pixels
from napari_segloop.session.reading import Reader, ask_at_once
from napari_segloop.session.sources import SourcePlane, indices, whole_plane

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.session.imagelist import ImageList

Key = tuple[int, tuple[int, ...]]


class Intake:
    """The threads that read.

    Parameters
    ----------
    images : ImageList
        The list.
    reader, keeper : Reader
        Reads pixels and files; packs planes.

    Attributes
    ----------
    clerk : Reader
        Looks at files beside what is read of them.
    lookout : Lookout
        Looks whether images are still there, and still what they were.
    sums : FullSums
        Reads whole files that teach.
    changed : set of str
        Parts of the state that are others now.
    replaced : callable
        Called with the number of an image whose file was overwritten.
    """

    def __init__(self, images: ImageList, reader: Reader, keeper: Reader) -> None:
        self.images, self.reader, self.keeper, self.clerk = images, reader, keeper, Reader()
        self.changed = set[str]()
        self.replaced: Callable[[int], None] = lambda image: None
        self.lookout = Lookout(images, self._note_images, self._tell_replaced)
        self.sums = FullSums(images, self._found_out)

    def poll(self) -> None:
        """Take over what was read, packed and looked at since the last call; never waits."""
        self.reader.poll()
        self.keeper.poll()
        self.clerk.poll()
        self.lookout.poll()
        self.sums.poll()

    def close(self) -> None:
        """End the threads after what they do now."""
        for each in (self.reader, self.keeper, self.clerk, self.lookout, self.sums):
            each.close()

    def read(
        self, key: Key, then: Callable[[Pixels], None], failed: Callable[[SegLoopError], None]
    ) -> None:
        """Read a plane on the reader's thread.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        then, failed : callable
            Called by the next poll.
        """
        known = self.images.statistics.get(key[0])
        source = self.images.source(key[0]) if key[0] in self.images else None

        def fetch() -> Pixels:
            if source is None:
                raise _taken_off()
            statistics = known or measure([SourcePlane(source, i) for i in indices(source)])
            return Pixels(whole_plane(source, key[1]), statistics)

        def keep(pixels: Pixels) -> None:
            if source is not None and self.images.has(key[0], source):
                self.images.statistics[key[0]] = pixels.statistics
                then(pixels)
            else:
                failed(_taken_off())

        self.reader.ask(fetch, keep, failed)

    def identify_now(self) -> None:
        """Find out what the images of the list are, before everything ends."""
        for image in [state.id for state in self.images.states if state.planes]:
            if image not in self.images.identities:
                source, known = self.images.source(image), self.images.identities
                ask_at_once(
                    partial(identify, source),
                    partial(known.__setitem__, image),
                    partial(self._unknown, image),
                )

    def _unknown(self, image: int, _: SegLoopError) -> None:
        self.images.identities[image] = unread(self.images.source(image))

    def _note_images(self) -> None:
        self.changed.update(("images", "primary"))

    def _tell_replaced(self, image: int) -> None:
        self.replaced(image)

    def _found_out(self) -> None:
        self._note_images()
        self.lookout.look()


def _taken_off() -> InputError:
    return InputError("an image of the list", "one that was taken off it", "Add it again.")
