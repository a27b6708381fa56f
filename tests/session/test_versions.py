"""Versions of the model as files."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core.errormodel import ErrorModel, TrustBin
from napari_segloop.core.errors import InputError
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.engine.requests import ModelBlob
from napari_segloop.session.state import Version
from napari_segloop.session.training import in_words
from napari_segloop.session.versions import Facts, Versions
from napari_segloop.store.records import VersionRecord

if TYPE_CHECKING:
    from pathlib import Path

FACTS = Facts("classes", 1, (0, 1))


def version(*, accepted: bool = True) -> Version:
    return Version(0, "id", None, 0.9, 0.8, accepted, "")


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    found = Versions(tmp_path / "not" / "there" / "yet")
    found.add(ModelBlob("first", b"one"), FACTS, version())
    return found


def test_nothing_is_written_before_there_is_a_version(tmp_path: Path) -> None:
    empty = Versions(tmp_path / "models")
    assert empty.blob() is None
    assert not (tmp_path / "models").exists()


def test_a_better_version_takes_over(versions: Versions) -> None:
    second = versions.add(ModelBlob("second", b"two"), FACTS, version())
    blob = versions.blob()
    assert (second.number, versions.current) == (2, 2)
    assert blob is not None
    assert blob.data == b"two"
    assert versions.path(1).read_bytes() == b"one"


def test_one_that_lost_is_kept_beside(versions: Versions) -> None:
    versions.add(ModelBlob("second", b"two"), FACTS, version(accepted=False))
    blob = versions.blob()
    assert versions.current == 1
    assert blob is not None
    assert blob.data == b"one"
    assert versions.path(2).read_bytes() == b"two"


def test_any_version_can_be_used_again(versions: Versions) -> None:
    versions.add(ModelBlob("second", b"two"), FACTS, version())
    versions.use(1, versions.fetch(1))
    blob = versions.blob()
    assert blob is not None
    assert (blob.data, versions.current) == (b"one", 1)


@pytest.mark.parametrize("is_gone", [True, False], ids=["file gone", "no such version"])
def test_a_version_that_cannot_be_used_changes_nothing(versions: Versions, is_gone: bool) -> None:
    versions.add(ModelBlob("second", b"two"), FACTS, version())
    versions.path(1).unlink()
    with pytest.raises(InputError):
        versions.use(1, versions.fetch(1 if is_gone else 9))
    assert versions.current == 2


def test_a_version_is_exported_exactly(versions: Versions, tmp_path: Path) -> None:
    versions.export(1, tmp_path / "mine.segloop")
    assert (tmp_path / "mine.segloop").read_bytes() == b"one"


def test_a_version_can_be_used_before_it_is_written(tmp_path: Path) -> None:
    later = []
    versions = Versions(tmp_path / "models", later.append)
    versions.add(ModelBlob("first", b"one"), FACTS, version(accepted=False))
    versions.use(1, versions.fetch(1))
    blob = versions.blob()
    assert blob is not None
    assert blob.data == b"one"
    assert not versions.path(1).exists()
    versions.finish()
    assert versions.path(1).read_bytes() == b"one"
    versions.path(1).unlink()
    later[0]()  # too late: it is written already
    assert not versions.path(1).exists()


def test_older_versions_speak_in_the_classes_of_today(versions: Versions) -> None:
    facts = Facts("classes", 1, (0, 1, 2, 5))
    versions.add(ModelBlob("second", b"two"), facts, version())
    versions.renumber({5: 2})
    versions.renumber({1: 0})
    versions.add(ModelBlob("third", b"three"), Facts("classes", 1, (0, 1, 2)), version())
    versions.renumber({2: 7})
    labels = np.array([[0, 1, 2, 5]], np.uint8)
    np.testing.assert_array_equal(versions.translate(2, labels), [[0, 0, 7, 7]])
    np.testing.assert_array_equal(versions.translate(3, labels[:, :3]), [[0, 1, 7]])


def test_a_version_taught_while_classes_were_merged_speaks_in_those_of_today(
    versions: Versions,
) -> None:
    versions.renumber({2: 1})
    since = versions.renumberings
    versions.renumber({5: 1})
    versions.renumber({1: 3})
    blob, facts = ModelBlob("second", b"two"), Facts("classes", 1, (0, 1, 2, 5))
    versions.add(blob, facts, version(), since=since)
    labels = np.array([[0, 1, 2, 5]], np.uint8)
    np.testing.assert_array_equal(versions.translate(2, labels), [[0, 3, 2, 3]])


def test_nothing_is_translated_before_a_class_changed(versions: Versions) -> None:
    labels = np.array([[0, 1]], np.uint8)
    assert versions.translate(1, labels) is labels


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        pytest.param(
            {"verdict": "not worse", "judged": 9, "low": -0.004, "high": 0.031},
            "; before it was 80 % (-0.4 to +3.1 points on 9 test regions).",
            id="not worse",
        ),
        pytest.param(
            {"verdict": "may be worse", "judged": 5, "low": -0.1, "high": 0, "accepted": False},
            "may be worse than 80 % before (-10.0 to +0.0 points on 5 test regions): version 1",
            id="may be worse",
        ),
        pytest.param(
            {"verdict": "too few to tell", "judged": 2},
            "too few test regions to tell: 2. The new one is in use; the choice is yours.",
            id="too few",
        ),
        pytest.param({"score": None}, "There were no test regions", id="no test regions"),
        pytest.param({"score": None, "accepted": False}, "version 1 stays in use", id="no numbers"),
    ],
)
def test_a_verdict_is_said_with_its_numbers(facts: dict[str, Any], words: str) -> None:
    made = replace(version(), number=2, parent=1, **facts)
    assert words in in_words(made, stopped=False)


def model_file(errors: ErrorModel | None) -> bytes:
    """The beginning of a model file: all that says what it is."""
    info = ModelInfo(
        "classes",
        "resnet18",
        3,
        1,
        (0, 1),
        Normalization("training", (0.0,), (1.0,)),
        errors=errors,
    )
    header = json.dumps({"__metadata__": {"segloop": info.to_json()}}).encode()
    return struct.pack("<Q", len(header)) + header


TRUSTED = ErrorModel(regions=6, trust=(TrustBin(0.01, 0.02, 0.9), TrustBin(0.2, 0.25, 0.1)))


def test_how_far_its_percentages_can_be_trusted_is_kept_with_it(tmp_path: Path) -> None:
    versions, known = Versions(tmp_path / "made"), replace(version(), model="a" * 64)
    made = versions.add(ModelBlob("a" * 64, model_file(TRUSTED)), FACTS, known)
    assert made.trust == ((0.01, 0.02, 0.9), (0.2, 0.25, 0.1))
    assert made.trust_regions == 6
    silent = versions.add(ModelBlob("a" * 64, model_file(None)), FACTS, known)
    assert (silent.trust, silent.trust_regions) == ((), None)
    written = [record.to_bytes() for record in versions.records()]
    opened = Versions(tmp_path / "opened")
    opened.load([VersionRecord.from_bytes(record) for record in written], None, lambda _: b"")
    assert opened.states == (made, silent)


def test_a_project_from_before_learns_it_from_the_model_in_use(tmp_path: Path) -> None:
    opened = Versions(tmp_path)
    opened.load([VersionRecord(1, "a" * 64)], 1, lambda _: b"")
    assert opened.states[0].trust_regions is None
    opened.use(1, ModelBlob("a" * 64, model_file(TRUSTED)))
    assert opened.states[0].trust_regions == 6
    assert len(opened.states[0].trust) == 2


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_model_with_shares_that_are_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="shares"):
        ErrorModel(regions=2, trust=(TrustBin(0.1, share, 1.0),))
    rounded = ErrorModel(regions=2, trust=(TrustBin(0.1, 0.1, 1 + 2e-16),)).facts()
    assert rounded == {"trust": ((0.1, 0.1, 1.0),), "trust_regions": 2}
