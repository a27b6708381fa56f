"""Which versions of the model there are, what is known of them, and what their labels mean now.

Their files are not known here.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.session.facts import Facts, Origin
from napari_segloop.session.progress import Round
from napari_segloop.session.state import Version
from napari_segloop.store.records import VersionRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.core.images import Labels


class VersionList:
    """Versions by number."""

    def __init__(self) -> None:
        self._versions = dict[int, Version]()
        self._facts = dict[int, Facts]()
        self._origins = dict[int, Origin]()
        self._renumbered = dict[int, dict[int, int]]()
        self._mappings = list["Mapping[int, int]"]()
        self.rounds = dict[int, Round]()  # how well a version agreed while it was in use
        self.current: int | None = None

    @property
    def renumberings(self) -> int:
        """How often classes were merged or deleted until now."""
        return len(self._mappings)

    @property
    def states(self) -> tuple[Version, ...]:
        """All versions, oldest first."""
        return tuple(self._versions.values())

    @property
    def facts(self) -> Facts | None:
        """What the version in use says of its input."""
        return None if self.current is None else self._facts[self.current]

    def records(self) -> tuple[VersionRecord, ...]:
        """Return all that is known of all versions.

        Returns
        -------
        tuple of VersionRecord
            Oldest first.
        """
        return tuple(self._record(number) for number in self._versions)

    def _record(self, number: int) -> VersionRecord:
        known = asdict(self._versions[number]) | asdict(self._origins[number])
        known |= asdict(self._facts[number])
        meaning = {str(old): now for old, now in self._renumbered.get(number, {}).items()}
        agreed = self.rounds[number].to_dict() if number in self.rounds else {}
        return VersionRecord(**known, meaning=meaning, agreed=agreed)

    def pin(self, number: int, is_kept: bool) -> None:  # two states
        """Keep the model of a version when others are cleared away, or not.

        Parameters
        ----------
        number : int
            Its number.
        is_kept : bool
            Which of the two.

        Raises
        ------
        InputError
            When there is no such version.
        """
        known = self._versions[self._known(number)]
        self._versions[number] = replace(known, pinned=is_kept)

    def renumber(self, mapping: Mapping[int, int]) -> None:
        """Take note that classes were merged or deleted: older versions go on saying old values.

        Parameters
        ----------
        mapping : mapping of int to int
            Old label value to the one that it is now; 0 for a class that was deleted.
        """
        self._mappings.append(mapping)
        for number in self._facts:
            self._renumber(number, mapping)

    def _renumber(self, number: int, mapping: Mapping[int, int]) -> None:
        values = self._facts[number].values
        known = self._renumbered.setdefault(number, {value: value for value in values})
        for old, now in known.items():
            known[old] = mapping.get(now, now)

    def translate(self, number: int, labels: Labels) -> Labels:
        """Return what a version says in the label values of today.

        Parameters
        ----------
        number : int
            The version.
        labels : ndarray of integer
            Predicted by it.

        Returns
        -------
        ndarray of integer
            The same array when no class was merged or deleted since.
        """
        known = self._renumbered.get(number, {})
        if all(old == now for old, now in known.items()):
            return labels
        values = np.arange(max(known) + 1, dtype=labels.dtype)
        for old, now in known.items():
            values[old] = now
        return np.take(values, labels)

    def check(self, number: int, task: str | None = None) -> None:
        """Refuse a version that cannot be used.

        Parameters
        ----------
        number : int
            Its number.
        task : {"classes", "objects"}, optional
            What it has to be taught for.

        Raises
        ------
        InputError
            When there is no such version, or it is for another task.
        """
        found = self._facts[self._known(number)].task
        if task not in (None, found):
            words = {"classes": "kinds of area", "objects": "single objects"}
            raise InputError(
                f"a version for {words.get(str(task), task)}",
                f"version {number} for {words.get(found, found)}",
                "Choose another one, or change what you look for.",
            )

    def _known(self, number: int) -> int:
        if number not in self._versions:
            raise InputError("a version of the list", f"version {number}", "Choose another one.")
        return number
