"""OME-XML for what we write: axes, pixel size and provenance, the same bytes for the same input.

No file is touched here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from napari_segloop.core.errors import InputError
from napari_segloop.files.pixelsize import PixelSize, micrometres, pixel_size

if TYPE_CHECKING:
    import numpy as np

PROVENANCE = "napari-segloop/provenance"
"""Namespace of the annotation that holds the provenance."""
NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
LABEL = "napari-segloop"
MODULO = "openmicroscopy.org/omero/dimension/modulo"


@dataclass(frozen=True, slots=True)
class Layout:
    """What is written: planes along leading axes, perhaps with channels.

    Parameters
    ----------
    axes : str
        Leading axes, for example ``"TZ"``; any letters.
    lengths : tuple of int
        Planes along each leading axis.
    plane_shape : tuple of int
        Rows and columns.
    channels : int, optional
        Channels before Y and X; None for labels.
    pixel_size : PixelSize, optional
        None when it is not known.
    """

    axes: str
    lengths: tuple[int, ...]
    plane_shape: tuple[int, int]
    channels: int | None = None
    pixel_size: PixelSize | None = None

    @property
    def planes(self) -> int:
        """How many times a plane, or a plane of channels, is written."""
        return prod(self.lengths)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole result."""
        channels = () if self.channels is None else (self.channels,)
        return *self.lengths, *channels, *self.plane_shape


def ome_xml(layout: Layout, dtype: np.dtype[np.generic], provenance: str = "") -> str:
    """Return the OME-XML document of a result.

    Parameters
    ----------
    layout : Layout
        Axes, lengths and pixel size.
    dtype : numpy dtype
        uint8, uint16 or uint32.
    provenance : str
        JSON that says how the result came about; "" leaves it out.

    Returns
    -------
    str
        ASCII.

    Notes
    -----
    OME has three leading axes, T, C and Z. Axes with other letters take a free one of Z, T, C in
    this order; axes that find none are folded into the one before them and described by a Modulo
    annotation, so that the shape can be read back.

    References
    ----------
    https://docs.openmicroscopy.org/ome-model/latest/developers/6d-7d-and-8d-storage.html
    """
    slots = ome_axes(layout.axes, layout.lengths, "ZT" if layout.channels else "ZTC")
    notes = _notes(slots, provenance)
    references = "".join(f'<AnnotationRef ID="{name}"/>' for name in notes)
    structured = "".join(notes.values())
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><OME xmlns="{NAMESPACE}">'
        f'<Image ID="Image:0" Name="{LABEL}">{_pixels(layout, slots, dtype)}{references}</Image>'
        f"<StructuredAnnotations>{structured}</StructuredAnnotations></OME>"
    )
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def ome_axes(axes: str, lengths: tuple[int, ...], free: str) -> dict[str, tuple[int, ...]]:
    """Place leading axes on OME's own.

    Parameters
    ----------
    axes : str
        Leading axes of any letters, slowest first.
    lengths : tuple of int
        Their lengths.
    free : str
        The letters that may be used.

    Returns
    -------
    dict
        From OME's letter to the lengths of one axis, or of two that share it; slowest first.

    Raises
    ------
    InputError
        More axes than OME-TIFF can hold.

    Examples
    --------
    >>> ome_axes("TQ", (5, 3), "ZTC")
    {'T': (5,), 'Z': (3,)}
    >>> ome_axes("PTZ", (2, 5, 3), "ZT")
    {'Z': (2,), 'T': (5, 3)}
    """
    slots: dict[str, tuple[int, ...]] = {}
    reserved = axes if len(axes) <= len(free) else ""
    for place, (axis, length) in enumerate(zip(axes, lengths, strict=True)):
        later = reserved[place + 1 :]
        own = [a for a in axis if a in free and a not in slots]
        open_ = own + [a for a in free if a not in slots and a not in later]
        last = next(reversed(slots), "")
        if open_:
            slots[open_[0]] = (length,)
        elif last and len(slots[last]) == 1:
            slots[last] += (length,)
        else:
            remedy = "Give the image as OME-Zarr, or split it."
            raise InputError("an image with fewer axes", f"leading axes {axes}", remedy)
    return slots


