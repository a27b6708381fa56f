"""Which models a child still holds: both sides of the pipe keep the same list.

Models come in the order of the jobs, so the oldest leaves on both sides at once.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

from napari_segloop.core.errors import ModelError
from napari_segloop.engine.requests import ModelBlob, Request

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = 2
AnyRequest = TypeVar("AnyRequest", bound=Request)


class Shelf:
    """The models that were used last."""

    def __init__(self) -> None:
        self._blobs: dict[str, ModelBlob] = {}

    def lighten(self, request: AnyRequest) -> AnyRequest:
        """Leave out the content of models that the other side holds.

        Parameters
        ----------
        request : Request
            With whole models.

        Returns
        -------
        Request
            Those already sent are empty.
        """
        return _replaced(request, self._left_out)

    def restore(self, request: AnyRequest) -> AnyRequest:
        """Put back what `lighten` left out.

        Parameters
        ----------
        request : Request
            As it came through the pipe.

        Returns
        -------
        Request
            With whole models.

        Raises
        ------
        ModelError
            When a model never came.
        """
        return _replaced(request, self._put_back)

    def forget(self) -> None:
        """Forget all models, after something went wrong on the other side."""
        self._blobs.clear()

    def _left_out(self, blob: ModelBlob) -> ModelBlob:
        known = blob.id in self._blobs
        self._use(ModelBlob(blob.id, b""))
        return ModelBlob(blob.id, b"") if known else blob

    def _put_back(self, blob: ModelBlob) -> ModelBlob:
        whole = blob if blob.data else self._blobs.get(blob.id)
        if whole is None:
            raise ModelError("a model that was sent", blob.id[:12], "Try again.")
        self._use(whole)
        return whole

    def _use(self, blob: ModelBlob) -> None:
        self._blobs.pop(blob.id, None)
        self._blobs[blob.id] = blob
        while len(self._blobs) > KEPT:
            self._blobs.pop(next(iter(self._blobs)))


def _replaced(request: AnyRequest, change: Callable[[ModelBlob], ModelBlob]) -> AnyRequest:
    found = {field.name: getattr(request, field.name) for field in fields(request)}
    changes = {name: change(blob) for name, blob in found.items() if isinstance(blob, ModelBlob)}
    return replace(request, **changes) if changes else request
