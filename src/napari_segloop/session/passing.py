"""What passes between the desk, its errands and the layers: pixels read, or to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_segloop.core.images import Array, Labels
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.core.prediction import Bytes

Index = tuple[int, ...]
Window = tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """Pixels that belong into the layers of an image, if it is open.

    Parameters
    ----------
    image : int
        Its number in the list.
    index : tuple of int
        The plane.
    window : tuple of slice
        Where.
    labels, uncertainty, checked : (h, w) ndarray or None
        What is new there.
    is_whole : bool
        Whether it replaces the plane by a prediction, after which older undo makes no sense.
    """

    image: int
    index: Index
    window: Window
    labels: Labels | None = None
    uncertainty: Bytes | None = None
    checked: Bytes | None = None
    is_whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """A plane as it was read, with the statistics of its whole image."""

    plane: Array
    statistics: Statistics
