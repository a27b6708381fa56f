"""What a worker can do, by the kind of request: each job is a generator of events and blocks.

The half that needs no network is here; what needs torch is imported when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_segloop.core.events import Event
from napari_segloop.engine.failures import Cancelled
from napari_segloop.engine.requests import (
    FirstMaskAnswer,
    FirstMaskRequest,
    ProofreadRequest,
    RankAnswer,
    RankItem,
    RankRequest,
)

if TYPE_CHECKING:
    from napari_segloop.core.images import Array
    from napari_segloop.core.regions import Region
    from napari_segloop.engine.control import Control
    from napari_segloop.engine.networks import Networks


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A part of a result array.

    Parameters
    ----------
    name : str
        ``labels`` or ``uncertainty``.
    window : tuple of (slice, slice)
        Where it belongs in the plane.
    array : ndarray
        Its pixels.
    """

    name: str
    window: tuple[slice, slice]
    array: Array


Work = Generator[Event | Block, None, object]
Job = Callable[[Any, "Control"], Work]


def all_jobs() -> dict[str, Job]:
    """Return the jobs of a worker.

    Returns
    -------
    dict
        A job by the kind of its request; they share the models they loaded.
    """
    networks = cache(_networks)
    return {
        "first_mask": make_first_mask,
        "rank": rank,
        "proofread": proofread,
        "train": lambda request, control: networks().train(request, control),
        "predict": lambda request, control: networks().predict(request, control),
    }


def _networks() -> Networks:
    from napari_segloop.engine.networks import Networks  # noqa: PLC0415

    return Networks()


def make_first_mask(request: FirstMaskRequest, control: Control) -> Work:
    """Threshold a plane.

    Parameters
    ----------
    request : FirstMaskRequest
        Without settings they are chosen from the image.
    control : Control
        Not asked: it is quick.

    Returns
    -------
    FirstMaskAnswer
        Labels and settings.

    Yields
    ------
    Event
        None.
    """
    from napari_segloop.core.firstmasks import first_mask, suggest  # noqa: PLC0415

    del control
    yield from ()
    settings = request.settings or replace(suggest(request.image), separate=request.objects)
    return FirstMaskAnswer(first_mask(request.image, settings, ids=request.objects), settings)


def rank(request: RankRequest, control: Control) -> Work:
    """Find places to check on several planes.

    Parameters
    ----------
    request : RankRequest
        The planes.
    control : Control
        Asked at every plane.

    Returns
    -------
    RankAnswer
        The worst places of all.

    Yields
    ------
    Event
        None.

    Raises
    ------
    Cancelled
        When it was asked to stop.
    """
    from napari_segloop.core.ranking import worst_first  # noqa: PLC0415
    from napari_segloop.core.reasons import is_seldom  # noqa: PLC0415

    yield from ()
    found = list[tuple[int, "Region"]]()
    for item in request.items:
        if control.should_stop():
            raise Cancelled
        found += [(item.image, region) for region in _places(item, request)]
    found.sort(key=lambda place: (-place[1].score, place[0], worst_first(place[1])))
    top = request.settings.top
    kept = [*found[:top], *(each for each in found[top:] if is_seldom(each[1].reason))]
    return RankAnswer(tuple(kept))


def _places(item: RankItem, request: RankRequest) -> list[Region]:
    from napari_segloop.core.firstplaces import first_places  # noqa: PLC0415
    from napari_segloop.core.ranking import rank_regions  # noqa: PLC0415

    known, found = (item.labels, item.checked, request.settings, item.index), list["Region"]()
    if item.uncertainty is not None:
        found = rank_regions(item.uncertainty, *known)
        if len(found) >= request.fewest:
            return found
    spread = first_places(*known, request.seed)
    if item.uncertainty is None:
        return spread
    others = (each for each in spread if not any(each.overlaps(other) for other in found))
    return [*found, *(replace(each, score=0.0) for each in others)][: request.fewest]


def proofread(request: ProofreadRequest, control: Control) -> Work:
    """See where masks disagree with what the rest of them teach.

    Parameters
    ----------
    request : ProofreadRequest
        The planes.
    control : Control
        Asked at every tile.

    Returns
    -------
    ProofreadAnswer
        How likely each label is wrong.

    Yields
    ------
    TileDone
        Of all tiles of learning, then of all planes.
    """
    from napari_segloop.engine.proofreads import doubts_of  # noqa: PLC0415

    return (yield from doubts_of(request, control))
