"""A painter whose disk fails: one fault after the other, each in a process of its own.

Each fault is put in place, a save is tried, the fault is taken away, and saving is tried again. It
says what the save said, and whether all is well in the end.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core import durable
from napari_segloop.store.annotations import Annotations, Save
from napari_segloop.store.errors import StoreError
from tests.store.painting import digest, image, piece, project, same

if TYPE_CHECKING:
    from collections.abc import Iterator

RNG = np.random.default_rng(0)
NOBODY = 65_534


@contextmanager
def small_files(folder: Path) -> Iterator[None]:
    """No file may grow beyond a page."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Nothing is left on the disk."""
    filler = folder.parent / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 12))
        except OSError:
            pass
    yield
    filler.unlink()


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """Nothing may be written below the folder; root may everything, so be somebody else."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    yield
    for path in folders:
        path.chmod(0o755)


@contextmanager
def gone(folder: Path) -> Iterator[None]:
    """The drive was taken away."""
    aside = folder.with_name("aside")
    folder.rename(aside)
    yield
    if folder.exists():
        raise SystemExit("a folder was made where the project had been")
    aside.rename(folder)


@contextmanager
def failing(folder: Path) -> Iterator[None]:
    """The disk takes what is written and then cannot keep it."""
    flush = durable.os.fsync

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    durable.os.fsync = fail
    yield
    durable.os.fsync = flush


FAULTS = {each.__name__: each for each in (small_files, full, forbidden, gone, failing)}


def main(fault: str, folder: Path) -> None:
    """Live through one fault."""
    store = Annotations.create(folder)
    if fault == "forbidden":
        _become_nobody(folder)
    store.save(Save(project(), (image(),), (piece(RNG),)))
    before, history = digest(store), store.history()
    wanted = piece(RNG, 0, 256)
    said = None
    with FAULTS[fault](folder):
        try:
            store.save(Save(project(seconds=1), (), (wanted,)))
        except StoreError as error:
            said = str(error)
        if fault != "gone":
            reader = Annotations.open(folder, read_only=True)
            assert digest(reader) == before
            assert reader.history() == history
    assert digest(store) == before
    store.save(Save(project(seconds=1), (), (wanted,)))
    store.close()
    again = Annotations.open(folder)
    well = same(again, wanted) and again.check() == [] and again.project().seconds == 1
    sys.stdout.write(json.dumps({"said": said, "well": well}))


def _become_nobody(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    os.setgid(NOBODY)
    os.setuid(NOBODY)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
