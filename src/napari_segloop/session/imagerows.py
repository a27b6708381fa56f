"""The rows of the image list: numbers, states, and where pixels come from.

What a state means, and how it changes, is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.session.sources import ImageSource
from napari_segloop.session.state import ImageState

if TYPE_CHECKING:
    from napari_segloop.core.normalize import Statistics
    from napari_segloop.session.state import Status
    from napari_segloop.store.records import Identity

OPEN_LAYER = "open layer"


class ImageRows:
    """Images by number, in the order in which they were added."""

    def __init__(self) -> None:
        self.next_number = 1
        self._states = dict[int, ImageState]()
        self._sources = dict[int, ImageSource]()
        self._before = dict[int, "Status"]()
        self.identities = dict[int, "Identity"]()
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
        same = [state for state in self._states.values() if state.where == where]
        if where != OPEN_LAYER and any(state.status != "missing" for state in same):
            raise InputError("an image that is not in the list yet", where, "Leave it out.")
        image, self.next_number = self.next_number, self.next_number + 1
        self._states[image] = ImageState(image, source.name, where, planes=planes)
        self.edition += 1
        self._sources[image] = source
        return image

    def has(self, image: int, source: ImageSource) -> bool:
        """Say whether an image is still the one that it was when something was asked of it.

        Parameters
        ----------
        image : int
            Its number.
        source : ImageSource
            Its pixels then.

        Returns
        -------
        bool
            False also when it was taken off the list.
        """
        return self._sources.get(image) is source

    def put(self, state: ImageState, source: ImageSource, identity: Identity) -> None:
        """Take over an image of a project.

        Parameters
        ----------
        state : ImageState
            With its number, which is free.
        source : ImageSource
            Its pixels, or what is kept of them.
        identity : Identity
            What it was.
        """
        self._states[state.id], self._sources[state.id] = state, source
        self.identities[state.id] = identity
        self.count_from(state.id + 1)
        self.edition += 1

    def count_from(self, number: int) -> None:
        """Use no number below this one for what is added from now on.

        Parameters
        ----------
        number : int
            The next one, unless higher ones were used.
        """
        self.next_number = max(self.next_number, number)

    def clear(self) -> None:
        """Take everything off the list; numbers begin anew."""
        for image in tuple(self._states):
            self.remove(image)
        self.opened, self.next_number = None, 1

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

    def holds(self, source: ImageSource) -> bool:
        """Say whether an image of the list is read from here.

        Parameters
        ----------
        source : ImageSource
            Its pixels.

        Returns
        -------
        bool
            False once it was taken off.
        """
        return any(each is source for each in self._sources.values())

    def number_of(self, source: ImageSource) -> int:
        """Return the image that is read from here.

        Parameters
        ----------
        source : ImageSource
            Of the list.

        Returns
        -------
        int
            Its number.
        """
        return next(number for number, each in self._sources.items() if each is source)

    def sources(self) -> list[ImageSource]:
        """Return where the pixels of all images come from.

        Returns
        -------
        list of ImageSource
            In the order of the list.
        """
        return list(self._sources.values())

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

    def remove(self, image: int) -> None:
        """Take an image off the list.

        Parameters
        ----------
        image : int
            Its number.
        """
        self.state(image)
        parts = self._states, self._sources, self._before, self.identities, self.statistics
        for part in parts:
            part.pop(image, None)
        self.edition += 1
        if self.opened == image:
            self.opened = None
