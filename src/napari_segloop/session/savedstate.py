"""How safe the user's work is, and what can be gone back to, as frozen values for a face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class SavedState:
    """How safe the user's work is.

    Parameters
    ----------
    text : str
        "Saved 14:03", or what is wrong; empty before there is anything to save.
    level : {"info", "warning", "error"}
        How bad it is.
    path : str
        The project's folder; empty before there is one.
    bytes : int or None
        That it takes, as last looked; None while not known.
    is_read_only : bool
        Whether nothing is saved because it is open elsewhere.
    name : str
        The project's.
    mirror, mirror_text : str
        Where its second copy lies, and when that was up to date or what is wrong; empty when
        there is none.
    """

    text: str = ""
    level: Literal["info", "warning", "error"] = "info"
    path: str = ""
    bytes: int | None = None
    is_read_only: bool = False
    name: str = ""
    mirror: str = ""
    mirror_text: str = ""


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """One state of the project that can be looked at and restored.

    Parameters
    ----------
    id : str
        Its name.
    time : datetime
        When, with its time zone.
    message : str
        In words.
    kind : {"autosave", "round", "manual", "restore", "begin"}
        Why it was made.
    counts : dict of str to int
        Images, checked pixels, accepted places.
    version : int or None
        In use then.
    is_kept : bool
        Whether it stays for good.
    """

    id: str
    time: datetime
    message: str
    kind: str
    counts: dict[str, int]
    version: int | None
    is_kept: bool


@dataclass(frozen=True, slots=True)
class DamagedState:
    """A project that was not opened because it is damaged; nothing in it was touched.

    Parameters
    ----------
    path, name : str
        Its folder and what that is called.
    fault : str
        What is wrong, in words.
    snapshot : SnapshotState or None
        The newest state that can still be read.
    mirror : str
        Its second copy; empty when there is none now.
    mirrored : str
        When the copy was last up to date, ISO format.
    """

    path: str
    name: str
    fault: str
    snapshot: SnapshotState | None = None
    mirror: str = ""
    mirrored: str = ""


@dataclass(frozen=True, slots=True)
class RecentState:
    """A project that was open here before.

    Parameters
    ----------
    path, name : str
        Its folder and what it is called.
    saved : str
        When, as far as was told, ISO format.
    bytes : int
        That it took then.
    exists : bool
        Whether it is there now.
    """

    path: str
    name: str
    saved: str
    bytes: int
    exists: bool
