"""The pixel size that a TIFF file states: in OME-XML, in ImageJ's notes, or in resolution tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.files.omexml import read_pixel_size
from napari_segloop.files.pixelsize import PixelSize, from_resolution, micrometres, pixel_size

if TYPE_CHECKING:
    import tifffile

UNITS = {2: "inch", 3: "cm"}


def tiff_pixel_size(file: tifffile.TiffFile) -> PixelSize | None:
    """Return the pixel size of the first image.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.

    Returns
    -------
    PixelSize or None
        None when the file does not say, or says what only a printer means.
    """
    if file.is_ome and file.ome_metadata:
        return read_pixel_size(file.ome_metadata)
    resolution = _resolution(file)
    if resolution is None:
        return None
    if file.is_imagej:
        return _imagej(file, *resolution)
    tag = file.pages.first.tags.get("ResolutionUnit")
    return from_resolution(*resolution, UNITS.get(int(tag.value) if tag else 2, ""))


def _imagej(file: tifffile.TiffFile, y: float, x: float) -> PixelSize | None:
    """ImageJ keeps pixels per unit in the tags and the unit in its notes."""
    notes = file.imagej_metadata or {}
    unit = str(notes.get("unit", ""))
    z = micrometres(notes.get("spacing"), unit)
    return pixel_size(micrometres(1 / y, unit), micrometres(1 / x, unit), z)


def _resolution(file: tifffile.TiffFile) -> tuple[float, float] | None:
    """Pixels per unit along y and x."""
    tags = [file.pages.first.tags.get(name) for name in ("YResolution", "XResolution")]
    pairs = [tag.value for tag in tags if tag is not None and isinstance(tag.value, tuple)]
    if len(pairs) < 2 or any(len(p) != 2 or not all(p) for p in pairs):
        return None
    return pairs[0][0] / pairs[0][1], pairs[1][0] / pairs[1][1]
