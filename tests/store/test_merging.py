"""Two people's projects: what only one said comes in, what both said becomes a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.errors import InputError
from napari_segloop.store.annotations import CHUNK, PlaneChunk, Save
from napari_segloop.store.matching import Ids
from napari_segloop.store.merging import merge
from napari_segloop.store.project import Project
from napari_segloop.store.records import Identity, ImageRecord, ImageShape, ProjectRecord
from napari_segloop.store.translating import translate

if TYPE_CHECKING:
    from pathlib import Path

ROWS, COLUMNS = 300, 600
SHAPE = ImageShape((2,), ROWS, COLUMNS, 1, "uint8")
AREA = ClassTable.first("classes")


def identity(name: str, **sums: str) -> Identity:
    return Identity("", name, SHAPE, "ZYX", **sums)


def made(  # noqa: PLR0913
    folder: Path,
    labels: np.ndarray,
    checked: np.ndarray,
    *,
    classes: ClassTable = AREA,
    task: str = "classes",
    kind: int = 2,
    epoch: int = 0,
    image: Identity | None = None,
) -> Project:
    """Return a project with one image, of which plane 1 is as given."""
    project = Project.create(folder)
    record = ImageRecord(1, image or identity("a"), "predicted", planes=((1,),))
    states = (checked == 1).astype(np.uint8)
    chunks = tuple(
        PlaneChunk(
            1,
            (1,),
            y,
            x,
            labels=labels[box],
            prediction=labels[box] * 0,
            checked=checked[box],
            kind=kind * states[box],
            epoch=epoch * states[box],
            content=np.full((1, *labels[box].shape), 7, np.uint8) if checked[box].any() else None,
        )
        for y in range(0, ROWS, CHUNK)
        for x in range(0, COLUMNS, CHUNK)
        for box in [(slice(y, y + CHUNK), slice(x, x + CHUNK))]
    )
    save = Save(ProjectRecord(task, classes.to_dict(), (1,), 2), (record,), chunks)
    project.annotations.save(save, "", "manual")
    return project


def empty() -> np.ndarray:
    return np.zeros((ROWS, COLUMNS), np.uint8)


def plane_of(project: Project, image: int = 1) -> dict[str, np.ndarray]:
    return project.annotations.plane(image, (1,))


def test_what_both_checked_is_a_figure_and_stays_as_it_was(tmp_path: Path) -> None:
    mine, theirs, checked = empty(), empty(), empty()
    checked[:100, :400] = 1
    mine[20:60, 240:280] = 1
    theirs[20:60, 250:290] = 1
    differs = (mine != theirs) & (checked == 1)
    own, other = made(tmp_path / "a", mine, checked), made(tmp_path / "b", theirs, checked)
    before = plane_of(own)
    merged = merge(own, other)
    assert merged.agreement == pytest.approx(1 - differs.sum() / checked.sum())
    assert sum(each.pixels for each in merged.disagreements) == differs.sum()
    marked = empty().astype(bool)
    for place in merged.disagreements:
        marked[place.y : place.y + place.height, place.x : place.x + place.width] = True
    assert not (differs & ~marked).any()
    assert marked.sum() < 6 * differs.sum() + 10_000
    for name, array in plane_of(own).items():
        assert np.array_equal(array, before[name]), name


def test_what_only_the_other_said_comes_in(tmp_path: Path) -> None:
    mine, theirs, here, there = empty(), empty(), empty(), empty()
    here[:50], there[40:90, 300:] = 1, 1
    there[100:110], there[120:130] = 2, 3
    mine[10:20, 10:20], theirs[60:80, 310:330] = 1, 1
    own, other = made(tmp_path / "a", mine, here), made(tmp_path / "b", theirs, there)
    merged = merge(own, other)
    found = plane_of(own)
    assert np.array_equal(found["checked"], np.where(here > 0, here, there))
    assert np.array_equal(found["labels"], np.where(here > 0, mine, theirs * (there == 1)))
    assert merged.images[0].taken == np.count_nonzero((here == 0) & (there > 0))
    assert merged.agreement == 1
    assert own.annotations.image(1).status == "checked"
    known = own.annotations.content(1, (1,), slice(0, ROWS), slice(0, COLUMNS))[1]
    assert known[there > 0].all()


def test_merging_again_changes_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    layers = [rng.integers(0, 2, (ROWS, COLUMNS)).astype(np.uint8) for _ in range(4)]
    own, other = made(tmp_path / "a", *layers[:2]), made(tmp_path / "b", *layers[2:])
    first = merge(own, other)
    before = plane_of(own)
    again = merge(own, other)
    assert all(np.array_equal(array, before[name]) for name, array in plane_of(own).items())
    assert again.images[0].taken == 0
    assert len(again.disagreements) == len(first.disagreements)
    assert own.annotations.project().images == (1,)


def test_the_places_are_offered_and_the_state_before_is_kept(tmp_path: Path) -> None:
    mine, checked = empty(), empty()
    checked[:100] = 1
    mine[10:30, 10:30] = 1
    own, other = made(tmp_path / "a", mine, checked), made(tmp_path / "b", empty(), checked)
    before = own.annotations.history()[0].id
    (place,) = merge(own, other).disagreements
    (offered,) = own.annotations.image(1).offered
    assert (offered.y, offered.x, offered.height) == (place.y, place.x, place.height)
    assert (offered.state, offered.reason) == ("open", "you and b disagree on 400 px")
    kept = next(each for each in own.annotations.history() if each.id == before)
    assert kept.is_kept
    assert "merged" in kept.message


def test_an_image_that_only_the_other_has_comes_in(tmp_path: Path) -> None:
    labels, checked = empty(), empty()
    labels[:9], checked[:20] = 1, 1
    own = made(tmp_path / "a", empty(), empty())
    other = made(tmp_path / "b", labels, checked, image=identity("b"))
    (image,) = merge(own, other).images
    assert image.is_new
    assert own.annotations.project().images == (1, 2)
    found = plane_of(own, 2)
    assert np.array_equal(found["labels"], labels)
    assert np.array_equal(found["checked"], checked)
    assert own.annotations.image(2).identity.name == "b"


def test_images_are_the_same_by_content_whatever_their_names(tmp_path: Path) -> None:
    sums = {"header_sha": "1" * 64, "sample_sha": "2" * 64}
    checked = empty()
    checked[:9] = 1
    own = made(tmp_path / "a", empty(), checked, image=identity("a", **sums))
    other = made(tmp_path / "b", empty(), checked, image=identity("renamed", **sums))
    assert merge(own, other).images[0].both == checked.sum()
    third = made(
        tmp_path / "c",
        empty(),
        checked,
        image=identity("a", header_sha="3" * 64, sample_sha="2" * 64),
    )
    assert merge(own, third).images[0].is_new


def test_classes_are_matched_by_name(tmp_path: Path) -> None:
    mine, theirs, here, there = empty(), empty(), empty(), empty()
    here[:50], there[:100] = 1, 1
    mine[:10], theirs[:10], theirs[60:70] = 1, 5, 3
    table = ClassTable.first("classes").rename(1, "other").add("rim", value=3).add("Area", value=5)
    own = made(tmp_path / "a", mine, here)
    other = made(tmp_path / "b", theirs, there, classes=table, epoch=2)
    merged = merge(own, other)
    classes = ClassTable.from_dict(own.annotations.project().classes)
    assert [(each.value, each.name) for each in classes.classes] == [
        (1, "area"),
        (2, "other"),
        (3, "rim"),
    ]
    assert merged.agreement == 1
    found = plane_of(own)
    assert set(np.unique(found["labels"][60:70])) == {3}
    assert (found["checked"][:10] == 1).all()  # what was painted stays truth
    assert (found["checked"][10:50] == 0).all()  # background was not checked for the new ones
    assert (found["kind"][10:50] == 2).all()
    assert (found["checked"][70:100] == 1).all()  # the other one knew all three


def test_background_checked_without_a_class_is_no_truth_for_it(tmp_path: Path) -> None:
    table = AREA.add("rim")
    checked = empty()
    checked[:50] = 1
    own = made(tmp_path / "a", empty(), empty(), classes=table)
    other = made(tmp_path / "b", empty(), checked)
    merge(own, other)
    found = plane_of(own)
    assert (found["checked"] == 0).all()
    assert (found["kind"][:50] == 2).all()
    assert (found["epoch"][:50] == 0).all()


def test_a_translation_says_for_what_background_was_checked() -> None:
    own = AREA.add("rim").add("hole")
    theirs = AREA.add("hole").add("rim")
    epochs = translate(own, theirs).epochs
    assert epochs[:3].tolist() == [0, 0, 2]
    assert translate(own, ClassTable.first("classes").rename(1, "dust")).epochs[0] == -1


def test_objects_are_matched_by_overlap(tmp_path: Path) -> None:
    mine, theirs, here, there = empty(), empty(), empty(), empty()
    here[:, :320], there[:, 200:] = 1, 1
    mine[50:100, 220:320], theirs[52:100, 220:400] = 4, 9
    theirs[150:180, 400:430], mine[200:230, 10:40] = 4, 5
    own = made(tmp_path / "a", mine, here, task="objects")
    other = made(tmp_path / "b", theirs, there, task="objects")
    merged = merge(own, other)
    found = plane_of(own)["labels"]
    assert (found[52:100, 320:400] == 4).all()  # one object, also where only the other one drew it
    assert found[160, 410] not in (0, 4, 5)
    assert (found[200:230, 10:40] == 5).all()
    both = 300 * 120
    assert merged.agreement == pytest.approx(1 - 2 * 100 / both)


def test_areas_and_objects_do_not_go_together(tmp_path: Path) -> None:
    own = made(tmp_path / "a", empty(), empty())
    other = made(tmp_path / "b", empty(), empty(), task="objects")
    with pytest.raises(InputError, match="one kind"):
        merge(own, other)


def test_new_ids_never_meet_old_ones() -> None:
    rng = np.random.default_rng(0)
    own, theirs = (rng.integers(0, 40, (50, 50)) for _ in range(2))
    ids = Ids()
    ids.count(own, theirs, rng.integers(0, 2, (50, 50)).astype(bool))
    read = ids.settled().read(theirs)
    assert len(np.unique(read)) == len(np.unique(theirs))
    assert (read == 0).sum() == (theirs == 0).sum()
