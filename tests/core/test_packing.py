"""Planes that are packed come back equal; damaged ones are refused."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.errors import InputError


def worked_on(dtype: str = "uint16") -> PlaneTruth:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 200, (30, 20)).astype(dtype)
    plane = PlaneTruth(labels, rng.integers(0, 4, labels.shape), epoch=3)
    labels[4:9] += 1
    plane.observe(labels, plane.checked, np.s_[:, :], epoch=4, declared=None)
    return plane


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_everything_comes_back(dtype: str) -> None:
    plane = worked_on(dtype)
    again = PlaneTruth.unpack(plane.pack())
    for name in ("labels", "prediction", "checked", "kind", "epoch"):
        one, other = getattr(plane, name), getattr(again, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
        assert other.flags.writeable


def test_an_untouched_plane_is_little_more_than_its_labels() -> None:
    labels = np.zeros((1024, 1024), np.uint16)
    labels[100:200, 300:500] = 7
    packed = PlaneTruth(labels).pack()
    assert packed.nbytes == len(packed.labels) < labels.nbytes / 100


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"shape": (30, 21)}, id="shape"),
        pytest.param({"shape": (-30, 20)}, id="negative shape"),
        pytest.param({"dtype": "object"}, id="dtype"),
        pytest.param({"labels": b"no stream"}, id="no stream"),
        pytest.param({"labels": zlib.compress(bytes(10**7))}, id="bomb"),
        pytest.param({"checked": zlib.compress(bytes(599))}, id="short"),
        pytest.param({"checked": zlib.compress(bytes([9]) * 600)}, id="unknown state"),
        pytest.param({"kind": zlib.compress(bytes([4]) * 600)}, id="unknown kind"),
        pytest.param({"kind": zlib.compress(bytes(600))[:-4]}, id="cut off"),
    ],
)
def test_damage_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="packed"):
        PlaneTruth.unpack(replace(worked_on().pack(), **wrong))
