"""One class of a project: its value in labels, its name and its colour.

A class knows neither the others nor pixels.

References
----------
.. [1] Okabe, M. and Ito, K. (2008). Color universal design: how to make figures and presentations
   that are friendly to colorblind people. https://jfly.uni-koeln.de/color/
.. [2] Tol, P. (2021). Colour schemes, technical note SRON/EPS/TN/09-002, "muted".
   https://sronpersonalpages.nl/~pault/
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_VALUE: Final = 255
"""Classes live in uint8 layers."""
LARGEST_EPOCH: Final = 255
"""So do the epochs of checked pixels."""
OKABE_ITO: Final = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7")
TOL_MUTED: Final = (
    "#332288",
    "#88ccee",
    "#44aa99",
    "#117733",
    "#999933",
    "#ddcc77",
    "#cc6677",
    "#882255",
    "#aa4499",
)
COLOURS: Final = OKABE_ITO + TOL_MUTED
"""The seven of [1]_ that show on grey, then the nine of [2]_; after 16 classes they come again."""
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class LabelClass:
    """One class.

    Parameters
    ----------
    value : int
        Its value in labels, 1 to 255; 0 is background and no class.
    name : str
        What the user calls it; spaces around it are taken off.
    colour : str
        ``#rrggbb``.
    epoch : int
        The table's epoch when it came, 0 to 255.

    Raises
    ------
    InputError
        When a field makes no sense.

    Examples
    --------
    >>> LabelClass(1, " membrane ", "#E69F00", 0)
    LabelClass(value=1, name='membrane', colour='#e69f00', epoch=0)
    """

    value: int
    name: str
    colour: str
    epoch: int = 0

    def __post_init__(self) -> None:
        check_integer("a class value", self.value, 1, LARGEST_VALUE)
        check_integer("an epoch", self.epoch, 0, LARGEST_EPOCH)
        object.__setattr__(self, "name", _checked_name(self.name))
        object.__setattr__(self, "colour", _checked_colour(self.colour))


def check_integer(what: str, value: object, least: int, most: int) -> None:
    """Refuse what is no whole number of a range.

    Parameters
    ----------
    what : str
        Names it in the message.
    value : object
        What was given, perhaps by a file.
    least, most : int
        The range, both ends included.

    Raises
    ------
    InputError
        With the range and the value.
    """
    if type(value) is not int or not least <= value <= most:
        remedy = "Give a whole number in this range."
        raise InputError(f"{what} from {least} to {most}", repr(value)[:80], remedy)


def check_unlike(what: str, values: Sequence[str]) -> None:
    """Refuse what comes twice.

    Parameters
    ----------
    what : str
        Names it in the message.
    values : sequence of str
        What must differ.

    Raises
    ------
    InputError
        With the first double.
    """
    double = [value for value, times in Counter(values).items() if times > 1]
    if double:
        raise InputError(
            f"classes of different {what}s", f"{double[0]!r} twice", f"Choose another {what}."
        )


def free_name(names: Sequence[str], value: int) -> str:
    """Name a class after its value.

    Parameters
    ----------
    names : sequence of str
        Names that are taken.
    value : int
        The class's value.

    Returns
    -------
    str
        "class 3"; with a larger number when that is taken.
    """
    taken = {name.lower() for name in names}
    numbers = range(value, value + len(taken) + 1)
    return next(f"class {number}" for number in numbers if f"class {number}" not in taken)


def next_colour(used: Sequence[str]) -> str:
    """Choose the colour of one more class.

    Parameters
    ----------
    used : sequence of str
        Colours of the others.

    Returns
    -------
    str
        The first of `COLOURS` among those used least.
    """
    times = Counter(used)
    return min(COLOURS, key=lambda colour: times[colour])


def _checked_name(name: object) -> str:
    stripped = name.strip() if isinstance(name, str) else ""
    if not stripped or len(stripped) > _LONGEST_NAME or not stripped.isprintable():
        raise InputError(
            f"a class name of 1 to {_LONGEST_NAME} characters", repr(name)[:80], "Type a word."
        )
    return stripped


def _checked_colour(colour: object) -> str:
    if not isinstance(colour, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        raise InputError("a colour as #rrggbb", repr(colour)[:80], "Use #e69f00, for example.")
    return colour.lower()
