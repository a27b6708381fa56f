"""Packed arrays of planes that nobody looks at: in memory up to a budget, beyond it in a file.

What was not asked for the longest goes first, on another thread, and stays in memory where the
file cannot be written. What the arrays mean is not known here.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from napari_segloop.session.parcels import Parcel
from napari_segloop.session.reading import ask_at_once

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.session.reading import Ask
    from napari_segloop.session.scratch import Scratch
    from napari_segloop.session.stored import StoredPlane

    Packed = Parcel | StoredPlane

BUDGET: Final = 512 * 2**20
"""Bytes of packed planes in memory; some thousands of planes of 2048 x 2048 pixels."""
Name = tuple[str, int, tuple[int, ...]]
"""Which of a plane's arrays, and the plane: its image and its index."""


class Resting:
    """Parcels by name.

    Parameters
    ----------
    scratch : Scratch, optional
        Where they go when memory should not hold them; None keeps all in memory.
    ask : callable, optional
        Does what takes long, for example `Reader.ask`; at once when not given.
    tell : callable, optional
        Called once with what went wrong when the file cannot be written.
    budget : int
        Bytes of parcels in memory.
    """

    def __init__(
        self,
        scratch: Scratch | None = None,
        ask: Ask = ask_at_once,
        tell: Callable[[SegLoopError], None] = lambda _: None,
        budget: int = BUDGET,
    ) -> None:
        self.ask, self._scratch, self._tell, self._budget = ask, scratch, tell, budget
        self._kept = OrderedDict[Name, "Packed"]()
        self._away = dict[Name, "Packed"]()
        self._leaving = dict[Name, "Packed"]()
        self._is_told = False
        self.kept_bytes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._kept or name in self._away

    def names(self) -> list[Name]:
        """Return what there is.

        Returns
        -------
        list of (str, int, tuple of int)
            In no order.
        """
        return [*self._kept, *self._away]

    def put(self, name: Name, parcel: Packed) -> None:
        """Keep a parcel; one of the same name is dropped.

        Parameters
        ----------
        name : (str, int, tuple of int)
            What it is.
        parcel : Parcel or StoredPlane
            In memory, or in a project.
        """
        self.forget(name)
        self._kept[name] = parcel
        self.kept_bytes += parcel.nbytes
        self._put_away()

    def look(self, name: Name) -> Packed | None:
        """Return a parcel and keep it.

        Parameters
        ----------
        name : (str, int, tuple of int)
            What it is.

        Returns
        -------
        Parcel, StoredPlane or None
            None when there is none.
        """
        if name in self._kept:
            self._kept.move_to_end(name)
            return self._kept[name]
        return self._away.get(name)

    def forget(self, name: Name) -> None:
        """Drop a parcel, if there is one.

        Parameters
        ----------
        name : (str, int, tuple of int)
            What it is.
        """
        self._away.pop(name, None)
        self._leaving.pop(name, None)
        if name in self._kept:
            self.kept_bytes -= self._kept.pop(name).nbytes

    def _put_away(self) -> None:
        """Have the oldest parcels written until what stays fits the budget."""
        if self._scratch is None:
            return
        excess = self.kept_bytes - self._budget - sum(p.nbytes for p in self._leaving.values())
        for name, parcel in tuple(self._kept.items()) if excess > 0 else ():
            if excess <= 0:
                return
            if name not in self._leaving and isinstance(parcel, Parcel) and parcel.nbytes:
                excess -= parcel.nbytes
                self._move(name, parcel, self._scratch)

    def _move(self, name: Name, parcel: Parcel, scratch: Scratch) -> None:
        def keep(moved: Parcel) -> None:
            if self._leaving.get(name) is parcel:
                self.forget(name)
                self._away[name] = moved

        def stay(error: SegLoopError) -> None:
            if self._leaving.get(name) is parcel:
                del self._leaving[name]
            if not self._is_told:
                self._is_told = True
                self._tell(error)

        self._leaving[name] = parcel
        self.ask(lambda: parcel.moved_to(scratch), keep, stay)
