"""Where results go: one place for each input, never on top of an input.

Plans names only; nothing is created.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.errors import InputError
from napari_segloop.files.names import image_name, is_zarr

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS = "segloop"
"""The name of predicted labels inside an OME-Zarr."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the results of one image go.

    Parameters
    ----------
    image : Path
        The input.
    stem : Path
        Folder and NAME.
    zarr : bool
        Whether results are groups in one OME-Zarr, or TIFF files.
    """

    image: Path
    stem: Path
    zarr: bool

    @property
    def root(self) -> Path:
        """The file that holds the labels: ``NAME.tif`` or ``NAME.ome.zarr``."""
        return self._with(".ome.zarr" if self.zarr else ".tif")

    @property
    def labels(self) -> Path:
        """Classes or ids."""
        return self.root / "labels" / LABELS if self.zarr else self.root

    @property
    def uncertainty(self) -> Path:
        """Probability that a pixel is wrong."""
        return self.root / "labels" / "uncertainty" if self.zarr else self._with(".uncertainty.tif")

    @property
    def classes(self) -> Path:
        """Classes of objects."""
        return self.root / "labels" / "classes" if self.zarr else self._with(".classes.tif")

    @property
    def probabilities(self) -> Path:
        """Probabilities of each class."""
        return self.root / "probabilities" if self.zarr else self._with(".probabilities.tif")

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that may be written for this image."""
        if self.zarr:
            return (self.root,)
        return self.labels, self.uncertainty, self.classes, self.probabilities

    def _with(self, ending: str) -> Path:
        return self.stem.with_name(self.stem.name + ending)


def output_paths(inputs: Sequence[Path], directory: Path) -> tuple[Target, ...]:
    """Plan where the results of each input go.

    Parameters
    ----------
    inputs : sequence of Path
        Image files (`find_images`).
    directory : Path
        The folder for all results. Inputs with one NAME from different folders keep their folders
        in it, counted from the folder that all inputs have in common.

    Returns
    -------
    tuple of Target
        One for each input, in the same order.

    Raises
    ------
    InputError
        When an input would be overwritten, or two inputs would give one file.

    Examples
    --------
    >>> targets = output_paths([Path("a/x.png"), Path("b/x.png"), Path("b/y.png")], Path("out"))
    >>> [target.root.as_posix() for target in targets]
    ['out/a/x.tif', 'out/b/x.tif', 'out/y.tif']
    """
    counts = Counter(_key(path) for path in inputs)
    folders = [Path(os.path.abspath(path)).parent for path in inputs]
    base = _common_folder(folders)
    targets = tuple(
        Target(path, _stem(path, folder, base, directory, counts[_key(path)] > 1), is_zarr(path))
        for path, folder in zip(inputs, folders, strict=True)
    )
    _check_distinct(targets)
    _check_inputs(inputs, targets, directory)
    return targets


def _common_folder(folders: Sequence[Path]) -> Path | None:
    """Return the folder that all folders lie in, if there is one."""
    if len({folder.anchor for folder in folders}) != 1:
        return None
    return Path(os.path.commonpath(folders))


def _stem(path: Path, folder: Path, base: Path | None, directory: Path, keep: bool) -> Path:
    inside = Path()
    if keep:  # on Windows inputs may lie on several drives, of which none holds the other
        drive = "" if base else folder.drive.rstrip(":\\/").replace("\\", "_")
        inside = drive / folder.relative_to(base or folder.anchor)
    return directory / inside / image_name(path)


def _key(path: Path) -> str:
    """NAME as file systems that ignore case see it."""
    return image_name(path).casefold()


def _check_distinct(targets: Sequence[Target]) -> None:
    """Refuse two inputs with one result."""
    owners: dict[str, Path] = {}
    for target in targets:
        for file in target.files:
            other = owners.setdefault(str(file).casefold(), target.image)
            if other != target.image:
                raise InputError(
                    "inputs with different names",
                    f"{other} and {target.image}, which would both give {file}",
                    "Rename one of them or predict them into different folders.",
                )


def _check_inputs(inputs: Sequence[Path], targets: Sequence[Target], directory: Path) -> None:
    """Refuse to write over an input or into one."""
    taken = {path.resolve(): path for path in inputs}
    written = {file.resolve(): file for target in targets for file in target.files}
    inside = [p for p in (directory.resolve(), *directory.resolve().parents) if p in taken]
    clash = [written[path] for path in written.keys() & taken.keys()] + inside
    if clash:
        raise InputError(
            "an output folder in which no input is overwritten",
            f"results at {clash[0]}, which is an input",
            "Give another --output folder.",
            str(clash[0]),
        )
