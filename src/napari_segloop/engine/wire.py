"""Requests, answers and events as plain data and arrays, by the types of their fields.

Only the classes listed here can come through; every value is checked against its annotation,
and settings check themselves when they are made. The module knows no pipes.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import TYPE_CHECKING, Literal, NoReturn, TypeVar, Union

import numpy as np

from napari_segloop.core import (
    comparing,
    events,
    holdout,
    images,
    normalize,
    prediction,
    regions,
    settings,
)
from napari_segloop.engine import requests
from napari_segloop.engine.frames import FrameError, Packet
from napari_segloop.engine.packets import check_array

if TYPE_CHECKING:
    from napari_segloop.core.events import Event
    from napari_segloop.core.images import Array
    from napari_segloop.engine.frames import Json
    from napari_segloop.engine.requests import Request

Value = TypeVar("Value")

ANSWERS = {
    "first_mask": requests.FirstMaskAnswer,
    "rank": requests.RankAnswer,
    "proofread": requests.ProofreadAnswer,
    "train": requests.TrainAnswer,
    "predict": requests.PredictAnswer,
}
REQUESTS: dict[str, type[Request]] = {
    kind.kind: kind
    for kind in (
        requests.FirstMaskRequest,
        requests.RankRequest,
        requests.ProofreadRequest,
        requests.TrainRequest,
        requests.PredictRequest,
    )
}
EVENTS: dict[str, type[Event]] = {
    kind.kind: kind
    for kind in (
        events.Notice,
        events.TrainingPlanned,
        events.StepDone,
        events.Validated,
        events.Suspicious,
        events.TileDone,
        events.PlaneDone,
    )
}


def pack(value: object) -> Packet:
    """Turn a request, answer or event into plain data and arrays.

    Parameters
    ----------
    value : dataclass instance
        Of fields that are numbers, text, arrays, bytes, slices, tuples, dicts or such instances.

    Returns
    -------
    Packet
        The data is in ``head["value"]``, arrays as numbers of ``arrays``.

    Raises
    ------
    InputError
        When an array may not be sent.
    """
    arrays: list[Array] = []
    return Packet({"value": _plain(value, arrays)}, tuple(arrays))


def unpack(kind: type[Value], packet: Packet) -> Value:
    """Make the instance that was packed.

    Parameters
    ----------
    kind : type
        A dataclass that may come through.
    packet : Packet
        What `pack` returned.

    Returns
    -------
    object
        Checked, of that type.

    Raises
    ------
    FrameError
        When a field is missing, unknown or of another type.
    InputError
        When settings make no sense.
    """
    value: Value = _made(kind, packet.head.get("value"), packet.arrays)
    return value


def _plain(value: object, arrays: list[Array]) -> object:
    if isinstance(value, bytes | np.ndarray):
        array = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
        check_array(array)
        arrays.append(array)
        return len(arrays) - 1
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: _plain(getattr(value, name), arrays) for name in names}
    if isinstance(value, tuple | list):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _made(hint: typing.Any, value: object, arrays: tuple[Array, ...]) -> typing.Any:  # noqa: ANN401
    """Make what an annotation asks for."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint):
        return _instance(hint, value, arrays)
    if origin in (Union, types.UnionType):
        return _one_of(typing.get_args(hint), value, arrays)
    if origin is tuple:
        return _tuple(typing.get_args(hint), value, arrays)
    if origin is np.ndarray:
        return _array(hint, value, arrays)
    if hint is bytes:
        return _array(np.ndarray[typing.Any, np.dtype[np.uint8]], value, arrays).tobytes()
    return _scalar(hint, origin, value)


def _instance(kind: typing.Any, value: object, arrays: tuple[Array, ...]) -> object:  # noqa: ANN401
    hints = _hints(kind)
    if not isinstance(value, dict) or value.keys() != hints.keys():
        _refuse(kind.__name__, value)
    return kind(**{name: _made(hint, value[name], arrays) for name, hint in hints.items()})


def _one_of(hints: tuple[object, ...], value: object, arrays: tuple[Array, ...]) -> object:
    """Take None, or the first other alternative; no field here has two."""
    if value is None and types.NoneType in hints:
        return None
    return _made(next(hint for hint in hints if hint is not types.NoneType), value, arrays)


def _tuple(hints: tuple[object, ...], value: object, arrays: tuple[Array, ...]) -> object:
    if not isinstance(value, list):
        _refuse("a list", value)
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_made(hints[0], item, arrays) for item in value)
    if len(value) != len(hints):
        _refuse(f"{len(hints)} items", value)
    return tuple(_made(hint, item, arrays) for hint, item in zip(hints, value, strict=True))


def _array(hint: object, value: object, arrays: tuple[Array, ...]) -> Array:
    if type(value) is not int or not 0 <= value < len(arrays):
        _refuse("an array", value)
    (wanted,) = typing.get_args(typing.get_args(hint)[1])
    found = arrays[value]
    if not issubclass(found.dtype.type, wanted):
        _refuse(f"an array of {wanted.__name__}", found.dtype)
    return found


def _scalar(hint: object, origin: object, value: object) -> object:
    if hint is float and type(value) is int:
        return float(value)
    listed = typing.get_args(hint) if origin is Literal else (value,)
    if value not in listed or (origin is not Literal and type(value) is not (origin or hint)):
        _refuse(str(hint), value)
    return value


def _refuse(expected: str, got: object) -> NoReturn:
    raise FrameError(expected, repr(got)[:80], "Update napari-segloop on both computers.")


@cache
def _hints(kind: type) -> dict[str, object]:
    names = {field.name for field in dataclasses.fields(kind)}
    found = typing.get_type_hints(kind, localns=_names())
    return {name: hint for name, hint in found.items() if name in names}


@cache
def _names() -> dict[str, object]:
    """Return what the annotations mean; imported late, since some bring scikit-image."""
    from napari_segloop.core import firstmasks, ranking  # noqa: PLC0415

    rooms = (requests, comparing, events, images, normalize, prediction, regions, settings)
    known = {name: value for room in rooms for name, value in vars(room).items()}
    known["Drawn"] = holdout.Drawn
    found: Json = {"FirstMaskSettings": firstmasks.FirstMaskSettings}
    return known | found | {"RankSettings": ranking.RankSettings}