def read_pixel_size(xml: str) -> PixelSize | None:
    """Return the pixel size from OME-XML.

    Parameters
    ----------
    xml : str
        The OME-XML document.

    Returns
    -------
    PixelSize or None
        None when PhysicalSizeX or PhysicalSizeY is missing.

    References
    ----------
    https://docs.openmicroscopy.org/ome-model/latest/ome-tiff/specification.html
    """
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    if pixels is None:
        return None
    lengths = [
        micrometres(pixels.get(f"PhysicalSize{a}"), pixels.get(f"PhysicalSize{a}Unit", "um"))
        for a in "YXZ"
    ]
    return pixel_size(*lengths)


def read_provenance_note(xml: str) -> str | None:
    """Return the provenance from OME-XML.

    Parameters
    ----------
    xml : str
        The OME-XML document.

    Returns
    -------
    str or None
        JSON; None when there is none.
    """
    for note in ElementTree.fromstring(xml).iterfind(".//{*}CommentAnnotation"):
        if note.get("Namespace") == PROVENANCE:
            return note.findtext("{*}Value")
    return None


def _pixels(layout: Layout, slots: dict[str, tuple[int, ...]], dtype: np.dtype[np.generic]) -> str:
    """Return the element Pixels: sizes, order of planes, all planes from the first page on."""
    sizes = {a: prod(slots.get(a, (1,))) for a in "ZTC"}
    channels = layout.channels or sizes["C"]
    fastest_first = ("C" if layout.channels else "") + "".join(reversed(slots))
    order = "XY" + fastest_first + "".join(a for a in "CZT" if a not in fastest_first)
    height, width = layout.plane_shape
    planes = layout.planes * (layout.channels or 1)
    channel = "".join(f'<Channel ID="Channel:0:{c}" SamplesPerPixel="1"/>' for c in range(channels))
    return (
        f'<Pixels ID="Pixels:0" DimensionOrder="{order}" Type="{dtype.name}" SizeX="{width}" '
        f'SizeY="{height}" SizeC="{channels}" SizeZ="{sizes["Z"]}" SizeT="{sizes["T"]}"'
        f"{_physical(layout.pixel_size)}>"
        f'{channel}<TiffData IFD="0" PlaneCount="{planes}"/></Pixels>'
    )


def _physical(size: PixelSize | None) -> str:
    """Return the attributes PhysicalSize, where the size is known."""
    if size is None:
        return ""
    lengths = {"X": size.x, "Y": size.y, "Z": size.z}
    unit = "µm" if size.unit == "um" else size.unit
    return "".join(
        f' PhysicalSize{axis}="{length!r}" PhysicalSize{axis}Unit={quoteattr(unit)}'
        for axis, length in lengths.items()
        if length
    )


def _notes(slots: dict[str, tuple[int, ...]], provenance: str) -> dict[str, str]:
    """Annotations by their ID; Modulo is first, because tifffile reads no other reference."""
    notes = {}
    shared = {axis: lengths[1] for axis, lengths in slots.items() if len(lengths) > 1}
    along = "".join(
        f'<ModuloAlong{axis} Type="other" Start="0" End="{length - 1}"/>'
        for axis, length in shared.items()
    )
    if along:
        notes["Annotation:0"] = (
            f'<XMLAnnotation ID="Annotation:0" Namespace="{MODULO}"><Value>'
            '<Modulo namespace="http://www.openmicroscopy.org/Schemas/Additions/2011-09">'
            f"{along}</Modulo></Value></XMLAnnotation>"
        )
    if provenance:
        notes["Annotation:1"] = (
            f'<CommentAnnotation ID="Annotation:1" Namespace="{PROVENANCE}">'
            f"<Value>{escape(provenance)}</Value></CommentAnnotation>"
        )
    return notes
