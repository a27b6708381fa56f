"""Which snapshots there are, which are kept, and which have expired.

What a snapshot holds is not known here.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from napari_segloop.store.errors import StoreError
from napari_segloop.store.snapshots import Note, Snapshot

if TYPE_CHECKING:
    from datetime import datetime

    import icechunk

    from napari_segloop.store.repository import Repository

LONGEST_MESSAGE: Final = 90
_KEPT, _STAYS = "kept", "stays"


class History:
    """The snapshots of a repository.

    Parameters
    ----------
    repository : Repository
        Where they lie.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._infos = dict[str, "icechunk.SnapshotInfo"]()

    def all(self) -> tuple[Snapshot, ...]:
        """List all snapshots, newest first.

        Returns
        -------
        tuple of Snapshot
            Those on the way to the newest one, and those that are kept.
        """
        tags = self._repository.tags()
        reached = dict[str, "icechunk.SnapshotInfo"]()
        self._look_back(self._repository.newest, reached)
        for tip in tags.values():
            with suppress(StoreError):  # it is damaged, the newest state is not
                self._look_back(tip, reached)
        self._infos = reached
        kept = _messages(tags)
        found = [_snapshot(each, kept) for each in reached.values() if each.parent_id]
        return tuple(sorted(found, key=lambda each: each.time, reverse=True))

    def find(self, snapshot: str) -> Snapshot:
        """Return a snapshot of the history.

        Parameters
        ----------
        snapshot : str
            Its id.

        Returns
        -------
        Snapshot
            That one.

        Raises
        ------
        StoreError
            When it is not there, or no more.
        """
        for each in self.all():
            if each.id == snapshot:
                return each
        raise StoreError("a snapshot of this project", snapshot[:40], "Choose one of the list.")

    def describe(self, snapshot: str) -> Snapshot:
        """Return a snapshot that was just made; damaged names of others do no harm.

        Parameters
        ----------
        snapshot : str
            Its id.

        Returns
        -------
        Snapshot
            Not kept yet.
        """
        return _snapshot(next(iter(self._repository.history(snapshot))), {})

    def keep(self, snapshot: str, message: str = "") -> None:
        """Keep a snapshot by a tag, which holds the message.

        Parameters
        ----------
        snapshot : str
            Its id.
        message : str
            Cut off after 90 bytes: it becomes the name of a folder.
        """
        self.find(snapshot)
        words = message.encode()[:LONGEST_MESSAGE].decode(errors="ignore").encode()
        written = base64.urlsafe_b64encode(words).decode().rstrip("=")
        number = sum(tag.startswith(f"{_KEPT}-") for tag in self._repository.tags())
        self._repository.tag(f"{_KEPT}-{snapshot}-{number:06}-{written}", snapshot)

    def expire(self, before: datetime) -> int:
        """Forget autosaves that are older and not kept.

        Parameters
        ----------
        before : datetime
            With a time zone.

        Returns
        -------
        int
            How many.
        """
        listed, tagged = self.all(), set(self._repository.tags().values())
        for each in listed:
            if each.kind != "autosave" and each.time < before and each.id not in tagged:
                self._repository.tag(f"{_STAYS}-{each.id}", each.id)
        self._repository.expire(before)
        self._infos.clear()
        return len(listed) - len(self.all())

    def _look_back(self, tip: str, reached: dict[str, icechunk.SnapshotInfo]) -> None:
        """Go back as far as possible: what is damaged hides what was before, and nothing else."""
        try:
            self._reach(tip, reached)
        except StoreError:
            if tip not in reached:
                raise

    def _reach(self, tip: str, reached: dict[str, icechunk.SnapshotInfo]) -> None:
        """Go back from a tip to where others were before; what was read once is not read again."""
        here: str | None = tip
        while here in self._infos and here not in reached:
            reached[here] = self._infos[here]
            here = self._infos[here].parent_id
        if here is None or here in reached:
            return
        for each in self._repository.history(here):
            if each.id in reached:
                return
            if each.id in self._infos:
                self._reach(each.id, reached)
                return
            reached[each.id] = each


def _messages(tags: dict[str, str]) -> dict[str, str]:
    """Return the messages of what a human kept; the last one counts."""
    found = dict[str, str]()
    for tag, snapshot in sorted(tags.items(), key=lambda item: item[0].split("-")[2:3]):
        kind, *parts = tag.split("-", 3)
        if kind == _KEPT and len(parts) == 3:
            found[snapshot] = _decoded(parts[2])
    return found


def _decoded(word: str) -> str:
    with suppress(binascii.Error, ValueError):
        return base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode()
    return ""


def _snapshot(info: icechunk.SnapshotInfo, kept: dict[str, str]) -> Snapshot:
    note = Note.from_dict(info.metadata)
    return Snapshot(
        id=info.id,
        time=info.written_at,
        parent=note.parent,
        message=kept.get(info.id) or info.message,
        kind=note.kind,
        counts=note.counts,
        version=note.version,
        is_kept=info.id in kept,
    )
