"""The versions of the model: each a file, one of them in use.

Files are written whole or not at all, perhaps later and on another thread; what is in them is the
engine's business.
"""

from __future__ import annotations

import datetime
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.durable import replacing
from napari_segloop.core.errors import OutputError
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.facts import Facts, Origin, taken_from, trust_in
from napari_segloop.session.modelbytes import read_model_file
from napari_segloop.session.progress import Round
from napari_segloop.session.state import Version
from napari_segloop.session.versionlist import VersionList

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from napari_segloop.store.records import VersionRecord


__all__ = ["Facts", "Origin", "Versions"]


def _at_once(write: Callable[[], None]) -> None:
    write()


class Versions(VersionList):
    """Versions by number.

    Parameters
    ----------
    folder : Path
        Where the files lie; made when it is needed.
    run : callable, optional
        Runs a function that writes a file, for example on another thread; at once when not given.
    """

    def __init__(self, folder: Path, run: Callable[[Callable[[], None]], None] = _at_once) -> None:
        super().__init__()
        self._folder, self._run = folder, run
        self._unwritten = dict[int, bytes]()
        self._lock = threading.Lock()
        self._stored: Callable[[str], bytes] | None = None
        self._loads = 0  # projects that were opened: each has versions of its own
        self._blob: ModelBlob | None = None  # of the current one

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
        said = trust_in(blob.data)
        self._versions[number] = replace(version, number=number, created=created, **said)
        self._facts[number] = facts
        for mapping in self._mappings[self.renumberings if since is None else since :]:
            self._renumber(number, mapping)
        if version.accepted:
            self.current, self._blob = number, blob
        return self._versions[number]

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
            told = Round.from_dict(each.number, each.agreed)
            if told is not None:
                self.rounds[each.number] = told

    def clear(self) -> None:
        """Forget all versions; files that are written stay."""
        for part in (
            self._versions, self._facts, self._origins, self._renumbered, self.rounds
        ):  # fmt: skip
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

    def let_go(self, models: Collection[str]) -> None:
        """Delete the files of models that the project has cleared away, too.

        Parameters
        ----------
        models : collection of str
            Their ids.
        """
        for number, version in self._versions.items():
            if version.model in models:
                with self._lock:
                    self._unwritten.pop(number, None)
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
        if self._versions[number].trust_regions is None:  # a record from before it was written
            self._versions[number] = replace(self._versions[number], **trust_in(blob.data))

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

    def _read(self, number: int) -> bytes:
        data = self._unwritten.get(number)
        if data is not None:
            return data
        if self._stored is not None and not self.path(number).exists():
            return self._stored(self._versions[number].model)
        return read_model_file(self.path(number))
