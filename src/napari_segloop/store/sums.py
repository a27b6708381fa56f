"""Whether what a snapshot leads to is still what was written: one sum over all of its lists.

Chunks carry a checksum of their own. The lists that say which chunk belongs where do not, and a
single flipped bit there could move a chunk or make it vanish without a word. So beside each
snapshot lies a small file with one sum over its lists and what it says itself; its parent is left
out, because expiring changes that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Final

from napari_segloop.store.checks import Check, text
from napari_segloop.store.errors import damaged
from napari_segloop.store.faults import reading
from napari_segloop.store.record import Record
from napari_segloop.store.storage import LARGEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

    import icechunk

SUMS: Final = "sums"


@dataclass(frozen=True, slots=True)
class SnapshotSum(Record):
    """The sum of one snapshot.

    Parameters
    ----------
    sum : str
        Over what the snapshot says, and over its lists of chunks.
    """

    sum: str
    checks: ClassVar[dict[str, Check]] = {"sum": text(32, "[0-9a-f]{32}")}


class Sums:
    """The sums of a repository; what was found right once is not looked at again.

    Parameters
    ----------
    place : Path
        The repository's folder.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._right = set[str]()
        self._manifests = dict[str, str]()

    def write(self, repository: icechunk.Repository, snapshot: str) -> None:
        """Write the sum of a snapshot that was just made; it is flushed with its other parts.

        Parameters
        ----------
        repository : icechunk.Repository
            Where it lies.
        snapshot : str
            Its id.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        made = SnapshotSum(self._sum(repository, snapshot))
        (self._place / SUMS).mkdir(exist_ok=True)
        (self._place / SUMS / snapshot).write_bytes(made.to_bytes())
        self._right.add(snapshot)

    def check(self, repository: icechunk.Repository, snapshot: str) -> None:
        """Refuse a snapshot that is not what was written.

        Parameters
        ----------
        repository : icechunk.Repository
            Where it lies.
        snapshot : str
            Its id.

        Raises
        ------
        StoreError
            Saying what differs.
        """
        if snapshot in self._right:
            return
        with reading(f"the sum of snapshot {snapshot}"):
            wanted = SnapshotSum.from_bytes(_content(self._place / SUMS / snapshot))
            found = SnapshotSum(self._sum(repository, snapshot))
        if found != wanted:
            raise damaged(f"snapshot {snapshot} as it was written", "one that changed on the disk")
        self._right.add(snapshot)

    def clear(self) -> None:
        """Delete the sums of snapshots that are gone."""
        for path in (self._place / SUMS).iterdir():
            if not (self._place / "snapshots" / path.name).exists():
                path.unlink()
        self._right.clear()

    def _sum(self, repository: icechunk.Repository, snapshot: str) -> str:
        said = json.loads(repository.inspect_snapshot(snapshot, pretty=False))
        said.pop("parent_id")
        lists = [self._manifest(str(each["id"])) for each in said["manifests"]]
        return _digest(json.dumps([said, lists], sort_keys=True).encode())

    def _manifest(self, name: str) -> str:
        """Return the sum of a list of chunks; lists are never changed, so once is enough."""
        if name not in self._manifests:
            self._manifests[name] = _digest(_content(self._place / "manifests" / name))
        return self._manifests[name]


def _content(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise damaged(f"files of at most {LARGEST_FILE} bytes", "a larger one", str(path))
    return path.read_bytes()


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
