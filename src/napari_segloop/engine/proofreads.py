"""The job that sees where given masks disagree with the rest of them; needs torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.givenmasks import GivenMasks
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.normalize import from_file, measure
from napari_segloop.core.proofreading import Proofreader, proofread
from napari_segloop.engine.failures import Cancelled
from napari_segloop.engine.requests import ProofreadAnswer

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_segloop.core.events import TileDone
    from napari_segloop.engine.control import Control
    from napari_segloop.engine.requests import ProofreadItem, ProofreadRequest


def doubts_of(
    request: ProofreadRequest, control: Control
) -> Generator[TileDone, None, ProofreadAnswer]:
    """Say how likely each label of some planes is wrong.

    Parameters
    ----------
    request : ProofreadRequest
        The planes.
    control : Control
        Asked at every tile.

    Returns
    -------
    ProofreadAnswer
        A plane for each item.

    Yields
    ------
    TileDone
        Of learning, then of each plane.

    Raises
    ------
    Cancelled
        When it was asked to stop.
    """
    masks = [_given(item) for item in request.items]
    reader = Proofreader(objects=request.objects, seed=request.seed)
    found = yield from proofread(masks, reader, control.should_stop)
    if found is None:
        raise Cancelled
    return ProofreadAnswer(tuple(found))


def _given(item: ProofreadItem) -> GivenMasks:
    plane = ArrayPlane(item.image)
    numbers = from_file(item.statistics or measure([plane]), "file")
    return GivenMasks(plane, item.labels, numbers, item.checked)
