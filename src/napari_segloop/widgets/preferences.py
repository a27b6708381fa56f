"""What the user set in napari's preferences for this plugin, with defaults where nothing is set."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from napari.settings import get_plugin_settings

from napari_segloop.core.modelinfo import LONGEST_AUTHOR
from napari_segloop.widgets.keys import DEFAULT_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGIN = "napari-segloop"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Settings of the manifest.

    Parameters
    ----------
    command : tuple of str
        Starts the engine elsewhere; empty: on this computer.
    seconds : int
        Of a training.
    author : str
        Who teaches; kept in models.
    keys : mapping of str to str
        Keys of the queue by what they do.
    projects : Path or None
        Folder for new projects; None: in the user's local data.
    """

    command: tuple[str, ...] = ()
    seconds: int = 48
    author: str = ""
    keys: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_KEYS))
    projects: Path | None = None

    @property
    def computer(self) -> str:
        """Where the engine runs, as its command says; empty for this computer."""
        words = [word for word in self.command[1:] if not word.startswith("-")]
        return words[0] if words else ""


def read_preferences() -> Preferences:
    """Read what is set.

    Returns
    -------
    Preferences
        Defaults for everything when the plugin's manifest is not registered.
    """
    try:
        found = get_plugin_settings(PLUGIN)
    except (KeyError, ValueError, AttributeError):
        return Preferences()
    keys = {name: getattr(found.keys, name) or default for name, default in DEFAULT_KEYS.items()}
    return Preferences(
        tuple(shlex.split(found.engine.command)),
        found.training.seconds,
        found.training.author.strip()[:LONGEST_AUTHOR],
        keys,
        _folder(found.projects.folder),
    )


def _folder(typed: str) -> Path | None:
    return Path(typed.strip()).expanduser() if typed.strip() else None
