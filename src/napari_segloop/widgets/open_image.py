"""A file of the image list as layers of the viewer, and exactly those gone again.

Layers carry the file's pixel size and units. Small images are read at once, larger ones plane by
plane. The module does not know masks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image

from napari_segloop.widgets.lazy import LazyStack
from napari_segloop.widgets.sources import unwrapped

if TYPE_CHECKING:
    from napari import Viewer

    from napari_segloop.core.images import Array
    from napari_segloop.files.stacks import ImageFile
    from napari_segloop.session.filesource import FileSource

AT_ONCE = 2**26
"""Bytes: an image up to here is read whole."""
COLOURS = ("green", "magenta", "cyan", "yellow", "red", "blue")
SAMPLED = 1 << 20
"""Pixels from which the contrast is chosen."""


class OpenedFile:
    """The layers of a file.

    Parameters
    ----------
    viewer : napari.Viewer
        Where they are added, below what is there.
    source : FileSource
        The file.

    Raises
    ------
    InputError
        When the file cannot be read.
    """

    def __init__(self, viewer: Viewer, source: FileSource) -> None:
        self._viewer = unwrapped(viewer)
        self._file = source.open()
        self.layers = make_image_layers(self._file)
        for place, layer in enumerate(self.layers):
            self._viewer.layers.insert(place, layer)

    def close(self) -> None:
        """Remove the layers, as far as the user has not done so, and let go of the file."""
        for layer in self.layers:
            if any(layer is shown for shown in self._viewer.layers):
                self._viewer.layers.remove(layer)
        self._file.close()


def make_image_layers(image: ImageFile) -> tuple[Image, ...]:
    """Make the layers of a file: one for each channel, or one in colours.

    Parameters
    ----------
    image : ImageFile
        An open file.

    Returns
    -------
    tuple of napari.layers.Image
        Not yet in a viewer.
    """
    if "S" in image.axes and image.channels == 3 and image.dtype == np.uint8:
        return (Image(_pixels(image, None), name=image.name, rgb=True, **_place(image)),)
    return tuple(_channel(image, number) for number in range(image.channels))


def _channel(image: ImageFile, number: int) -> Image:
    is_single = image.channels == 1
    pixels = _pixels(image, number)
    return Image(
        pixels,
        name=image.name if is_single else f"{image.name} channel {number + 1}",
        colormap="gray" if is_single else COLOURS[number % len(COLOURS)],
        blending="translucent" if is_single else "additive",
        contrast_limits=_contrast(pixels),
        multiscale=False,
        **_place(image),
    )


def _pixels(image: ImageFile, channel: int | None) -> Array | LazyStack:
    stack = LazyStack(image, channel)
    return np.asarray(stack) if stack.nbytes <= AT_ONCE else stack


def _contrast(pixels: Array | LazyStack) -> tuple[float, float]:
    """Return the range of the middle plane; napari would look through a lazy stack."""
    middle = np.asarray(pixels[tuple(length // 2 for length in pixels.shape[:-2])])
    step = max(1, int(np.sqrt(middle.size / SAMPLED)))
    sample = middle[::step, ::step].astype(np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        return 0.0, 1.0
    low, high = float(sample.min()), float(sample.max())
    return low, high if high > low else low + 1


def _place(image: ImageFile) -> dict[str, tuple[float, ...] | tuple[str, ...]]:
    """Return scale, units and axis labels as the file states them."""
    size, leading = image.pixel_size, image.leading_axes
    labels = tuple(letter.lower() for letter in f"{leading}YX")
    if size is None:
        return {"axis_labels": labels}
    depth = [size.z if letter == "Z" else None for letter in leading]
    return {
        "scale": (*(z or 1.0 for z in depth), size.y, size.x),
        "units": (*(size.unit if z else "pixel" for z in depth), size.unit, size.unit),
        "axis_labels": labels,
    }
