"""Which files belong together: images with their labels and what is checked in them.

Goes by names only (product rules); whether shapes fit is seen when the files are opened.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.files.names import (
    SUFFIXES,
    has_label_ending,
    image_name,
    is_passed_over,
    is_zarr,
    label_name,
    suffix,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SHOWN = 10
"""So many names are listed in an error."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An image, its labels, and what is checked in them.

    Parameters
    ----------
    image, labels : Path
        The two files.
    checked : Path, optional
        None when there is no such file.
    """

    image: Path
    labels: Path
    checked: Path | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """All pairs, and the images without labels.

    Parameters
    ----------
    pairs : tuple of Pair
        By NAME.
    skipped : tuple of Path
        Images without labels.
    """

    pairs: tuple[Pair, ...]
    skipped: tuple[Path, ...] = ()


def find_images(inputs: Sequence[Path]) -> list[Path]:
    """List the files that inputs stand for.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders, mixed. A folder is not searched deeper; a .zarr is a file.

    Returns
    -------
    list of Path
        In the order of the inputs, folders sorted by name, each file once.

    Raises
    ------
    InputError
        Paths that do not exist, files of other kinds, or no image at all.
    """
    once: dict[Path, Path] = {}
    for path in (path for given in inputs for path in _expand(Path(given))):
        once.setdefault(path.resolve(), path)
    if not once:
        raise InputError(
            f"images ending in {', '.join(SUFFIXES)}",
            f"none in {_listing(inputs)}",
            "Give files, or folders that hold images directly.",
        )
    return list(once.values())


def pair(
    images: Sequence[Path], labels: Sequence[Path], checked: Sequence[Path] | None = None
) -> Pairing:
    """Pair images with labels by NAME.

    Parameters
    ----------
    images, labels : sequence of Path
        Files and folders. When one folder is given for both, its files with an ending such as
        ``_mask`` are labels and the others images; an OME-Zarr with a group ``labels`` is both.
    checked : sequence of Path, optional
        Files and folders with what is checked.

    Returns
    -------
    Pairing
        Sorted by NAME.

    Raises
    ------
    InputError
        No pair, labels without image, or two files with one NAME.

    Examples
    --------
    >>> pair([Path("missing")], [Path("missing")])
    Traceback (most recent call last):
    napari_segloop.core.errors.InputError: missing: Expected a file or folder, got none. ...
    """
    image_files, label_files = _tell_apart(find_images(images), find_images(labels))
    by_name = _by_name(image_files, image_name, "image")
    labels_by_name = _by_name(label_files, label_name, "labels")
    checked_by_name = _by_name(find_images(checked), label_name, "checked") if checked else {}
    _check_partners(by_name, labels_by_name)
    _check_checked(checked_by_name, labels_by_name)
    pairs = tuple(
        Pair(by_name[name], labels_by_name[name], checked_by_name.get(name))
        for name in sorted(labels_by_name)
    )
    skipped = tuple(path for name, path in sorted(by_name.items()) if name not in labels_by_name)
    return Pairing(pairs, skipped)


def _expand(given: Path) -> Iterable[Path]:
    """Yield a file, or the files of a folder."""
    if not given.exists():
        remedy = "Check the path."
        raise InputError("a file or folder", "none", remedy, str(given))
    if given.is_dir() and not is_zarr(given):
        inside = sorted(path for path in given.iterdir() if not is_passed_over(path))
        return [path for path in inside if is_zarr(path) or path.is_file()]
    if not suffix(given):
        raise InputError(
            f"a file ending in {', '.join(SUFFIXES)}",
            repr(given.name),
            "Convert it, or leave it out.",
            str(given),
        )
    return [given]


def _tell_apart(images: list[Path], labels: list[Path]) -> tuple[list[Path], list[Path]]:
    """Separate images from labels that lie in one folder."""
    shared = {p.resolve() for p in images} & {p.resolve() for p in labels}
    if not shared:
        return images, labels
    folders = {path.parent for path in shared}
    mixed_images = [p for p in images if p.resolve() not in shared or not has_label_ending(p)]
    mixed_labels = [
        p
        for p in labels
        if p.resolve().parent not in folders or has_label_ending(p) or _holds_labels(p)
    ]
    return mixed_images, mixed_labels


def _holds_labels(path: Path) -> bool:
    """Whether an OME-Zarr brings its own labels."""
    return is_zarr(path) and (path / "labels").is_dir()


def _by_name(paths: Sequence[Path], name: Callable[[Path], str], what: str) -> dict[str, Path]:
    """Index files by NAME; refuse two files with one NAME."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        found[name(path)].append(path)
    double = [path for same in found.values() if len(same) > 1 for path in same]
    if double:
        raise InputError(
            f"one {what} file for each name",
            f"several with one name: {_listing(double)}",
            "Rename them, or give one folder at a time.",
        )
    return {key: same[0] for key, same in found.items()}


def _check_partners(images: dict[str, Path], labels: dict[str, Path]) -> None:
    """Refuse labels without image, and no pair at all."""
    if not images.keys() & labels.keys():
        got = f"none: images {_listing(images.values())}; labels {_listing(labels.values())}"
        raise InputError(
            "images and labels with the same names",
            got,
            "Name both alike; labels may end in _mask.",
        )
    alone = [path for name, path in sorted(labels.items()) if name not in images]
    if alone:
        raise InputError(
            "an image for each label file",
            f"none for {_listing(alone)}",
            "Add the images, or take these labels out.",
        )


def _check_checked(checked: dict[str, Path], labels: dict[str, Path]) -> None:
    """Refuse checked files of which none belongs to any labels: surely a mistake."""
    if checked and not checked.keys() & labels.keys():
        raise InputError(
            "checked files with the names of the images",
            f"others: {_listing(checked.values())}",
            "Name them like the images.",
        )


def _listing(paths: Iterable[Path]) -> str:
    """Name the first few paths."""
    names = [str(path) for path in paths]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (", ".join(names[:SHOWN]) or "nothing") + more
