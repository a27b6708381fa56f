"""Whether an image, its labels and what is checked fit together, plane by plane.

Lengths count, letters do not: a T of the image may be a Z of the labels. Axes of length 1 are
passed over, because OME-TIFF and OME-Zarr keep them differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError

if TYPE_CHECKING:
    from napari_segloop.core.images import Labels, Mask
    from napari_segloop.files.images import ImageFile, LabelFile, StackFile

CHECKED = 1
LAST_CHECKED_VALUE = 3


def check_pair(image: ImageFile, labels: LabelFile) -> None:
    """Refuse labels that do not have the image's axes without channels.

    Parameters
    ----------
    image : ImageFile
        The image.
    labels : LabelFile
        Its labels, or what is checked in it.

    Raises
    ------
    InputError
        With both shapes.
    """
    if _lengths(image) == _lengths(labels) and image.plane_shape == labels.plane_shape:
        return
    raise InputError(
        f"labels with the axes and the size of the image without channels ({image.path.name}: "
        f"{image.axes} {image.shape})",
        f"{labels.axes} {labels.shape}",
        _remedy(image, labels),
        str(labels.path),
    )


def label_index(image: ImageFile, labels: LabelFile, index: tuple[int, ...]) -> tuple[int, ...]:
    """Return the index of the labels that belong to a plane of the image.

    Parameters
    ----------
    image : ImageFile
        The image.
    labels : LabelFile
        Labels that fit it (`check_pair`).
    index : tuple of int
        A plane of the image.

    Returns
    -------
    tuple of int
        The same plane; differs only by axes of length 1.
    """
    pairs = zip(index, image.leading_shape, strict=True)
    counts = iter([number for number, length in pairs if length != 1])
    return tuple(0 if length == 1 else next(counts) for length in labels.leading_shape)


def read_checked(
    checked: LabelFile,
    index: tuple[int, ...] = (),
    rows: slice = slice(None),
    columns: slice = slice(None),
) -> Mask:
    """Return where labels are truth.

    Parameters
    ----------
    checked : LabelFile
        0 not checked, 1 checked, 2 can't tell, 3 excluded area.
    index : tuple of int
        The plane.
    rows, columns : slice
        The window, in pixels; the whole plane by default.

    Returns
    -------
    (Y, X) ndarray of bool
        True where the value is 1.

    Raises
    ------
    InputError
        Other values.
    """
    mask: Mask = read_marks(checked, index, rows, columns) == CHECKED
    return mask


def read_marks(
    checked: LabelFile,
    index: tuple[int, ...] = (),
    rows: slice = slice(None),
    columns: slice = slice(None),
) -> Labels:
    """Return what a human said about labels.

    Parameters
    ----------
    checked : LabelFile
        0 not checked, 1 checked, 2 can't tell, 3 excluded area.
    index : tuple of int
        The plane.
    rows, columns : slice
        The window, in pixels; the whole plane by default.

    Returns
    -------
    (Y, X) ndarray of integer
        The values, 0 to 3.

    Raises
    ------
    InputError
        Other values.
    """
    values = checked.read(index, rows, columns)
    if values.size and values.max() > LAST_CHECKED_VALUE:
        raise InputError(
            "the values 0 (not checked), 1 (checked), 2 (can't tell) or 3 (excluded)",
            f"the value {values.max()}",
            "Write 1 where the labels are truth and 0 elsewhere.",
            str(checked.path),
        )
    return values


def _lengths(stack: StackFile) -> tuple[int, ...]:
    """Lengths of the leading axes, without those of 1."""
    return tuple(length for length in stack.leading_shape if length != 1)


def _remedy(image: ImageFile, labels: LabelFile) -> str:
    """Name the axes that would make both fit, if there are any."""
    leading = [] if set("CS") & set(image.axes) else list(image.leading_axes)
    for axis in sorted(leading, key=lambda letter: letter in labels.axes):
        place = image.axes.index(axis)
        if image.shape[:place] + image.shape[place + 1 :] == labels.shape:
            axes = image.axes.replace(axis, "C", 1)
            return (
                f"If the {image.shape[place]} planes along {axis} are channels, give --axes {axes}."
            )
    return "Give labels of the same size, or name the stored axes with --axes."
