"""Whether everything in a snapshot can still be read, piece by piece.

It finds faults and says them; mending is not its business.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from napari_segloop.store import documents, layout
from napari_segloop.store.errors import StoreError
from napari_segloop.store.layout import CONTENT, PLANE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.store.chunkguard import GuardedStore
    from napari_segloop.store.repository import Repository


def find_faults(repository: Repository, snapshot: str) -> list[str]:
    """Read every record and every chunk of a snapshot.

    Parameters
    ----------
    repository : Repository
        Where it lies.
    snapshot : str
        Its id.

    Returns
    -------
    list of str
        One sentence for each fault; empty when all is well.
    """
    faults = list[str]()
    with _noting(faults):
        store = repository.look(snapshot)
        documents.check_format(store)
        project = documents.project_record(store)
        for number in () if project is None else project.images:
            with _noting(faults):
                record = documents.image_record(store, number)
                for name in (*PLANE, CONTENT):
                    _read_chunks(store, layout.spec(number, name, record.identity.shape), faults)
    return faults


def _read_chunks(store: GuardedStore, wanted: layout.Spec, faults: list[str]) -> None:
    array = layout.find(store, wanted)
    if array is None:
        return
    for place in store.written(wanted.path):
        with _noting(faults):
            layout.read(array, layout.window(wanted, place))


@contextmanager
def _noting(faults: list[str]) -> Iterator[None]:
    """Go on after a fault, and note it."""
    try:
        yield
    except StoreError as error:
        faults.append(f"expected {error.expected}, got {error.got}")
