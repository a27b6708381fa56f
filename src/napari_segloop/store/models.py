"""The model files of a project, kept in half precision.

Each is known by the id of the original. What is in a model file is `halving`'s business.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from napari_segloop.core.durable import cannot_write, replacing
from napari_segloop.core.modelheader import read_info
from napari_segloop.store.halving import fault_in, halved
from napari_segloop.store.records import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_segloop.core.modelinfo import ModelInfo

SUFFIX: Final = ".safetensors"
LARGEST: Final = 4 * 2**30
"""Bytes of a model file that is read."""
_ID: Final = re.compile(r"[0-9a-f]{64}")


class Models:
    """The model files of one project.

    Parameters
    ----------
    folder : Path
        Where they lie; made when the first one comes.
    is_read_only : bool
        Whether nothing may be written.
    """

    def __init__(self, folder: Path, *, is_read_only: bool = False) -> None:
        self.folder = folder
        self._is_read_only = is_read_only

    def path(self, model: str) -> Path:
        """Return where a model lies, or would lie.

        Parameters
        ----------
        model : str
            Id of the model in full precision: 64 hexadecimal digits.

        Returns
        -------
        Path
            Inside the folder.

        Raises
        ------
        StoreError
            When it is no such id.
        """
        if not _ID.fullmatch(model):
            raise StoreError(
                "the id of a model, 64 hexadecimal digits", repr(model)[:80], "Choose a version."
            )
        return self.folder / f"{model}{SUFFIX}"

    def put(self, model: str, data: bytes) -> Path:
        """Keep a model.

        Parameters
        ----------
        model : str
            Its id in full precision, by which it is asked for again.
        data : bytes
            Content of its file.

        Returns
        -------
        Path
            The file; one that is there already, and sound, stays.

        Raises
        ------
        StoreError
            When the project is read-only.
        ModelError
            When it is no model of ours.
        OutputError
            When it cannot be written.
        """
        path = self.path(model)
        if self._is_read_only:
            raise StoreError(
                "a project to write to", "one opened read-only", "Close it in the other viewer."
            )
        if path.is_file() and not self.faults_of(model):
            return path
        content = halved(data, model)
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error
        with replacing(path) as temporary:
            temporary.write_bytes(content)
        return path

    def get(self, model: str) -> bytes:
        """Return a model that every loader of model files takes.

        Parameters
        ----------
        model : str
            Its id in full precision.

        Returns
        -------
        bytes
            Content of a model file.

        Raises
        ------
        StoreError
            When it is not here, or damaged.
        """
        content = self._read(model)
        if fault := fault_in(content, model):
            raise StoreError(
                "a model as it was kept",
                fault,
                "Use another version, or take this file from the second copy.",
                str(self.path(model)),
            )
        return content

    def info(self, model: str) -> ModelInfo:
        """Return what a model says of itself.

        Parameters
        ----------
        model : str
            Its id in full precision.

        Returns
        -------
        ModelInfo
            Of the copy in half precision.
        """
        return read_info(self.path(model))

    def faults_of(self, model: str) -> list[str]:
        """Look whether a model is as it was kept.

        Parameters
        ----------
        model : str
            Its id.

        Returns
        -------
        list of str
            What is wrong, in words; empty when nothing is.
        """
        try:
            self.get(model)
        except StoreError as error:
            return [f"model {model[:12]}: {error.got}"]
        return []

    def ids(self) -> tuple[str, ...]:
        """List the models that are here.

        Returns
        -------
        tuple of str
            Their ids, sorted.
        """
        if not self.folder.is_dir():
            return ()
        stems = (path.name.removesuffix(SUFFIX) for path in self.folder.glob(f"*{SUFFIX}"))
        return tuple(sorted(stem for stem in stems if _ID.fullmatch(stem)))

    def delete(self, model: str) -> None:
        """Delete a model's file; versions go on telling of it.

        Parameters
        ----------
        model : str
            Its id.
        """
        if not self._is_read_only:
            self.path(model).unlink(missing_ok=True)

    def size(self) -> int:
        """Return what all files take.

        Returns
        -------
        int
            Bytes.
        """
        return sum(self.path(model).stat().st_size for model in self.ids())

    def _read(self, model: str) -> bytes:
        path = self.path(model)
        try:
            size = path.stat().st_size
            if size > LARGEST:
                raise StoreError(
                    "a model file of at most 4 GiB", f"{size} bytes", "Use another.", str(path)
                )
            return path.read_bytes()
        except OSError as error:
            raise StoreError(
                "the file of this version",
                (error.strerror or str(error)).lower(),
                "It was pruned or lost: use another version, or train again.",
                str(path),
            ) from error
