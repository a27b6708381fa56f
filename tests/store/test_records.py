"""Records: what was written is read, and what was not written by us is refused."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_segloop.store.checks import MANY
from napari_segloop.store.errors import StoreError
from napari_segloop.store.record import LARGEST_RECORD, parse
from napari_segloop.store.records import (
    Identity,
    ImageRecord,
    ImageShape,
    OfferedRegion,
    ProjectRecord,
    VersionRecord,
)
from tests.store.painting import image, project

SHAPE = ImageShape((3, 5), 100, 200, 2, "float32")
REGION = OfferedRegion(
    1, 2, 3, 4, (0, 2), 0.5, 12.0, "thin border", "audit", 0.25, "ab", "", "open", 3
)
FULL = ImageRecord(
    4,
    Identity("/a/b.tif", "b", SHAPE, "TZCYX", (0.1, 0.2), 12, 1.5, "a" * 64, None, "0" * 64),
    "checked",
    excluded=True,
    predicted={"0;3": 2, "": 1},
    offered=(REGION,),
    planes=((0, 3),),
)
VERSION = VersionRecord(
    2, "c" * 64, 1, "0123ABC", {"steps": 9, "deep": [1, {"a": None}]}, 7, dice={"1": 0.5},
    pixel_size=(0.1, 0.1), trust=((0.1, 0.2, 1.0),), trust_regions=6,
)  # fmt: skip
ALL = (SHAPE, REGION, FULL, VERSION, project(versions=(VERSION,), current=2, queue={"at": 1}))
numbers = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("record", ALL, ids=lambda record: type(record).__name__)
def test_what_was_written_is_read(record: ImageRecord) -> None:
    assert type(record).from_bytes(record.to_bytes()) == record


@given(
    score=numbers,
    error=st.floats(0, 1e9),
    reason=st.text(max_size=1000),
    index=st.lists(st.integers(0, 10_000_000), max_size=6),
    probability=st.none() | st.floats(0, 1),
)
def test_every_region_survives(
    score: float, error: float, reason: str, index: list[int], probability: float | None
) -> None:
    try:
        reason.encode()
    except UnicodeEncodeError:
        return
    made = OfferedRegion(0, 0, 1, 1, tuple(index), score, error, reason, probability=probability)
    assert OfferedRegion.from_bytes(made.to_bytes()) == made


def test_unknown_keys_stay_out_and_older_records_have_defaults() -> None:
    data = image().to_dict() | {"colour": "blue"}
    del data["offered"]
    assert ImageRecord.from_dict(data) == image()


@pytest.mark.parametrize("name", ["number", "identity"])
def test_what_no_version_left_out_is_missed(name: str) -> None:
    data = image().to_dict()
    del data[name]
    with pytest.raises(StoreError, match=name):
        ImageRecord.from_dict(data)


ABSURD = (None, -1, 10**12, 10**400, 1.5, True, "", "x" * 40_000, [], [[]], {}, float("nan"))


@pytest.mark.parametrize("record", ALL, ids=lambda record: type(record).__name__)
def test_an_absurd_value_is_refused_or_kept_as_it_is(record: ImageRecord) -> None:
    for field in fields(record):
        for value in ABSURD:
            try:
                made = replace(record, **{field.name: value})
            except StoreError as error:
                assert len(str(error)) < 1000  # noqa: PT017
                continue
            assert type(record).from_bytes(made.to_bytes()) == made


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 10**12},
        {"columns": 0},
        {"channels": 10**6},
        {"leading": [1] * 7},
        {"leading": [10**12]},
        {"dtype": "object"},
        {"dtype": "M8[s]"},
        {"dtype": "complex64"},
        {"dtype": "u1,u1"},
        {"dtype": "nonsense"},
    ],
    ids=str,
)
def test_a_shape_that_no_image_has_is_refused(change: dict) -> None:
    with pytest.raises(StoreError):
        ImageShape.from_dict(asdict(SHAPE) | change)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[1]", id="list"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": ' * 100_000, id="deep"),
        pytest.param(b" " * (LARGEST_RECORD + 1), id="large"),
        pytest.param(b'{"a": ' + b"9" * 10_000 + b"}", id="long number"),
    ],
)
def test_what_is_no_document_is_said(data: bytes) -> None:
    with pytest.raises(StoreError):
        parse(data, "a document")


def test_settings_nested_too_deep_are_refused() -> None:
    deep: object = 1
    for _ in range(20):
        deep = {"a": deep}
    with pytest.raises(StoreError, match="nested"):
        replace(VERSION, settings=deep)


def test_a_list_is_bounded() -> None:
    with pytest.raises(StoreError, match=str(MANY)):
        replace(project(), images=[1] * (MANY + 1))


def test_a_class_table_is_one_that_the_core_reads() -> None:
    with pytest.raises(StoreError, match="classes"):
        ProjectRecord("classes", {"classes": [{"value": 0}], "epoch": 0})


def test_equal_records_have_equal_bytes() -> None:
    turned = dict(reversed(FULL.to_dict().items()))
    assert ImageRecord.from_dict(turned).to_bytes() == FULL.to_bytes()
    assert json.loads(FULL.to_bytes())["number"] == 4
