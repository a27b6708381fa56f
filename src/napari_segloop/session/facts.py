"""What is known of a version of the model beside its number: its input, and how it came to be."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelheader import info_in
from napari_segloop.core.modelinfo import BASES
from napari_segloop.core.seldom import seldom_seen

if TYPE_CHECKING:
    from napari_segloop.store.records import VersionRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """How a version came to be.

    Parameters
    ----------
    snapshot : str or None
        The annotations that taught it.
    settings : dict
        Of the training.
    seed : int
        Of the training.
    seconds : float
        How long it took.
    device : str
        Where it ran, in which precision.
    dice : dict of str to float
        Dice by label value, on the test regions.
    software : dict of str to str
        What made it.
    """

    snapshot: str | None = None
    settings: dict[str, object] = field(default_factory=dict)
    seed: int = 0
    seconds: float = 0.0
    device: str = ""
    dice: dict[str, float] = field(default_factory=dict)
    software: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a model says of its input.

    Parameters
    ----------
    task : {"classes", "objects"}
        What its labels are.
    channels : int
        Image channels that it takes.
    values : tuple of int
        Label values, 0 first.
    pixel_size : (float, float) or None
        Of the images that taught, in micrometres.
    """

    task: str
    channels: int
    values: tuple[int, ...]
    pixel_size: tuple[float, float] | None = None


def trust_in(data: bytes) -> dict[str, Any]:
    """Return how far a model's percentages can be trusted, as its file says.

    Parameters
    ----------
    data : bytes
        Content of a model file.

    Returns
    -------
    dict
        Of `ErrorModel.facts`; empty for a file that says nothing of it.
    """
    try:
        info = info_in(BytesIO(data), len(data))
    except ModelError:
        return {}
    return {} if info.errors is None else info.errors.facts()


def made_by(data: bytes) -> tuple[dict[str, str], dict[str, object]]:
    """Return what made a model, and what it started from, as its file says.

    Parameters
    ----------
    data : bytes
        Content of a model file.

    Returns
    -------
    versions : dict of str to str
        By name; empty for a file that is none of ours.
    start : dict of str to object
        One entry, "start", beside the settings; empty where the file does not say.
    """
    try:
        info = info_in(BytesIO(data), len(data))
    except ModelError:
        return {}, {}
    return dict(info.versions), {"start": info.base} if info.base else {}


def begun_with(data: bytes) -> str:
    """Say what a training that had no version to improve started from.

    Parameters
    ----------
    data : bytes
        Content of a model file.

    Returns
    -------
    str
        For example "general microscopy"; empty where the file does not say.
    """
    return BASES.get(str(made_by(data)[1].get("start")), "")


def rarely_taught(data: bytes) -> tuple[int, ...]:
    """Return the labels of classes that a model has rarely seen.

    Parameters
    ----------
    data : bytes
        Content of a model file.

    Returns
    -------
    tuple of int
        As the model numbers them; empty for a file that is none of ours.
    """
    try:
        info = info_in(BytesIO(data), len(data))
    except ModelError:
        return ()
    return seldom_seen(info.values, info.taught)


def taken_from(kind: type[T], record: VersionRecord) -> T:
    """Return the fields of a record that another value has, too.

    Parameters
    ----------
    kind : type
        A dataclass.
    record : VersionRecord
        Of a project.

    Returns
    -------
    object
        Of that type.
    """
    names = [each.name for each in fields(kind)]  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: getattr(record, name) for name in names})
