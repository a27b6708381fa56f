"""The header of a model: it survives JSON, and an absurd one is refused in words."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from napari_segloop.core.errors import ModelError
from napari_segloop.core.example import Example
from napari_segloop.core.modelinfo import DESCRIPTION, MAX_VALUES, ModelInfo
from napari_segloop.core.normalize import Normalization

INFO = ModelInfo(
    task="classes",
    encoder="resnet34",
    depth=4,
    channels=2,
    values=(0, 3, 300),
    normalization=Normalization("between", (0.1, -5.0), (1 / 3, 1e-12)),
    temperature=1.7,
    axes="CYX",
    selected=(0, 2),
    score=0.9,
    steps=10,
    seed=2**63 - 1,
    teach_hashes=("ab", "cd"),
    test_hashes=("ef",),
    start="ab" * 32,
    versions=(("torch", "2.10"),),
    created="2026-01-01T00:00:00+00:00",
    author="Ada",
    pixel_size=(0.25, 0.5),
    example=Example.of(np.full((2, 3), 9, np.uint8), np.eye(2, 3, dtype=np.uint8)),
)


def text(**changes: object) -> str:
    return json.dumps(json.loads(INFO.to_json()) | changes)


def numbers(**changes: object) -> dict[str, object]:
    return {"rule": "file", "centre": [0.0, 0.0], "scale": [1.0, 1.0]} | changes


def example(**changes: object) -> dict[str, object]:
    return asdict(INFO.example) | changes


BROKEN = {
    "empty": "",
    "no-json": "{",
    "a-list": "[]",
    "nested-for-ever": "[" * 100_000,
    "no-format": "{}",
    "newer-format": text(format=2),
    "format-is-text": text(format="1"),
    "unknown-entry": text(colour="red"),
    "unknown-task": text(task="boxes"),
    "unknown-rule": text(normalization=numbers(rule="zscore")),
    "rule-missing": text(normalization=None),
    "encoder-is-a-number": text(encoder=5),
    "depth-out-of-range": text(depth=7),
    "depth-is-true": text(depth=True),
    "no-channels": text(channels=0),
    "channels-is-a-fraction": text(channels=1.5),
    "a-million-channels": text(channels=10**6),
    "one-value": text(values=[0]),
    "values-not-a-list": text(values=5),
    "values-without-background": text(values=[1, 2]),
    "values-unsorted": text(values=[0, 3, 2]),
    "values-twice": text(values=[0, 3, 3]),
    "negative-value": text(values=[0, -3]),
    "value-too-large": text(values=[0, 2**32]),
    "fractional-value": text(values=[0, 1.5]),
    "too-many-values": text(values=list(range(MAX_VALUES + 1))),
    "one-centre-for-two-channels": text(normalization=numbers(centre=[0.0])),
    "scale-0": text(normalization=numbers(scale=[1.0, 0.0])),
    "negative-scale": text(normalization=numbers(scale=[1.0, -1.0])),
    "scale-nan": text(normalization=numbers(scale=[1.0, float("nan")])),
    "centre-infinite": text(normalization=numbers(centre=[0.0, float("inf")])),
    "centre-beyond-floats": text(normalization=numbers(centre=[0.0, 10**400])),
    "centre-is-text": text(normalization=numbers(centre=["a", "b"])),
    "temperature-0": text(temperature=0.0),
    "temperature-nan": text(temperature=float("nan")),
    "temperature-beyond-floats": text(temperature=10**400),
    "temperature-is-text": text(temperature="warm"),
    "score-nan": text(score=float("nan")),
    "score-is-text": text(score="good"),
    "steps-is-text": text(steps="many"),
    "axes-is-a-number": text(axes=3),
    "selected-is-text": text(selected=["red"]),
    "hashes-are-numbers": text(teach_hashes=[1]),
    "versions-are-numbers": text(versions=[1]),
    "author-is-a-number": text(author=5),
    "author-without-end": text(author="a" * 201),
    "one-side-of-a-pixel": text(pixel_size=[1.0]),
    "pixel-of-no-size": text(pixel_size=[0.0, 1.0]),
    "endless-pixel": text(pixel_size=[float("inf"), 1.0]),
    "pixel-size-is-text": text(pixel_size=["1", "1"]),
    "pixel-size-is-true": text(pixel_size=[True, 1.0]),
    "unit-unknown": text(unit="furlong"),
    "example-is-a-list": text(example=[1]),
    "example-of-nothing": text(example=example(height=0)),
    "example-too-large": text(example=example(height=129)),
    "example-of-another-size": text(example=example(height=3)),
    "example-is-a-number": text(example=example(image=5)),
    "example-no-base64": text(example=example(image="????????")),
    "example-cut-in-the-middle": text(example=example(image="AAAA")),
    "example-not-filled": text(example=example(image="AAAAAA==")),
    "example-without-classes": text(example=example(classes=None)),
    "example-with-more": text(example=example(colour="red")),
}


def test_json_gives_an_equal_header() -> None:
    assert ModelInfo.from_json(INFO.to_json()) == INFO


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_header_is_refused_in_a_sentence(broken: str) -> None:
    with pytest.raises(ModelError) as error:
        ModelInfo.from_json(broken)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("entry", ["task", "encoder", "depth", "channels", "normalization"])
def test_what_a_network_needs_may_not_be_missing(entry: str) -> None:
    data = json.loads(INFO.to_json())
    del data[entry]
    with pytest.raises(ModelError):
        ModelInfo.from_json(json.dumps(data))


def test_a_newer_format_names_both_formats_and_the_remedy() -> None:
    with pytest.raises(ModelError, match=r"format 1.*format 2.*Update"):
        ModelInfo.from_json(BROKEN["newer-format"])


@pytest.mark.parametrize(
    "change",
    [
        {"created": "2026-01-02T00:00:00+00:00"},
        {"author": "Grace"},
        {"pixel_size": None},
        {"example": None},
        {"original": "cd" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_its_description_is_no_part_of_a_models_identity(change: dict[str, object]) -> None:
    told_otherwise = replace(INFO, **change)
    assert INFO.to_json() != told_otherwise.to_json()
    assert INFO.to_json(identity=True) == told_otherwise.to_json(identity=True)
    assert INFO.to_json(identity=True) != replace(INFO, steps=11).to_json(identity=True)


def test_a_file_from_before_there_were_descriptions_is_read_and_keeps_its_identity() -> None:
    data = json.loads(INFO.to_json())
    for entry in set(DESCRIPTION) - {"created"}:
        del data[entry]
    old = ModelInfo.from_json(json.dumps(data))
    assert (old.author, old.pixel_size, old.example) == ("", None, None)
    del data["created"]
    assert old.to_json(identity=True) == json.dumps(data, sort_keys=True)


def test_an_example_is_small_even_at_its_largest() -> None:
    plane = np.arange(128 * 128, dtype=np.uint8).reshape(128, 128)
    largest = replace(INFO, example=Example.of(plane, plane))
    assert len(largest.to_json()) < 64 * 1024
    found = ModelInfo.from_json(largest.to_json()).example
    assert found is not None
    np.testing.assert_array_equal(found.planes(), (plane, plane))


@pytest.mark.parametrize(
    ("task", "values", "outputs"),
    [
        pytest.param("classes", (0, 255), 2, id="two-classes"),
        pytest.param("classes", (0, 3, 300), 3, id="three-classes"),
        pytest.param("objects", (0, 1), 3, id="objects"),
    ],
)
def test_outputs(task: str, values: tuple[int, ...], outputs: int) -> None:
    assert replace(INFO, task=task, values=values).outputs == outputs
