"""Small pictures of places to check, made in the background and only of those that are looked at.

A picture is cut out of the image as its file has it, with the outlines of its labels on it. Which
places there are, and who shows them, is not known here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from psygnal import Signal

from napari_segloop.core.labels import border_band

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_segloop.core.corrections import PlaneTruth
    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.core.regions import Region
    from napari_segloop.session.desk import Desk, Write
    from napari_segloop.session.queuestate import Place
    from napari_segloop.session.sources import ImageSource

    Picture = NDArray[np.uint8]
    Keep = Callable[["Picture | None"], None]

SIDE: Final = 64
"""Largest side of a picture, in pixels: somewhat more than is shown."""
OUTLINE: Final = (255, 225, 25)
_LARGEST: Final = 1 << 24  # pixels of a place: larger ones are not read for a picture
_COLOURS: Final = (3, 4)  # channels of RGB and RGBA


class Thumbnails:
    """Pictures by place.

    One is made after the other, so that jobs that read get their turn in between.

    Parameters
    ----------
    desk : Desk
        Images, planes, and the threads that read them.

    Attributes
    ----------
    ready : Signal
        Emits a `Place` whose picture is there.
    """

    ready = Signal(object)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._made = dict["Place", "Picture | None"]()
        self._stale = set["Place"]()  # whose labels changed since
        self._wanted: tuple[Place, ...] = ()
        self._making: object = None  # what the one being made was asked for with

    def picture(self, place: Place) -> Picture | None:
        """Return the picture of a place.

        Parameters
        ----------
        place : Place
            Any.

        Returns
        -------
        (h, w, 3) ndarray of uint8 or None
            At most 64 pixels a side; None while there is none, or where the image cannot be read.
        """
        return self._made.get(place)

    def want(self, shown: Sequence[Place], known: Sequence[Place] = ()) -> None:
        """Have pictures made.

        Parameters
        ----------
        shown : sequence of Place
            Those that are looked at, from the top; what was wanted before is not any more.
        known : sequence of Place
            Those whose pictures are kept as well.
        """
        kept = {*shown, *known}
        self._made = {place: found for place, found in self._made.items() if place in kept}
        self._stale &= kept
        self._wanted = tuple(shown)
        self._go_on()

    def renew(self, write: Write) -> None:
        """Have pictures made again whose labels changed; until then they are as they were.

        Parameters
        ----------
        write : Write
            What changed in the layers.
        """
        if write.labels is None and write.checked is None:
            return
        self._stale.update(place for place in self._made if _is_in(place, write))
        self._go_on()

    def clear(self) -> None:
        """Forget everything, also what is being made: places of the same name are others now."""
        self._made.clear()
        self._stale.clear()
        self._wanted, self._making = (), None

    def rest(self) -> None:
        """Make no more, and forget which images could not be read."""
        self._wanted = ()
        self._made = {place: found for place, found in self._made.items() if found is not None}

    def _go_on(self) -> None:
        """Make the first picture that is missing, unless one is being made."""
        made = self._made.keys() - self._stale
        left = (place for place in self._wanted if place not in made)
        if self._making is None and (place := next(left, None)) is not None:
            self._stale.discard(place)
            self._making = token = object()
            self._make(place, partial(self._keep, token, place))

    def _make(self, place: Place, keep: Keep) -> None:
        images, region = self._desk.images, place.region
        if place.image not in images or region.height * region.width > _LARGEST:
            keep(None)
            return
        read = partial(_cut, images.source(place.image), region, images.statistics.get(place.image))
        self._desk.reader.ask(read, partial(self._outline, place, keep), lambda _: keep(None))

    def _outline(self, place: Place, keep: Keep, picture: Picture) -> None:
        key, truths = (place.image, place.region.index), self._desk.truths

        def put_on(lines: NDArray[np.bool_]) -> None:
            if lines.shape == picture.shape[:2]:
                picture[lines] = OUTLINE
            keep(picture)

        live = truths.live(key)[0]
        parcel = None if live is not None else truths.parcel(key)
        if parcel is not None:
            lines = lambda: _lines_of(place.region, parcel.plane())  # noqa: E731
            self._desk.keeper.ask(lines, put_on, lambda _: keep(picture))
        elif live is not None:
            put_on(_lines_of(place.region, live))
        else:
            keep(picture)

    def _keep(self, token: object, place: Place, picture: Picture | None) -> None:
        """Keep a picture; none of an image that others will complain of."""
        if token is not self._making:  # everything was forgotten since
            return
        self._made[place], self._making = picture, None
        if picture is not None:
            self.ready.emit(place)
        self._go_on()


def _is_in(place: Place, write: Write) -> bool:
    """Say whether something of a place changed."""
    if (place.image, place.region.index) != (write.image, write.index):
        return False
    spans = zip(place.region.slices, write.window, strict=True)
    return all(a.start < b.stop and b.start < a.stop for a, b in spans)


def _cut(source: ImageSource, region: Region, known: Statistics | None) -> Picture:
    """Read a place and make it small."""
    pixels = source.read(region.index, *region.slices)
    return _in_colours(_smaller(pixels), known)


def _lines_of(region: Region, plane: PlaneTruth) -> NDArray[np.bool_]:
    """Return where the outlines of a place's labels run in its picture."""
    labels: Labels = plane.labels[region.slices]
    step = _step(*labels.shape)
    small = labels[step // 2 :: step, step // 2 :: step]
    return border_band(small, 1)


def _step(height: int, width: int) -> int:
    return max(1, -(-max(height, width) // SIDE))


def _smaller(pixels: Array) -> NDArray[np.float32]:
    """Return means over squares; pixels that are no numbers count as 0."""
    step = _step(*pixels.shape[1:])
    values = np.nan_to_num(pixels.astype(np.float32), posinf=0.0, neginf=0.0)
    for axis in (1, 2):
        starts = np.arange(step // 2, values.shape[axis], step) - step // 2
        sums = np.add.reduceat(values, starts, axis=axis)
        lengths = np.diff(np.append(starts, values.shape[axis])).astype(np.float32)
        sums /= lengths.reshape([-1 if each == axis else 1 for each in range(3)])
        values = sums
    return values


def _in_colours(plane: NDArray[np.float32], known: Statistics | None) -> Picture:
    """Stretch three or four channels as colours, else the first one as grey."""
    channels = 3 if len(plane) in _COLOURS else 1
    shown = plane[:channels]
    if known is not None and len(known.low) >= channels:
        low, high = (np.array(each[:channels], np.float32) for each in (known.low, known.high))
    else:
        low, high = np.percentile(shown, (1, 99), axis=(1, 2)).astype(np.float32)
    low, high = low.min(), high.max()  # as one: colours stay as they are
    grey = (shown - low) / max(float(high - low), 1e-12)
    small = (255 * grey.clip(0, 1)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(small, (3, *small.shape[1:])).transpose(1, 2, 0))
