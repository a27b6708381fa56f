"""Projects, their snapshots and sizes in the words of the interface.

Text in, text out: no widget, no session.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from napari_segloop.session.keeping import ASIDE
from napari_segloop.session.words import counted
from napari_segloop.widgets.words import when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_segloop.session.state import RecentState, SnapshotState
    from napari_segloop.store.pruning import Pruned

WHY_READ_ONLY: Final = (
    "This project is open read-only: another viewer or command writes into it.\n"
    "Close it there, then open it here again, or make a copy to work in."
)
WHY_SNAPSHOT: Final[Mapping[str, str]] = {
    "autosave": "saved by itself",
    "round": "after a training",
    "manual": "saved by you",
    "restore": "restored",
    "begin": "the project began",
}
SHOWN_PARTS: Final = 2  # of a path
_UNITS: Final = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def short_when(moment: datetime | str, now: datetime | None = None) -> str:
    """Return a moment in local time, and leave the day out when it is today.

    Parameters
    ----------
    moment : datetime or str
        ISO 8601 as a text; any other text is given back.
    now : datetime, optional
        The present, local.

    Returns
    -------
    str
        Day and time, or time alone.

    Examples
    --------
    >>> now = datetime(2026, 11, 22, 18, 0)
    >>> short_when("2026-11-22T09:05:00", now), short_when("2026-11-21T09:05:00", now)
    ('09:05', '21 Nov 09:05')
    """
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return str(moment)
    local = moment.astimezone()
    is_today = local.date() == (now or datetime.now()).astimezone().date()
    return f"{local:%H:%M}" if is_today else when(local.isoformat())


def size_words(size: int) -> str:
    """Return how much a number of bytes is.

    Parameters
    ----------
    size : int
        Bytes.

    Returns
    -------
    str
        In kB, MB or GB.

    Examples
    --------
    >>> [size_words(n) for n in (0, 1234, 5_600_000, 789_000_000, 2_500_000_000)]
    ['0 kB', '1.2 kB', '5.6 MB', '789 MB', '2.5 GB']
    """
    one, unit = next((each for each in _UNITS if size >= each[0]), _UNITS[-1])
    number = f"{size / one:.1f}" if size < 10 * one else f"{size / one:.0f}"
    return f"{number.removesuffix('.0')} {unit}"


def short_path(path: str) -> str:
    """Return the end of a path, which is what tells it from others.

    Parameters
    ----------
    path : str
        Of any system.

    Returns
    -------
    str
        Its last two parts.
    """
    parts = PurePath(path).parts
    return path if len(parts) <= SHOWN_PARTS else str(PurePath("…", *parts[-SHOWN_PARTS:]))


def pruning_words(pruned: Pruned) -> str:
    """Say what would be cleared away.

    Parameters
    ----------
    pruned : Pruned
        What there is.

    Returns
    -------
    str
        A sentence; empty when there is nothing.
    """
    parts = []
    if pruned.models:
        models = counted(len(pruned.models), "model")
        parts.append(f"{models} of versions neither in use nor kept ({size_words(pruned.bytes)})")
    if pruned.snapshots:
        parts.append(f"{counted(pruned.snapshots, 'autosave')} older than a day")
    return " and ".join(parts)


def recent_words(project: RecentState) -> str:
    """Say which project it is, and when it was saved last.

    Parameters
    ----------
    project : RecentState
        One that was opened here before.

    Returns
    -------
    str
        As in "Nuclei, saved 21 Nov 09:05".
    """
    if not project.exists:
        return f"{project.name}, not there now"
    return f"{project.name}, saved {short_when(project.saved)}" if project.saved else project.name


def snapshot_words(snapshot: SnapshotState) -> str:
    """Say what a snapshot is.

    Parameters
    ----------
    snapshot : SnapshotState
        Of the project.

    Returns
    -------
    str
        Its message, or why it was made.
    """
    why = WHY_SNAPSHOT.get(snapshot.kind, snapshot.kind)
    if snapshot.kind == "restore" and snapshot.message:
        return f"{why}: {snapshot.message}"
    return why if snapshot.message in {"", ASIDE} else snapshot.message


def counts_words(counts: Mapping[str, int]) -> str:
    """Say what was counted in a snapshot.

    Parameters
    ----------
    counts : mapping of str to int
        Of images, checked pixels and accepted places.

    Returns
    -------
    str
        As in "8 images, 12,345 pixels checked by you, 6 places"; empty when nothing was counted.
    """
    said = (
        ("images", "image", ""),
        ("checked_pixels", "pixel", " checked by you"),
        ("accepted", "place", " accepted"),
    )
    return ", ".join(counted(counts[k], one) + after for k, one, after in said if k in counts)
