"""The versions of the model: each a file, one of them in use.

Files are written whole or not at all, perhaps later and on another thread; what is in them is the
engine's business.
"""

from __future__ import annotations

import datetime
import threading
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.facts import Facts, Origin, taken_from
from napari_segloop.session.modelbytes import read_model_file
from napari_segloop.session.state import Version
from napari_segloop.store.records import VersionRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from napari_segloop.core.images import Labels


__all__ = ["Facts", "Origin", "Versions"]


def _at_once(write: Callable[[], None]) -> None:
    write()


class Versions:
    """Versions by number.

    Parameters
    ----------
    folder : Path
        Where the files lie; made when it is needed.
    run : callable, optional
        Runs a function that writes a file, for example on another thread; at once when not given.
    """

    def __init__(self, folder: Path, run: Callable[[Callable[[], None]], None] = _at_once) -> None:
        self._folder, self._run = folder, run
        self._unwritten = dict[int, bytes]()
        self._lock = threading.Lock()
        self._versions = dict[int, Version]()
        self._facts = dict[int, Facts]()
        self._origins = dict[int, Origin]()
        self._stored: Callable[[str], bytes] | None = None
        self._loads = 0  # projects that were opened: each has versions of its own
        self._blob: ModelBlob | None = None  # of the current one
        self.current: int | None = None
        self._renumbered = dict[int, dict[int, int]]()
        self._mappings = list["Mapping[int, int]"]()

    @property
    def states(self) -> tuple[Version, ...]:
        """All versions, oldest first."""
        return tuple(self._versions.values())

    @property
    def facts(self) -> Facts | None:
        """What the version in use says of its input."""
        return None if self.current is None else self._facts[self.current]

    @property
    def renumberings(self) -> int:
        """How often classes were merged or deleted until now."""
        return len(self._mappings)

    def add(
        self,
        blob: ModelBlob,
        facts: Facts,
        version: Version,
        origin: Origin | None = None,
        since: int | None = None,
    ) -> Version:
        """Keep a model.

        Parameters
        ----------
        blob : ModelBlob
            The content of its file.
        facts : Facts
            What it says of its input.
        version : Version
            All that is known; its number and time are set here.
        origin : Origin, optional
            How it came to be.
        since : int, optional
            `renumberings` when it began to be taught; now, when not given.

        Returns
        -------
        Version
            With its number.
        """
        number = max(self._versions, default=0) + 1
        self._origins[number] = origin or Origin()
        created = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self._unwritten[number] = blob.data
        self._run(self.finish)
        self._versions[number] = replace(version, number=number, created=created)
        self._facts[number] = facts
        for mapping in self._mappings[self.renumberings if since is None else since :]:
            self._renumber(number, mapping)
        if version.accepted:
            self.current, self._blob = number, blob
        return self._versions[number]

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
        return VersionRecord(**known, meaning=meaning)

    def load(
        self,
        records: Sequence[VersionRecord],
        current: int | None,
        stored: Callable[[str], bytes],
    ) -> None:
        """Take over the versions of a project in place of those there are.

        Parameters
        ----------
        records : sequence of VersionRecord
            Oldest first.
        current : int or None
            The one in use; its model is given by `use`.
        stored : callable
            Returns the content of a model file by the model's id; on any thread.
        """
        self.clear()
        self._stored, self.current = stored, current
        for each in records:
            self._versions[each.number] = taken_from(Version, each)
            self._facts[each.number] = taken_from(Facts, each)
            self._origins[each.number] = taken_from(Origin, each)
            self._renumbered[each.number] = {int(old): now for old, now in each.meaning.items()}

    def clear(self) -> None:
        """Forget all versions; files that are written stay."""
        for part in (self._versions, self._facts, self._origins, self._renumbered):
            part.clear()
        self._stored, self.current, self._blob = None, None, None
        with self._lock:
            self._unwritten.clear()
            self._loads += 1

    def finish(self) -> None:
        """Write what is not written yet.

        Raises
        ------
        OutputError
            When a file cannot be written.
        """
        for number in tuple(self._unwritten):
            self._write(number)

    def discard(self) -> None:
        """Delete the files, because all models are kept elsewhere."""
        for number in self._versions:
            with suppress(OSError):
                self.path(number).unlink(missing_ok=True)

    def _write(self, number: int) -> None:
        with self._lock:
            if number not in self._unwritten:
                return
            with suppress(OSError):  # said better by what follows
                self._folder.mkdir(parents=True, exist_ok=True)
            try:
                with replacing(self.path(number)) as temporary:
                    temporary.write_bytes(self._unwritten[number])
            except OutputError as error:
                remedy = (
                    f"Nothing is lost: version {number} is kept in memory. Free some space, or "
                    "save it elsewhere under History before you close the viewer."
                )
                raise OutputError(error.expected, error.got, remedy, error.file) from error
            del self._unwritten[number]

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

    def path(self, number: int) -> Path:
        """Return the file of a version.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        Path
            In the folder.
        """
        return self._folder / f"{'' if not self._loads else f'{self._loads}-'}{number:03}.segloop"

    def blob(self) -> ModelBlob | None:
        """Return the model in use.

        Returns
        -------
        ModelBlob or None
            None before there is one.
        """
        return None if self.current is None else self._blob

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

    def fetch(self, number: int) -> ModelBlob:
        """Read the file of a version; on any thread.

        Parameters
        ----------
        number : int
            Its number.

        Returns
        -------
        ModelBlob
            For `use`.

        Raises
        ------
        InputError
            When there is no such version, or its file is gone.
        """
        return ModelBlob(self._versions[self._known(number)].model, self._read(number))

    def use(self, number: int, blob: ModelBlob) -> None:
        """Make a version the one in use.

        Parameters
        ----------
        number : int
            Its number.
        blob : ModelBlob
            Of `fetch`.
        """
        self.current, self._blob = self._known(number), blob

    def export(self, number: int, path: Path) -> None:
        """Copy the file of a version to a place of the user's choice; on any thread.

        Parameters
        ----------
        number : int
            Its number.
        path : Path
            Exactly this file; an older one is replaced.

        Raises
        ------
        InputError
            When the version's file is gone.
        OutputError
            When the copy cannot be written.
        """
        data = self._read(self._known(number))
        with replacing(path) as temporary:
            temporary.write_bytes(data)

    def _known(self, number: int) -> int:
        if number not in self._versions:
            raise InputError("a version of the list", f"version {number}", "Choose another one.")
        return number

    def _read(self, number: int) -> bytes:
        data = self._unwritten.get(number)
        if data is not None:
            return data
        if self._stored is not None and not self.path(number).exists():
            return self._stored(self._versions[number].model)
        return read_model_file(self.path(number))
