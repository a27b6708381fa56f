"""Which planes have masks of another tool, and whether there are any that nobody judged yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from napari_segloop.session.desk import Desk, Key

MOST_PIXELS: Final = 2**24
"""Of all planes that are judged together: copies of them are sent to the engine."""


class Given:
    """Planes whose masks were taken over in this session and are not trusted as a whole."""

    def __init__(self) -> None:
        self._keys = set["Key"]()
        self._is_new = False

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def add(self, key: Key) -> None:
        """Take note of a plane.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        """
        self._keys.add(key)
        self._is_new = True

    def discard(self, key: Key) -> None:
        """Forget a plane that got other masks.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        """
        self._keys.discard(key)

    def forget(self, image: int) -> None:
        """Forget an image that was taken off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        self._keys = {key for key in self._keys if key[0] != image}

    def clear(self) -> None:
        """Forget all."""
        self._keys.clear()
        self._is_new = False

    def take(self, desk: Desk) -> list[Key]:
        """Return the planes to judge together, if there are new ones among them.

        Parameters
        ----------
        desk : Desk
            Knows which images are there, and whether a version says more.

        Returns
        -------
        list of (int, tuple of int)
            In order, as many as are not too large; empty once a version exists.
        """
        if not self._is_new or desk.versions.states:
            return []
        self._is_new = False
        used, left, found = set(desk.images.used()), MOST_PIXELS, list["Key"]()
        for key in sorted(each for each in self._keys if each[0] in used):
            rows, columns = desk.images.source(key[0]).plane_shape
            if rows * columns <= left:
                left -= rows * columns
                found.append(key)
        return found


def forget_doubt(desk: Desk, key: Key) -> None:
    """Forget what was said against masks that were replaced since.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    key : (int, tuple of int)
        Image and index.
    """
    desk.given.discard(key)
    known = None if key in desk.predicted else desk.truths.uncertainty(key)
    if known is not None and known.any():
        window = slice(0, known.shape[0]), slice(0, known.shape[1])
        desk.put_uncertainty(key, window, np.zeros_like(known))
