"""What was checked already, file by file, as ``segloop rank --checked`` names it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.files.images import LabelFile, open_labels
from napari_segloop.files.names import image_name, label_name
from napari_segloop.files.pairing import find_images
from napari_segloop.files.training import check_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from napari_segloop.files.images import ImageFile


class Marks:
    """What was checked already, file by file.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders; may be empty.
    images : sequence of Path
        The images that are ranked.
    axes : str, optional
        The stored axes, named by the user.

    Raises
    ------
    InputError
        When two files have one NAME.
    """

    def __init__(self, inputs: Sequence[Path], images: Sequence[Path], axes: str | None) -> None:
        self.paths = find_images(inputs) if inputs else []
        self._by_name = {label_name(path): path for path in self.paths}
        self._axes = axes
        if self.paths:
            _check_names("checked file", self.paths, label_name)
            _check_names("image", images, image_name)

    def open(self, image: ImageFile) -> LabelFile | None:
        """Open what was checked in an image.

        Parameters
        ----------
        image : ImageFile
            The image.

        Returns
        -------
        LabelFile or None
            None when there is no file of this name: nothing was checked.
        """
        path = self._by_name.get(image_name(image.path))
        if path is None:
            return None
        marks = open_labels(path, self._axes)
        check_pair(image, marks)
        return marks


def _check_names(what: str, paths: Sequence[Path], name: Callable[[Path], str]) -> None:
    counts = Counter(name(path) for path in paths)
    double = sorted(str(path) for path in paths if counts[name(path)] > 1)
    if double:
        raise InputError(
            f"one {what} for each name",
            f"several with one name: {', '.join(double)}",
            "Rename them, or rank one folder at a time.",
        )
