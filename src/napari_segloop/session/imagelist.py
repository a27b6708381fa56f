"""The images of the project: which there are, in what state, and where their pixels come from.

The list reads no pixels and knows no labels; counts are given to it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session.sources import ImageSource
from napari_segloop.session.state import ImageState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.normalize import Statistics
    from napari_segloop.session.state import Status

OPEN_LAYER = "open layer"


class ImageList:
    """Images by number, in the order in which they were added."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._states = dict[int, ImageState]()
        self._sources = dict[int, ImageSource]()
        self._before = dict[int, "Status"]()
        self._checksums = dict[int, int]()
        self.statistics = dict[int, "Statistics"]()
        self.opened: int | None = None
        self.edition = 0  # grows with every change of a row

    def __contains__(self, image: object) -> bool:
        return image in self._states

    def __len__(self) -> int:
        return len(self._states)

    @property
    def states(self) -> tuple[ImageState, ...]:
        """All rows."""
        return tuple(replace(s, is_open=s.id == self.opened) for s in self._states.values())

    def add(self, source: ImageSource, planes: int = 0) -> int:
        """Add an image.

        Parameters
        ----------
        source : ImageSource
            Its pixels.
        planes : int
            How many planes it has; 0 while that is not known.

        Returns
        -------
        int
            Its number.

        Raises
        ------
        InputError
            When a file is in the list already.
        """
        where = source.where
        if where != OPEN_LAYER and any(s.where == where for s in self._states.values()):
            raise InputError("an image that is not in the list yet", where, "Leave it out.")
        image = next(self._numbers)
        self._states[image] = ImageState(image, source.name, where, planes=planes)
        self.edition += 1
        self._sources[image] = source
        return image

    def recognise(self, image: int, found: int) -> int | None:
        """Take note of an image's checksum and look whether it is in the list already.

        Parameters
        ----------
        image : int
            Number of an open layer.
        found : int
            Its `checksum`.

        Returns
        -------
        int or None
            The older number, when name, shape, channels and checksum are the same; its layer
            may be gone.
        """
        self._checksums[image] = found
        source = self.source(image)
        for other, known in self._sources.items():
            is_same = self._checksums.get(other) == found and known.name == source.name
            if other != image and is_same and _alike(known, source):
                return other
        return None

    def take_back(self, image: int, source: ImageSource) -> None:
        """Read a lost image from another source from now on.

        Parameters
        ----------
        image : int
            Its number.
        source : ImageSource
            Of the same shape.
        """
        self._sources[image] = source
        self.statistics.pop(image, None)
        self.edition += 1
        self.look(source, source.is_alive())

    def remove(self, image: int) -> None:
        """Take an image off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        self.state(image)
        parts = self._states, self._sources, self._before, self._checksums, self.statistics
        for part in parts:
            part.pop(image, None)
        self.edition += 1
        if self.opened == image:
            self.opened = None

    def state(self, image: int) -> ImageState:
        """Return the row of an image.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        ImageState
            As it is now.

        Raises
        ------
        InputError
            When there is no such image.
        """
        if image not in self._states:
            raise InputError("an image of the list", f"number {image}", "Add it first.")
        return self._states[image]

    def source(self, image: int) -> ImageSource:
        """Return where the pixels of an image come from.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        ImageSource
            As it was added.

        Raises
        ------
        InputError
            When there is no such image.
        """
        self.state(image)
        return self._sources[image]

    def change(self, image: int, **values: object) -> bool:
        """Change what a row says.

        Parameters
        ----------
        image : int
            Its number.
        **values : object
            Fields of `ImageState`.

        Returns
        -------
        bool
            Whether anything is different now.
        """
        before = self.state(image)
        self._states[image] = replace(before, **values)  # type: ignore[arg-type]
        is_new = self._states[image] != before
        self.edition += is_new
        return is_new

    def exclude(self, image: int, is_excluded: bool) -> bool:
        """Leave an image out of training, predicting and checking, or take it in again.

        Parameters
        ----------
        image : int
            Its number.
        is_excluded : bool
            Which of the two.

        Returns
        -------
        bool
            Whether anything is different now.
        """
        state = self.state(image)
        if is_excluded == (state.status == "excluded"):
            return False
        if is_excluded:
            self._before[image] = state.status
            return self.change(image, status="excluded")
        return self.change(image, status=self._before.pop(image, "new"))

    def begin_anew(self) -> None:
        """Forget that images were predicted or checked."""
        for image, state in tuple(self._states.items()):
            self._before.update({image: "new"} if image in self._before else {})
            status = "new" if state.status in {"predicted", "checked"} else state.status
            self.change(image, status=status, checked_pixels=0, by_version=False)

    def used(self) -> Iterator[int]:
        """Yield the images that take part: all but those excluded or missing.

        Yields
        ------
        int
            A number.
        """
        for image, state in self._states.items():
            if state.status not in {"excluded", "missing"}:
                yield image

    def sources(self) -> list[ImageSource]:
        """Return where the pixels of all images come from.

        Returns
        -------
        list of ImageSource
            In the order of the list.
        """
        return list(self._sources.values())

    def look(self, source: ImageSource, alive: bool) -> bool:  # two states
        """Take note whether an image is still there.

        Parameters
        ----------
        source : ImageSource
            Of an image that may be off the list by now.
        alive : bool
            What its ``is_alive`` answered.

        Returns
        -------
        bool
            Whether a state changed.
        """
        image = next((n for n, each in self._sources.items() if each is source), None)
        if image is None:
            return False
        state = self._states[image]
        if not alive and state.status != "missing":
            self._before[image] = state.status
            note = f"{state.where} is gone" if state.where != OPEN_LAYER else "its layer is gone"
            return self.change(image, status="missing", note=note)
        if alive and state.status == "missing" and image in self._before:
            return self.change(image, status=self._before.pop(image, "new"), note="")
        return False


def _alike(one: ImageSource, other: ImageSource) -> bool:
    return (one.leading, one.plane_shape, one.channels) == (
        other.leading,
        other.plane_shape,
        other.channels,
    )
