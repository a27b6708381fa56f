"""``project.json``: what a project is called, and by which id its copies are known.

It is small and says nothing of what is in the project.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import uuid4

from napari_segloop.core.durable import replacing
from napari_segloop.store.checks import NAME, TIME, Check, integer, text
from napari_segloop.store.errors import StoreError, damaged
from napari_segloop.store.record import Record

if TYPE_CHECKING:
    from pathlib import Path

CARD: Final = "project.json"
ANNOTATIONS: Final = "annotations"
FORMAT: Final = 1
_LARGEST: Final = 1 << 16
_NEWEST: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Card(Record):
    """A project's name and id.

    Parameters
    ----------
    id : str
        Its own and that of its second copies.
    name : str
        As the user calls it.
    created : str
        When, ISO format.
    format : int
        Of the whole folder.
    """

    id: str
    name: str
    created: str
    format: int = FORMAT
    checks: ClassVar[dict[str, Check]] = {
        "id": text(32, "[0-9a-f]{32}"),
        "name": NAME,
        "created": TIME,
        "format": integer(1, _NEWEST),
    }

    @classmethod
    def new(cls, name: str) -> Card:
        """Make the card of a new project.

        Parameters
        ----------
        name : str
            As the user calls it.

        Returns
        -------
        Card
            With an id of its own.
        """
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        return cls(uuid4().hex, name, now)

    def write(self, folder: Path) -> None:
        """Write it into a project, whole or not at all.

        Parameters
        ----------
        folder : Path
            The project.
        """
        with replacing(folder / CARD) as temporary:
            temporary.write_bytes(self.to_bytes())


def read_card(folder: Path) -> Card:
    """Read the card of a project.

    Parameters
    ----------
    folder : Path
        The project.

    Returns
    -------
    Card
        Checked.

    Raises
    ------
    StoreError
        When this is no project, a damaged one, or one of a newer format.
    """
    path = folder / CARD
    if not path.exists() and (folder / ANNOTATIONS).is_dir():
        raise damaged(f"a project with its {CARD}", "none", str(folder))
    try:
        if path.stat().st_size > _LARGEST:
            raise StoreError("a project", "a card of absurd size", "Use another copy.", str(path))
        card = Card.from_bytes(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _no_project(folder) from error
    except OSError as error:
        raise damaged(f"a {CARD} that can be read", str(error.strerror), str(path)) from error
    if card.format > FORMAT:
        raise StoreError(
            f"a project of format {FORMAT}",
            f"one of format {card.format}, made by a newer napari-segloop",
            "Update napari-segloop to open it.",
            str(folder),
        )
    return card


def _no_project(folder: Path) -> StoreError:
    got = f"a folder without {CARD}" if folder.is_dir() else "none"
    remedy = "Choose a folder whose name ends in .segloop."
    return StoreError("a project", got, remedy, str(folder))
