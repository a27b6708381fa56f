"""Draws images that teach, and leaves those of other sources to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np


class Sourced(Protocol):
    """Something of an animal, a volume or a file."""

    @property
    def source(self) -> str:
        """Which."""


Thing = TypeVar("Thing", bound=Sourced)


def draw(
    known: Sequence[Thing], taught: int, chance: np.random.Generator
) -> tuple[list[Thing], list[Thing]]:
    """Draw images that teach, from as many sources as leave others to look at.

    Parameters
    ----------
    known : sequence with a source each
        Of a kind.
    taught : int
        How many teach.
    chance : numpy.random.Generator
        Draws.

    Returns
    -------
    teach, unseen : list
        Of different sources.
    """
    order = [known[number] for number in chance.permutation(len(known))]
    sources = list(dict.fromkeys(picture.source for picture in order))
    chosen = set(sources[: min(taught, len(sources) - 1)])
    mine = [picture for picture in order if picture.source in chosen]
    firsts = [next(p for p in mine if p.source == source) for source in sources if source in chosen]
    more = [picture for picture in mine if not any(picture is first for first in firsts)]
    return [*firsts, *more][:taught], [p for p in order if p.source not in chosen]
