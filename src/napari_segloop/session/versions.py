"""The versions of the model: each a file, one of them in use.

Files are written whole or not at all, perhaps later and on another thread; what is in them is the
engine's business.
"""

from __future__ import annotations

import datetime
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.modelbytes import read_model_file
from napari_segloop.session.state import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from napari_segloop.core.images import Labels


def _at_once(write: Callable[[], None]) -> None:
    write()


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model says of its input.

    Parameters
    ----------
    task : {"classes", "objects"}
        What its labels are.
    channels : int
        Image channels that it takes.
    values : tuple of int
        Label values, 0 first.
    pixel_size : (float, float) or None
        Of the images that taught, in micrometres.
    """

    task: str
    channels: int
    values: tuple[int, ...]
    pixel_size: tuple[float, float] | None = None


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
        self._blob: ModelBlob | None = None  # of the current one
        self.current: int | None = None
        self._renumbered = dict[int, dict[int, int]]()

    @property
    def states(self) -> tuple[Version, ...]:
        """All versions, oldest first."""
        return tuple(self._versions.values())

    @property
    def facts(self) -> Facts | None:
        """What the version in use says of its input."""
        return None if self.current is None else self._facts[self.current]

    def add(self, blob: ModelBlob, facts: Facts, version: Version) -> Version:
        """Keep a model.

        Parameters
        ----------
        blob : ModelBlob
            The content of its file.
        facts : Facts
            What it says of its input.
        version : Version
            All that is known; its number and time are set here.

        Returns
        -------
        Version
            With its number.
        """
        number = len(self._versions) + 1
        created = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        self._unwritten[number] = blob.data
        self._run(self.finish)
        self._versions[number] = replace(version, number=number, created=created)
        self._facts[number] = facts
        if version.accepted:
            self.current, self._blob = number, blob
        return self._versions[number]

    def finish(self) -> None:
        """Write what is not written yet.

        Raises
        ------
        OutputError
            When a file cannot be written.
        """
        for number in tuple(self._unwritten):
            self._write(number)

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
        for number, facts in self._facts.items():
            known = self._renumbered.setdefault(number, {value: value for value in facts.values})
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
        return self._folder / f"{number:03}.segloop"

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
        return read_model_file(self.path(number)) if data is None else data
