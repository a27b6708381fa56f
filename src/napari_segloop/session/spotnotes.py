"""What versions said of planes and of spot checks, and what was found: as it is kept in a project.

Notes are small texts in the record of an image. What comes back from there is checked; what makes
no sense is passed over, since the next prediction says it anew. Who asks is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from napari_segloop.core.estimate import LEVELS, Finding
from napari_segloop.session.packedtext import (
    COUNTS,
    LABELS,
    absurd,
    counted,
    number_in,
    packed,
    parts_of,
    unpacked,
    values_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_segloop.core.estimate import Counts
    from napari_segloop.core.images import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """What a version states of a whole plane.

    Parameters
    ----------
    version : int
        Its number.
    values : tuple of int
        Label values of the classes, ascending, 0 first.
    counts : (K, 256) ndarray of int64
        Pixels by predicted class and uncertainty.
    note : list
        The same as it is kept; made when not given.
    """

    version: int
    values: tuple[int, ...]
    counts: Counts
    note: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.note:
            self.note.extend((self.version, list(self.values), packed(self.counts, COUNTS)))

    @classmethod
    def read(cls, note: object, pixels: int) -> Self:
        """Read a note.

        Parameters
        ----------
        note : object
            Perhaps one.
        pixels : int
            Of the plane.

        Returns
        -------
        Stated
            Of the plane.

        Raises
        ------
        InputError
            When it makes no sense.
        """
        version, values, text = parts_of(note, 3)
        classes = values_in(values)
        counts = unpacked(text, COUNTS, (len(classes), LEVELS))
        known = [version, list(classes), text]
        return cls(number_in(version), classes, counted(counts, pixels), known)

    def within(self, values: Sequence[int]) -> Counts | None:
        """Return the counts by the classes of today.

        Parameters
        ----------
        values : sequence of int
            Ascending, 0 first.

        Returns
        -------
        (K, 256) ndarray of int64 or None
            No pixels of classes that came since; None when a class is there no more.
        """
        return _within(self.counts, self.values, values, rows_only=True)

    def renumbered(self, mapping: Mapping[int, int]) -> Stated:
        """Return it after classes were merged or deleted.

        Parameters
        ----------
        mapping : mapping of int to int
            Old label value to the one that it is now.

        Returns
        -------
        Stated
            With the classes that are left.
        """
        values = tuple(sorted({mapping.get(value, value) for value in self.values}))
        counts = np.zeros((len(values), self.counts.shape[1]), np.int64)
        for value, row in zip(self.values, self.counts, strict=True):
            counts[values.index(mapping.get(value, value))] += row
        return Stated(self.version, values, counts)


@dataclass(slots=True, eq=False)
class Said:
    """What a version said of a place.

    Parameters
    ----------
    version : int
        Its number.
    labels : (h, w) ndarray of integer
        Predicted.
    """

    version: int
    labels: Labels
    _note: list[object] | None = None

    @classmethod
    def read(cls, note: object, shape: tuple[int, int]) -> Said:
        """Read a note.

        Parameters
        ----------
        note : object
            Perhaps one.
        shape : (int, int)
            Rows and columns of the place.

        Returns
        -------
        Said
            Of the place.

        Raises
        ------
        InputError
            When it makes no sense.
        """
        version, kind, text = parts_of(note, 3)
        if not isinstance(kind, str) or kind not in LABELS:
            raise absurd("a dtype of labels", kind)
        labels = unpacked(text, LABELS[kind], shape)
        return cls(number_in(version), labels.astype(kind))

    @property
    def note(self) -> list[object]:
        """The same as it is kept."""
        if self._note is None:
            kind = np.result_type(np.min_scalar_type(int(self.labels.max(initial=0))), np.uint8)
            name = kind.name if kind.name in LABELS else "uint32"
            self._note = [self.version, name, packed(self.labels, LABELS[name])]
        return self._note

    def put(self, window: tuple[slice, slice], labels: Labels) -> None:
        """Take note of a part.

        Parameters
        ----------
        window : tuple of slice
            The part, in the place.
        labels : (h, w) ndarray of integer
            Predicted.
        """
        self.labels = self.labels.astype(np.result_type(self.labels, labels), copy=False)
        self.labels[window] = labels
        self._note = None

    def renumber(self, mapping: Mapping[int, int]) -> None:
        """Take note that classes were merged or deleted.

        Parameters
        ----------
        mapping : mapping of int to int
            Old label value to the one that it is now.
        """
        before, self._note = self.labels.copy(), None
        for old, now in mapping.items():
            self.labels[before == old] = now


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a human found at a place that a version had said something of.

    Parameters
    ----------
    version : int
        Its number.
    values : tuple of int
        Label values of the classes, ascending, 0 first.
    finding : Finding
        For the estimate.
    note : list
        The same as it is kept; made when not given.
    """

    version: int
    values: tuple[int, ...]
    finding: Finding
    note: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.note:
            both = self.finding.stated, self.finding.found
            texts = (packed(each, COUNTS) for each in both)
            self.note.extend((self.version, list(self.values), *texts))

    @classmethod
    def read(cls, note: object, pixels: int) -> Self:
        """Read a note.

        Parameters
        ----------
        note : object
            Perhaps one.
        pixels : int
            Of the place.

        Returns
        -------
        Found
            At the place.

        Raises
        ------
        InputError
            When it makes no sense.
        """
        version, values, said, true = parts_of(note, 4)
        classes = values_in(values)
        stated = counted(unpacked(said, COUNTS, (len(classes), LEVELS)), pixels)
        found = counted(unpacked(true, COUNTS, (len(classes), len(classes))), pixels)
        if (stated.sum(1) != found.sum(1)).any():
            raise absurd("as many pixels found as stated", f"{found.sum()} of {stated.sum()}")
        return cls(number_in(version), classes, Finding(stated, found))

    def within(self, values: Sequence[int]) -> Finding | None:
        """Return what was found by the classes of today.

        Parameters
        ----------
        values : sequence of int
            Ascending, 0 first.

        Returns
        -------
        Finding or None
            No pixels of classes that came since; None when a class is there no more.
        """
        stated = _within(self.finding.stated, self.values, values, rows_only=True)
        found = _within(self.finding.found, self.values, values, rows_only=False)
        return None if stated is None or found is None else Finding(stated, found)


def _within(
    counts: Counts, values: Sequence[int], today: Sequence[int], *, rows_only: bool
) -> Counts | None:
    if tuple(values) == tuple(today):
        return counts
    if not set(values) <= set(today):
        return None
    at = np.searchsorted(today, values)
    columns = counts.shape[1] if rows_only else len(today)
    wide = np.zeros((len(today), columns), np.int64)
    wide[at if rows_only else np.ix_(at, at)] = counts
    return wide
