"""All results of one image, in one TIFF each or in one OME-Zarr, complete or not at all.

The one place that knows that a result has two possible forms.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Literal, Self

from napari_segloop.files.ngff import ZarrOutput, zarr_version
from napari_segloop.files.omexml import Layout
from napari_segloop.files.writing import TiffOutput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    import numpy as np

    from napari_segloop.core.images import Array
    from napari_segloop.files.outputs import Target
    from napari_segloop.files.stacks import ImageFile

Kind = Literal["labels", "classes", "uncertainty", "probabilities"]


class Results:
    """What is predicted for one image, written plane by plane.

    Parameters
    ----------
    target : Target
        Where it goes (`outputs.output_paths`).
    image : ImageFile
        The input, whose leading axes and pixel size the results have.
    dtypes : mapping
        What is written: for ``"labels"``, ``"classes"``, ``"uncertainty"`` and
        ``"probabilities"`` uint8, uint16 or uint32. uint16 becomes uint32 at the first larger
        value.
    classes : int
        How many channels the probabilities have.
    provenance : str
        JSON, kept in every file.

    Raises
    ------
    OutputError
        No space or no rights.
    """

    def __init__(
        self,
        target: Target,
        image: ImageFile,
        dtypes: Mapping[Kind, np.dtype[np.generic]],
        classes: int = 0,
        provenance: str = "",
    ) -> None:
        plain = Layout(
            image.leading_axes, image.leading_shape, image.plane_shape, None, image.pixel_size
        )
        layered = Layout(plain.axes, plain.lengths, plain.plane_shape, classes, plain.pixel_size)
        layouts = {kind: layered if kind == "probabilities" else plain for kind in dtypes}
        paths: dict[Kind, Path] = {
            "labels": target.labels,
            "classes": target.classes,
            "uncertainty": target.uncertainty,
            "probabilities": target.probabilities,
        }
        self._stack = ExitStack()
        self._tiffs: dict[Kind, TiffOutput] = {}
        self._zarr: ZarrOutput | None = None
        self._groups = {kind: _group(target, paths[kind]) for kind in dtypes if target.zarr}
        if target.zarr:
            by_group = {self._groups[kind]: layout for kind, layout in layouts.items()}
            types = {self._groups[kind]: dtype for kind, dtype in dtypes.items()}
            version = zarr_version(image.path)
            self._zarr = ZarrOutput(target.root, by_group, types, provenance, version)
        else:
            self._tiffs = {
                kind: TiffOutput(paths[kind], layouts[kind], dtype, provenance)
                for kind, dtype in dtypes.items()
            }

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._zarr is not None:
                stack.enter_context(self._zarr)
            for output in self._tiffs.values():
                stack.enter_context(output)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, kind: Kind, plane: Array) -> None:
        """Write the next plane, the last leading axis fastest.

        Parameters
        ----------
        kind : str
            Which result.
        plane : (Y, X) or (C, Y, X) ndarray
            Probabilities have C.

        Raises
        ------
        OutputError
            No space.
        """
        if self._zarr is not None:
            self._zarr.write(self._groups[kind], plane)
        else:
            self._tiffs[kind].write(plane)


def _group(target: Target, path: Path) -> str:
    """Name a group inside the OME-Zarr."""
    return path.relative_to(target.root).as_posix()
