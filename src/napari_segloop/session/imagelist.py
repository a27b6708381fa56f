"""The images of the project: which there are, in what state, and where their pixels come from.

The list reads no pixels and knows no labels; counts are given to it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.session.identity import alike, is_part
from napari_segloop.session.imagerows import OPEN_LAYER, ImageRows
from napari_segloop.session.stored import StoredSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.session.sources import ImageSource
    from napari_segloop.session.state import Status
    from napari_segloop.store.records import Identity

__all__ = ["OPEN_LAYER", "ImageList"]


class ImageList(ImageRows):
    """Images, whether they take part, and whether they are still there."""

    def recognise(self, image: int, found: Identity) -> int | None:
        """Take note of what an image is, and look whether it is in the list already.

        Parameters
        ----------
        image : int
            Its number.
        found : Identity
            What it is.

        Returns
        -------
        int or None
            The older number of an open layer, or of an image whose original was away, when name,
            shape, channels and content are the same; its layer may be gone.
        """
        self.identities[image] = found
        for other, known in self.identities.items():
            if other != image and self._can_be(other, found) and alike(known, found):
                return other
        return None

    def _can_be(self, other: int, found: Identity) -> bool:
        """Say whether an image may be the same as one that came just now."""
        is_same_place = self.identities[other].where == found.where
        return is_same_place or isinstance(self._sources[other], StoredSource)

    def parts_of(self, whole: Identity) -> list[int]:
        """Return the work areas that wait for the image of which they are a part.

        Parameters
        ----------
        whole : Identity
            Of an image that is there.

        Returns
        -------
        list of int
            Their numbers.
        """
        return [
            image
            for image, known in self.identities.items()
            if isinstance(self._sources[image], StoredSource) and is_part(known, whole)
        ]

    def status_before(self, image: int) -> Status:
        """Return how an image was before it was excluded or went missing.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        str
            "new", "predicted" or "checked".
        """
        state = self.state(image)
        before = self._before.get(image, state.status)
        if before not in {"excluded", "missing"}:
            return before
        return "checked" if state.checked_pixels else "new"

    def is_excluded(self, image: int) -> bool:
        """Say whether an image is left out, also while it is missing.

        Parameters
        ----------
        image : int
            Its number.

        Returns
        -------
        bool
            Whether it is.
        """
        return "excluded" in {self.state(image).status, self._before.get(image)}

    def set_before(self, image: int, status: str) -> None:
        """Say how an image will be once it is back or taken in again.

        Parameters
        ----------
        image : int
            Its number.
        status : str
            As `status_before` returned it.
        """
        self._before[image] = status  # type: ignore[assignment]  # of a record

    def teaching(self) -> Iterator[int]:
        """Yield the images that can teach: those that take part, and those kept in the project.

        Yields
        ------
        int
            A number.
        """
        for image, state in self._states.items():
            is_kept = isinstance(self._sources[image], StoredSource)
            if state.status != "excluded" and (state.status != "missing" or is_kept):
                yield image

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
        self._states[image] = replace(self.state(image), where=source.where, name=source.name)
        self.statistics.pop(image, None)
        self.edition += 1
        self.look(source, source.is_alive())

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
        if not self.holds(source):
            return False
        image = self.number_of(source)
        state = self._states[image]
        if not alive and state.status != "missing":
            self._before[image] = state.status
            return self.change(image, status="missing", note=source.gone)
        if alive and state.status == "missing" and image in self._before:
            return self.change(image, status=self._before.pop(image, "new"), note="")
        return False
