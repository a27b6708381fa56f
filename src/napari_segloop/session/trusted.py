"""How far a version's percentages can be trusted, in words. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from napari_segloop.session.words import counted, percent

if TYPE_CHECKING:
    from napari_segloop.session.versionstate import Version

TITLE: Final = "How far the percentages can be trusted"
TOO_FEW: Final = "Too few test regions to say: taken as the network says it"
_SMALL: Final = 0.0995  # a share that is said with a decimal


def in_words(version: Version) -> str:
    """Say what came of the places where a version is least sure.

    Parameters
    ----------
    version : Version
        Of the list.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_segloop.session.versionstate import Version
    >>> made = Version(3, "c", None, 0.9, None, True, "", trust_regions=1)
    >>> in_words(made)
    'Too few test regions to say: taken as the network says it (version 3, 1 test region).'
    >>> in_words(replace(made, trust=((0.01, 0.014, 0.9), (0.2, 0.23, 0.1)), trust_regions=6))
    'Where version 3 says 20 %, 23 % was wrong; measured on 6 test regions.'
    """
    name, regions = f"version {version.number}", version.trust_regions
    if regions is None:
        return f"Not known of {name}: its file does not say."
    measured = counted(regions, "test region")
    if not version.trust:
        return f"{TOO_FEW} ({name}, {measured})."
    stated, found, _ = version.trust[-1]
    return f"Where {name} says {_share(stated)}, {_share(found)} was wrong; measured on {measured}."


def summary(version: Version | None) -> str:
    """Say on how much it rests.

    Parameters
    ----------
    version : Version or None
        Of the list; None where there is none.

    Returns
    -------
    str
        A few words; empty where nothing is known.
    """
    regions = None if version is None else version.trust_regions
    return "" if regions is None else counted(regions, "test region")


def _share(share: float) -> str:
    return f"{100 * share:.1f} %" if 0 < share < _SMALL else percent(share)
