"""Which axis of a stored array is which: planes, channels, rows and columns.

Works on axis letters and shapes only. T is time, Z depth, C channel, S the samples of a colour, P
position, Q and I planes of unknown meaning; a plane is what remains when every letter but C, S, Y
and X has an index.
"""

from __future__ import annotations

from napari_segloop.core.errors import InputError

LETTERS = "TZCSYXPQI"
CHANNELS = "CS"
COLOURS = (3, 4)
NAMES = "T time, Z depth, C channel, P position, Q other planes, Y rows, X columns"


def check_axes(axes: str) -> str:
    """Return given axes in capitals or say what is wrong with them.

    Parameters
    ----------
    axes : str
        One letter for each stored axis, for example ``"CYX"``.

    Returns
    -------
    str
        The letters in capitals.

    Raises
    ------
    InputError
        Unknown or repeated letters, or no Y and X.

    Examples
    --------
    >>> check_axes("tcyx")
    'TCYX'
    """
    letters = axes.strip().upper()
    repeated = any(letters.count(letter) > 1 for letter in letters if letter != "Q")
    fits = set(letters) <= set(LETTERS) and {"Y", "X"} <= set(letters)
    if not fits or repeated:
        raise InputError(
            f"axes that name each stored axis once, with Y and X ({NAMES})",
            repr(axes),
            "Give for example --axes CYX or --axes TZYX.",
        )
    return letters


def guess_axes(shape: tuple[int, ...], dtype_name: str) -> str:
    """Return the axes of an array that says nothing about them.

    Parameters
    ----------
    shape : tuple of int
        The stored shape, at least two axes.
    dtype_name : str
        The stored dtype, for example ``"uint8"``.

    Returns
    -------
    str
        A last axis of 3 or 4 in uint8 is colours; leading axes are planes.

    Examples
    --------
    >>> guess_axes((3, 64, 64), "uint8"), guess_axes((64, 64, 3), "uint8")
    ('QYX', 'YXS')
    """
    colours = len(shape) > 2 and shape[-1] in COLOURS and dtype_name == "uint8"
    tail = "YXS" if colours else "YX"
    return "Q" * (len(shape) - len(tail)) + tail


def fit_axes(given: str, stored: str, shape: tuple[int, ...], file: str | None = None) -> str:
    """Return the given axes as they apply to one file.

    Axes with C may be given for a folder in which some files have fewer axes: a file's own letters
    hold when they are among the given, otherwise the given axes are matched from the right, so that
    ``CYX`` leaves a plain ``YX`` file alone and ``TCYX`` makes ``CYX`` of three axes. A colour file
    knows where its colours are.

    Parameters
    ----------
    given : str
        Axes from the user.
    stored : str
        Axes that the file states or that were guessed.
    shape : tuple of int
        The stored shape.
    file : str, optional
        The file, for the message.

    Returns
    -------
    str
        One letter for each stored axis.

    Raises
    ------
    InputError
        When the file has more axes than were given, or fewer and none is C.

    Examples
    --------
    >>> fit_axes("CYX", "ZYX", (5, 64, 64)), fit_axes("CYX", "YX", (64, 64))
    ('CYX', 'YX')
    """
    letters = check_axes(given)
    if len(letters) == len(shape):
        return stored if _same_letters(letters, stored) else letters
    matched = stored if _is_subsequence(stored, letters) else letters[-len(shape) :]
    if len(letters) < len(shape) or "C" not in letters or not {"Y", "X"} <= set(matched):
        raise InputError(
            f"an image with the axes {letters}",
            f"shape {shape} ({stored})",
            f"Name {len(shape)} axes with --axes, or leave --axes out.",
            file,
        )
    return matched


def split_axes(axes: str) -> tuple[str, str]:
    """Return leading axes and channel axes.

    Parameters
    ----------
    axes : str
        The axes of an array.

    Returns
    -------
    leading, channels : str
        In stored order.

    Examples
    --------
    >>> split_axes("TZCYX")
    ('TZ', 'C')
    """
    leading = "".join(a for a in axes if a not in "CSYX")
    return leading, "".join(a for a in axes if a in CHANNELS)


def _same_letters(given: str, stored: str) -> bool:
    """Whether only the place of the colours differs: a colour file knows where they are."""
    ours, theirs = given.replace("S", "C"), stored.replace("S", "C")
    return "S" in stored and ours != theirs and sorted(ours) == sorted(theirs)


def _is_subsequence(stored: str, given: str) -> bool:
    """Whether the file's own letters occur among the given ones in the same order."""
    rest = iter(given)
    return "Q" not in stored and all(letter in rest for letter in stored)
