"""What is read of a plane to predict it, or the view of it, and what of that is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_segloop.core.images import ArrayPlane, check_plane
from napari_segloop.core.planning import EXACT_HALO, HALO
from napari_segloop.core.tiling import Box, surroundings
from napari_segloop.engine.jobs import Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.prediction import Prediction
    from napari_segloop.engine.requests import PredictRequest


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """What is read, and what of it is answered.

    Parameters
    ----------
    plane : ArrayPlane
        The plane, or the view with its surroundings.
    corner : (int, int)
        Where that lies in the plane.
    shown : Box
        What is answered, in the plane.
    middle : Box
        What comes first, in what is read.
    """

    plane: ArrayPlane
    corner: tuple[int, int]
    shown: Box
    middle: Box

    def blocks(self, found: Prediction, own: tuple[slice, slice]) -> Iterator[Block]:
        """Answer what is shown of some pixels that were read.

        Parameters
        ----------
        found : Prediction
            Of those pixels.
        own : tuple of slice
            Where they lie in what was read.

        Yields
        ------
        Block
            Labels, and uncertainty where there is any.
        """
        (y, x), (top, left, bottom, right) = self.corner, self.shown
        rows = slice(max(top, own[0].start + y), min(bottom, own[0].stop + y))
        columns = slice(max(left, own[1].start + x), min(right, own[1].stop + x))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        dy, dx = own[0].start + y, own[1].start + x
        cut = slice(rows.start - dy, rows.stop - dy), slice(columns.start - dx, columns.stop - dx)
        yield Block("labels", (rows, columns), found.labels[cut])
        if found.uncertainty is not None:
            yield Block("uncertainty", (rows, columns), found.uncertainty[cut])


def excerpt_of(request: PredictRequest) -> Excerpt:
    """Take the whole plane, or of a view only what it depends on.

    Parameters
    ----------
    request : PredictRequest
        With plane and view.

    Returns
    -------
    Excerpt
        To be predicted.
    """
    image = check_plane(request.image)
    shape = image.shape[1], image.shape[2]
    whole = 0, 0, *shape
    view = _within(request.view, whole) if request.view else whole
    if not request.view_only:
        return Excerpt(ArrayPlane(image), (0, 0), whole, view)
    halo = EXACT_HALO if request.settings.exact else HALO
    y, x, y_end, x_end = surroundings(view, shape, halo)
    read = image[:, y:y_end, x:x_end]
    return Excerpt(ArrayPlane(read), (y, x), view, (0, 0, y_end - y, x_end - x))


def _within(box: Box, whole: Box) -> Box:
    """Clip a box to the plane; one pixel is left of a box outside."""
    _, _, rows, columns = whole
    top, left = min(max(box[0], 0), rows - 1), min(max(box[1], 0), columns - 1)
    bottom, right = min(max(box[2], top + 1), rows), min(max(box[3], left + 1), columns)
    return top, left, bottom, right
