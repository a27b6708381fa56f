"""What differs between a plane as it was and as it is now: where, and how much in words.

Arrays in, a mask and a sentence out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.checkstate import CHECKED
from napari_segloop.session.words import counted

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.core.prediction import Bytes


def where_changed(then: Labels, now: Labels) -> Mask:
    """Find the pixels that have another label.

    Parameters
    ----------
    then, now : (Y, X) ndarray of integer
        The same plane at two times.

    Returns
    -------
    (Y, X) ndarray of bool
        True where it differs.
    """
    return np.not_equal(then, now)


def changed_words(changed: Mask, then: Bytes, now: Bytes) -> str:
    """Say how much is different.

    Parameters
    ----------
    changed : (Y, X) ndarray of bool
        Of `where_changed`.
    then, now : (Y, X) ndarray of uint8
        What was checked, and what is.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> one, none = np.ones((2, 3), np.uint8), np.zeros((2, 3), np.uint8)
    >>> changed_words(one > 0, none, one)
    'Since then, in this plane: 6 pixels have another label, 6 more are checked.'
    >>> changed_words(none > 0, one, one)
    'This plane is as it was then.'
    """
    said = []
    if number := int(np.count_nonzero(changed)):
        have = "has" if number == 1 else "have"
        said.append(f"{counted(number, 'pixel')} {have} another label")
    was, is_now = then == CHECKED, now == CHECKED
    gone, come = was & ~is_now, is_now & ~was
    for some, words in ((come, "more are checked"), (gone, "are checked no more")):
        if number := int(np.count_nonzero(some)):
            said.append(f"{number:,} {words}")
    return f"Since then, in this plane: {', '.join(said)}." if said else _SAME


_SAME = "This plane is as it was then."
