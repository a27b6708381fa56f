"""Telling of images that are unlike what a model learnt, before anybody believes their masks.

Some windows of some planes are looked at; predicting and ranking call it for every file.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.familiarity import unlikeness
from napari_segloop.core.reasons import NOVEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.familiarity import Unlike
    from napari_segloop.core.modelinfo import ModelInfo
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.regions import Region
    from napari_segloop.files.images import ImageFile

MOST_PLANES = 16
Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Novelty:
    """What was found in a file.

    Parameters
    ----------
    looked : dict of tuple of int to Unlike
        Of the planes that were looked at.
    """

    looked: dict[Index, Unlike]

    @property
    def worst(self) -> Unlike | None:
        """Of the plane that is most unlike; None when nothing is known."""
        return max(self.looked.values(), key=lambda found: found.score, default=None)

    @property
    def planes(self) -> list[Index]:
        """Those beyond the limit."""
        return [index for index, found in self.looked.items() if found.score > 1]

    def words(self) -> str | None:
        """Say what is unlike.

        Returns
        -------
        str or None
            A sentence; None when nothing is.
        """
        worst = self.worst
        if worst is None or not self.planes:
            return None
        stack = f", in {len(self.planes)} of {len(self.looked)} planes looked at"
        where = stack if len(self.looked) > 1 else ""
        return (
            f"unlike what the model learnt ({worst.reason}; {worst.score:.1f} times the limit"
            f"{where}); check some places of it before you believe the result."
        )

    def record(self) -> dict[str, object]:
        """Return it for a record of results.

        Returns
        -------
        dict
            Empty when nothing is known.
        """
        worst = self.worst
        if worst is None:
            return {}
        reason = worst.reason if worst.score > 1 else None
        planes = {"unlike_planes": len(self.planes), "looked_at": len(self.looked)}
        stack = planes if len(self.looked) > 1 else {}
        return {"unlike": round(worst.score, 3), "unlike_reason": reason, **stack}

    def named(self, index: Index, regions: Sequence[Region]) -> list[Region]:
        """Give the places of a plane this reason, where it is unlike.

        Parameters
        ----------
        index : tuple of int
            Of the plane.
        regions : sequence of Region
            Its places.

        Returns
        -------
        list of Region
            In the same order.
        """
        if index not in self.planes:
            return list(regions)
        return [replace(region, reason=NOVEL) for region in regions]


def look_over(image: ImageFile, plan: Plan, info: ModelInfo, reporter: Reporter) -> Novelty:
    """Look at an image, and give a notice when it is unlike what the model learnt.

    Parameters
    ----------
    image : ImageFile
        Open.
    plan : Plan
        How it is predicted.
    info : ModelInfo
        Of the model; older ones do not know what they learnt.
    reporter : Reporter
        Told.

    Returns
    -------
    Novelty
        What was found.
    """
    if info.familiar is None or info.familiar.is_former:
        return Novelty({})
    indices = list(image.indices())
    count = min(len(indices), MOST_PLANES)
    chosen = np.unique(np.linspace(0, len(indices) - 1, count).astype(int)).tolist()
    looked = (indices[number] for number in chosen)
    found = Novelty({
        index: unlikeness(info.familiar, image.plane(index), plan.normalization)
        for index in looked
    })  # fmt: skip
    if words := found.words():
        reporter.notice(f"{image.path}: {words}")
    return found
