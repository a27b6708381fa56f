"""Every request, answer and event comes back as it was; what does not fit is refused."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core import errors
from napari_segloop.core.errors import InputError, SegLoopError
from napari_segloop.core.events import (
    Notice,
    PlaneDone,
    StepDone,
    Suspicion,
    Suspicious,
    TileDone,
    TrainingPlanned,
    Validated,
)
from napari_segloop.core.firstmasks import FirstMaskSettings
from napari_segloop.core.normalize import Statistics
from napari_segloop.core.ranking import RankSettings
from napari_segloop.core.regions import Region
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.engine import failures, requests, wire
from napari_segloop.engine.frames import FrameError, Packet, pack_head
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.engine.shelf import KEPT, Shelf

if TYPE_CHECKING:
    from napari_segloop.core.images import Array

LABELS = np.arange(12, dtype=np.uint16).reshape(3, 4)
IMAGE = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
BYTES = LABELS.astype(np.uint8)
BLOB = ModelBlob("0" * 64, bytes(range(256)))
STATISTICS = Statistics((1.0,), (2.0,), (0.0,), (9.0,))
TRAIN = TrainSettings(steps=3, channels=(0, 2), axes="CYX")
VALUES: list[Any] = [
    requests.FirstMaskRequest(IMAGE[0]),
    requests.FirstMaskRequest(IMAGE[0], FirstMaskSettings("local", "dark", largest=99)),
    requests.FirstMaskAnswer(LABELS, FirstMaskSettings()),
    requests.RankRequest(
        (requests.RankItem(3, (1, 2), LABELS), requests.RankItem(4, (), LABELS, BYTES, BYTES)),
        RankSettings(top=5),
        7,
    ),
    requests.RankAnswer(((3, Region(1, 2, 3, 4, 5.0, 6.0, "gap", (1, 2))),)),
    requests.ProofreadRequest(
        (
            requests.ProofreadItem(IMAGE, LABELS),
            requests.ProofreadItem(IMAGE, LABELS, BYTES, STATISTICS),
        ),
        objects=True,
        seed=3,
    ),
    requests.ProofreadAnswer((BYTES, BYTES)),
    requests.TrainRequest(
        (
            requests.TrainItem("a", IMAGE, LABELS),
            requests.TrainItem("b", IMAGE, LABELS, LABELS > 3, STATISTICS),
        ),
        TRAIN,
        BLOB,
    ),
    requests.TrainAnswer(
        BLOB, None, accepted=True, score=0.5, start_score=None, steps=3, seconds=1.5,
        stopped=False, dice=(0.5, None), values=(0, 1, 2), device="cpu, float32",
    ),
    requests.PredictRequest(
        BLOB, IMAGE, PredictSettings(), STATISTICS, (0, 1, 2, 3), view_only=True
    ),
    requests.PredictAnswer(stopped=True, tiles=3, seconds=0.25),
    Notice("a"),
    TrainingPlanned(9, 4, 2),
    StepDone(1, 9, 0.5, 2.0),
    StepDone(2, 9, 0.5, 2.0, 4.5),
    Validated(3, 0.5, best=True),
    Suspicious((Suspicion(0, "a", (1, 2), 3, 4, 5, 6, "swapped", "why", 32 * "0"),)),
    TileDone(1, 4),
    PlaneDone(2, 3),
]  # fmt: skip


def equal(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and bool(np.array_equal(one, other))
    if is_dataclass(one):
        names = [field.name for field in fields(one)]
        same = type(one) is type(other)
        return same and all(equal(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_it_comes_back_as_it_was(value: object) -> None:
    packed = wire.pack(value)
    pack_head(packed.head)
    assert equal(wire.unpack(type(value), packed), value)


def test_every_kind_is_tried_above() -> None:
    tried = {type(value) for value in VALUES}
    assert tried == {*wire.REQUESTS.values(), *wire.ANSWERS.values(), *wire.EVENTS.values()}


def changed(value: object, arrays: tuple[Array, ...] | None = None, **changes: object) -> Packet:
    packed = wire.pack(value)
    content = packed.head["value"]
    assert isinstance(content, dict)
    return Packet({"value": content | changes}, packed.arrays if arrays is None else arrays)


WRONG = {
    "missing-array": (requests.FirstMaskRequest, changed(VALUES[0], arrays=())),
    "unknown-field": (TileDone, changed(TileDone(1, 4), extra=1)),
    "number-for-text": (Notice, changed(Notice("a"), text=1)),
    "text-for-array": (requests.FirstMaskRequest, changed(VALUES[0], image="x")),
    "fraction-for-whole": (TileDone, changed(TileDone(1, 4), tile=1.5)),
    "flag-for-number": (StepDone, changed(StepDone(1, 9, 0.5, 2.0), loss=True)),
    "short-tuple": (requests.PredictRequest, changed(VALUES[7], view=[1, 2])),
    "floats-for-labels": (
        requests.FirstMaskAnswer,
        changed(VALUES[2], arrays=(LABELS.astype(float),)),
    ),
    "nothing": (TileDone, Packet({})),
}


@pytest.mark.parametrize(("kind", "packet"), WRONG.values(), ids=WRONG.keys())
def test_what_does_not_fit_is_refused(kind: type, packet: Packet) -> None:
    with pytest.raises(FrameError):
        wire.unpack(kind, packet)


def test_settings_check_themselves_again() -> None:
    packed = wire.pack(TRAIN)
    content = packed.head["value"]
    assert isinstance(content, dict)
    with pytest.raises(InputError):
        wire.unpack(TrainSettings, Packet({"value": content | {"depth": 99}}))


ERRORS = [
    SegLoopError("a", "b", "C."),
    errors.TruthError("a", "b", "C.", "file"),
    errors.ResourceError("a", "b", "C."),
    failures.JobFault("a", "b", "C."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_keep_kind_and_words(error: SegLoopError) -> None:
    back = failures.from_json(failures.to_json(error))
    assert type(back) is type(error)
    assert str(back) == str(error)


def test_a_model_is_sent_once_and_both_sides_forget_the_same_one() -> None:
    here, there = Shelf(), Shelf()
    blobs = [ModelBlob(str(number), bytes([number])) for number in range(KEPT + 1)]
    full = []
    for number in (0, 0, 1, 0, 2, 1, 0):
        request = requests.PredictRequest(blobs[number], IMAGE, PredictSettings())
        light = here.lighten(request)
        full.append(bool(light.model.data))
        assert there.restore(light).model.data == blobs[number].data
    assert full == [True, False, True, False, True, True, True]
