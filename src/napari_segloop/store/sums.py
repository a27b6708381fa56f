"""Whether what a snapshot leads to is still what was written: a sum for each of its parts.

Chunks carry a checksum of their own. The lists that say which chunk belongs where do not, and a
single flipped bit there could move a chunk or make it vanish without a word. So beside each
snapshot lies a small file with the sums of its lists and of what it says itself; its parent is left
out, because expiring changes that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Final

from napari_segloop.store.checks import SNAPSHOT, Check, table, text
from napari_segloop.store.errors import damaged
from napari_segloop.store.faults import reading
from napari_segloop.store.record import Record
from napari_segloop.store.storage import LARGEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

    import icechunk

SUMS: Final = "sums"
_SUM: Final = text(32, "[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class SnapshotSums(Record):
    """The sums of one snapshot.

    Parameters
    ----------
    state : str
        Of what the snapshot says.
    manifests : dict of str to str
        Of its lists of chunks, by their ids.
    """

    state: str
    manifests: dict[str, str]
    checks: ClassVar[dict[str, Check]] = {"state": _SUM, "manifests": table(SNAPSHOT, _SUM)}


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
        """Write the sums of a snapshot that was just made; they are flushed with its other parts.

        Parameters
        ----------
        repository : icechunk.Repository
            Where it lies.
        snapshot : str
            Its id.

        Raises
        ------
        OutputError
            When they cannot be written.
        """
        state, manifests = _described(repository, snapshot)
        sums = {each: self._manifests.get(each) or self._sum(each) for each in manifests}
        (self._place / SUMS).mkdir(exist_ok=True)
        (self._place / SUMS / snapshot).write_bytes(SnapshotSums(state, sums).to_bytes())
        self._manifests.update(sums)

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
        with reading(f"the sums of snapshot {snapshot}"):
            wanted = SnapshotSums.from_bytes(_content(self._place / SUMS / snapshot))
            state, manifests = _described(repository, snapshot)
            found = {each: self._manifests.get(each) or self._sum(each) for each in manifests}
        if (state, found) != (wanted.state, wanted.manifests):
            raise damaged(f"snapshot {snapshot} as it was written", "one that changed on the disk")
        self._manifests.update(found)
        self._right.add(snapshot)

    def clear(self) -> None:
        """Delete the sums of snapshots that are gone."""
        for path in (self._place / SUMS).iterdir():
            if not (self._place / "snapshots" / path.name).exists():
                path.unlink()
        self._right.clear()

    def _sum(self, manifest: str) -> str:
        return _digest(_content(self._place / "manifests" / manifest))


def _content(path: Path) -> bytes:
    if path.stat().st_size > LARGEST_FILE:
        raise damaged(f"files of at most {LARGEST_FILE} bytes", "a larger one", str(path))
    return path.read_bytes()


def _described(repository: icechunk.Repository, snapshot: str) -> tuple[str, list[str]]:
    """Return the sum of what a snapshot says, and the ids of its lists of chunks."""
    said = json.loads(repository.inspect_snapshot(snapshot, pretty=False))
    manifests = [str(each["id"]) for each in said["manifests"]]
    said.pop("parent_id")
    return _digest(json.dumps(said, sort_keys=True).encode()), manifests


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
