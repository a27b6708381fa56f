"""A Plan survives JSON, and what is no plan is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.core.normalize import Normalization
from napari_segloop.core.plan import Plan

PLAN = Plan(
    model="ab" * 32,
    normalization=Normalization("between", (0.1, 1 / 3), (1e-12, 7.0)),
    shape=(33, 31),
    tile=(64, 32),
    halo=32,
    batch=1,
    precision="bfloat16",
    layout="channels_last",
    device="cpu",
    threads=2,
    torch="2.10.0",
)


def text(**changes: object) -> str:
    return json.dumps(json.loads(PLAN.to_json()) | changes)


def test_json_gives_an_equal_plan_and_equal_json() -> None:
    again = Plan.from_json(PLAN.to_json())
    assert again == PLAN
    assert hash(again) == hash(PLAN)
    assert again.to_json() == PLAN.to_json()


def test_the_order_of_keys_does_not_matter() -> None:
    data = json.loads(PLAN.to_json())
    assert Plan.from_json(json.dumps(dict(reversed(data.items())))) == PLAN


def test_json_is_sorted() -> None:
    data = json.loads(PLAN.to_json())
    assert list(data) == sorted(data)


@pytest.mark.parametrize("change", [{"threads": 1}, {"tile": (32, 32)}, {"folded": False}], ids=str)
def test_each_entry_counts(change: dict[str, object]) -> None:
    other = replace(PLAN, **change)
    assert other != PLAN
    assert Plan.from_json(other.to_json()) == other


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("", id="empty"),
        pytest.param("{", id="no-json"),
        pytest.param("[]", id="a-list"),
        pytest.param("7", id="a-number"),
        pytest.param("{}", id="nothing-in-it"),
        pytest.param(text(normalization="file"), id="normalisation-is-text"),
        pytest.param(text(normalization={"rule": "file"}), id="no-numbers"),
        pytest.param(text(shape=5), id="shape-is-a-number"),
        pytest.param(text(colour="red"), id="unknown-entry"),
        pytest.param(text(format=2), id="newer-format"),
        pytest.param("[" * 100_000, id="nested-for-ever"),
    ],
)
def test_what_is_no_plan_is_refused(broken: str) -> None:
    with pytest.raises(InputError):
        Plan.from_json(broken)


OPTIONAL = {"folded", "format", "quality"}


@pytest.mark.parametrize("entry", sorted(set(json.loads(PLAN.to_json())) - OPTIONAL))
def test_no_entry_may_be_missing(entry: str) -> None:
    data = json.loads(PLAN.to_json())
    del data[entry]
    with pytest.raises(InputError):
        Plan.from_json(json.dumps(data))
