"""Classes that change, labels from elsewhere, and what both do to the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from tests.session.conftest import SIZE, WHOLE, discs

if TYPE_CHECKING:
    from tests.session.conftest import Loop

DISCS = (discs(0) > 0).astype(np.uint8)


@pytest.fixture
def checked(loop: Loop) -> Loop:
    """The first of two images is all checked."""
    loop.add()
    loop.check_truth(1)
    return loop


def truth(loop: Loop) -> np.ndarray:
    return loop.session.plane(1, ()).truth(loop.session.table, objects=False)


def test_a_new_class_makes_earlier_background_open_until_it_is_looked_at(checked: Loop) -> None:
    session = checked.session
    assert truth(checked).all()
    session.add_class("bubble")
    assert "does not count as 'not bubble'" in session.state.told.text
    np.testing.assert_array_equal(truth(checked), DISCS > 0)
    np.testing.assert_array_equal(session.plane(1, ()).checked, DISCS)
    assert session.state.images[0].checked_pixels == DISCS.sum()
    window = (slice(0, 30), slice(0, 30))
    checked.brush(1, window)
    assert truth(checked)[window].all()
    assert not truth(checked).all()
    checked.writes.clear()
    session.delete_class(2)
    assert truth(checked).all()
    write = checked.writes[-1]
    assert (write.checked == 1).all()
    assert np.array_equal(session.plane(1, ()).checked[write.window], write.checked)


def test_background_of_an_image_that_is_closed_is_set_aside_too(checked: Loop) -> None:
    session = checked.session
    session.desk.truths.rest(1)
    session.add_class("bubble")
    np.testing.assert_array_equal(truth(checked), DISCS > 0)
    session.desk.truths.rest(1)
    session.delete_class(2)
    assert truth(checked).all()


def test_only_the_new_class_is_predicted_into_earlier_background(checked: Loop) -> None:
    session = checked.session
    session.add_class("bubble")
    new = np.ones_like(DISCS)
    new[:20] = 2
    session.desk.put_labels((1, ()), WHOLE, new, whole=True)
    np.testing.assert_array_equal(
        session.plane(1, ()).labels, np.where(DISCS | (new == 1), DISCS, 2)
    )


def test_merging_and_deleting_classes_changes_all_images(checked: Loop) -> None:
    session = checked.session
    for name in ("bubble", "dust"):
        session.add_class(name)
    bubble, dust = (slice(0, 20), slice(0, 20)), (slice(30, 50), slice(0, 20))
    for image in (1, 2):
        checked.paint(image, np.full((SIZE, SIZE), 2, np.uint8), bubble)
        checked.paint(image, np.full((SIZE, SIZE), 3, np.uint8), dust)
    checked.writes.clear()
    session.merge_class(3, 2)
    assert [c.name for c in session.table.classes] == ["area", "bubble"]
    assert sorted(w.image for w in checked.writes) == [1, 2]
    for image in (1, 2):
        plane = session.plane(image, ())
        assert (plane.labels[dust] == 2).all()
        assert (plane.checked[dust] == 1).all()
    session.delete_class(2)
    for image in (1, 2):
        plane = session.plane(image, ())
        assert not plane.labels[dust].any()
        assert not plane.checked[bubble].any()
    assert checked.state_of(2) == "predicted"
    session.delete_class(9)
    assert session.state.told.level == "error"


def test_taking_back_does_not_bring_back_a_class_that_is_gone(loop: Loop) -> None:
    session = loop.session
    loop.add()
    session.add_class("bubble")
    session.make_first_masks()
    loop.rest()
    session.start_checking()
    region = session.queue.here.region
    loop.paint(session.queue.here.image, np.full((SIZE, SIZE), 2, np.uint8), region.slices)
    image = session.queue.here.image
    session.accept()
    session.delete_class(2)
    session.take_back_last()
    assert set(np.unique(session.plane(image, ()).labels)) <= {0, 1}
    assert not truth(loop).any()


def test_a_class_keeps_its_value_through_names_colours_and_order(checked: Loop) -> None:
    session = checked.session
    session.add_class("bubble")
    session.rename_class(2, "air")
    session.recolour_class(2, "#112233")
    session.move_class(2, 0)
    first = session.table.classes[0]
    assert (first.value, first.name, first.colour) == (2, "air", "#112233")
    session.rename_class(2, "area")
    assert session.state.told.level == "error"
    np.testing.assert_array_equal(session.plane(1, ()).labels, DISCS)


def test_a_stroke_of_no_class_is_taken_back_with_words(checked: Loop) -> None:
    session = checked.session
    plane = session.plane(1, ())
    live = plane.labels.copy()
    live[:9, :9] = 7
    change = session.observe(1, (), live, plane.checked.copy(), WHOLE)
    assert "Label 7 is no class" in session.state.told.text
    assert change.undeclared == (7,)
    np.testing.assert_array_equal(change.labels, DISCS[change.window])


@pytest.mark.parametrize(
    ("trust", "zero", "expected"),
    [
        ("all", "background", np.ones_like(DISCS)),
        ("all", "unknown", DISCS),
        ("painted", "background", DISCS),
        ("nothing", "background", np.zeros_like(DISCS)),
    ],
)
def test_which_part_of_a_mask_file_is_truth(
    loop: Loop, trust: str, zero: str, expected: np.ndarray
) -> None:
    loop.add()
    path = loop.folder / "disc0_mask.tif"
    tifffile.imwrite(path, DISCS)
    loop.session.import_files([(1, path)], trust, zero)
    loop.rest()
    plane = loop.session.plane(1, ())
    np.testing.assert_array_equal(plane.labels, DISCS)
    np.testing.assert_array_equal(plane.checked, expected)
    assert loop.state_of(1) == ("checked" if expected.any() else "predicted")


def test_a_mask_file_that_does_not_fit_is_left_out_with_words(loop: Loop) -> None:
    loop.add()
    paths = [loop.folder / "small.tif", loop.folder / "gone.tif", loop.folder / "good.tif"]
    tifffile.imwrite(paths[0], DISCS[:50])
    tifffile.imwrite(paths[2], DISCS * 5)
    loop.session.import_files([(1, paths[0]), (1, paths[1]), (2, paths[2])])
    loop.rest()
    assert any("masks of shape (160, 160), as the image" in text for text in loop.told)
    assert any("gone.tif" in text for text in loop.told)
    assert not loop.session.planes(1)
    assert loop.session.table.values == (1, 5)
    np.testing.assert_array_equal(loop.session.plane(2, ()).labels, DISCS * 5)


def test_imported_labels_do_not_replace_what_is_checked(checked: Loop) -> None:
    mine = checked.session.plane(1, ()).labels.copy()
    checked.session.import_labels(1, (), np.ones_like(DISCS), "all")
    np.testing.assert_array_equal(checked.session.plane(1, ()).labels, mine)
    assert "25,600 pixels in 1 plane were not replaced" in checked.session.state.told.text


def test_files_of_one_import_bring_their_classes_together(loop: Loop) -> None:
    loop.add()
    paths = [loop.folder / "one.tif", loop.folder / "five.tif"]
    for path, value in zip(paths, (1, 5), strict=True):
        tifffile.imwrite(path, DISCS * value)
    loop.session.import_files([(1, paths[0]), (2, paths[1])])
    loop.rest()
    session = loop.session
    assert session.table.values == (1, 5)
    assert all(
        session.plane(image, ()).truth(session.table, objects=False).all() for image in (1, 2)
    )
    assert not any("not replaced" in text for text in loop.told)


def test_planes_of_one_import_bring_their_classes_together(loop: Loop) -> None:
    loop.add()
    loop.session.import_labels(1, (), DISCS * 3)
    assert truth(loop).all()
    loop.session.import_labels(2, (), DISCS * 4)
    np.testing.assert_array_equal(truth(loop), DISCS > 0)
    assert "does not count as 'not class 4'" in loop.session.state.told.text


def test_after_an_import_there_are_places_to_check(loop: Loop) -> None:
    loop.add()
    path = loop.folder / "disc0_mask.tif"
    tifffile.imwrite(path, DISCS)
    loop.session.import_files([(1, path)], "nothing")
    loop.rest()
    assert loop.session.queue.left
    assert loop.session.state.primary.action == "next_place"


@pytest.mark.parametrize("task", ["classes", "objects"])
def test_an_excluded_area_is_neither_offered_nor_predicted_nor_truth(loop: Loop, task: str) -> None:
    loop.add(task=task)
    session, half = loop.session, SIZE // 2
    session.make_first_masks()
    loop.rest()
    loop.brush(1, np.s_[:, :half], 3)
    plane = session.plane(1, ())
    before = plane.labels.copy()
    session.desk.put_labels((1, ()), WHOLE, np.full_like(DISCS, 1), whole=True)
    np.testing.assert_array_equal(plane.labels[:, :half], before[:, :half])
    assert plane.labels[:, half:].all()
    session.look_for_places()
    loop.rest()
    assert session.queue.places
    assert all(place.region.x >= half for place in session.queue.places)
    session.start_checking()
    window = session.queue.here.region.slices
    loop.brush(1, window, 3)
    assert (plane.checked[window] == 3).all()
    session.import_labels(1, (), DISCS, "all")
    np.testing.assert_array_equal(truth(loop), plane.checked != 3)
    assert not truth(loop)[:, :half].any()
    assert not truth(loop)[window].any()


def test_what_was_said_of_places_can_be_taken_back_and_said_again(loop: Loop) -> None:
    loop.add()
    session = loop.session
    session.make_first_masks()
    loop.rest()
    session.start_checking()
    places = [place.region.slices for place in session.queue.places[:2]]
    for act in (session.accept, session.cant_tell):
        act()
    states = [1, 2]

    def said() -> list[int]:
        checked = session.plane(1, ()).checked
        return [int(checked[place].min()) for place in places]

    counts = (session.accepted, session.checked, session.queue.done)
    assert said() == states
    for left in (1, 0):
        assert session.take_back_last()
        assert said() == states[:left] + [0] * (2 - left)
    assert not session.take_back_last()
    for there in (1, 2):
        assert session.accept_again()
        assert said() == states[:there] + [0] * (2 - there)
    assert not session.accept_again()
    assert counts == (session.accepted, session.checked, session.queue.done)
    session.take_back_last()
    session.accept()
    assert not session.accept_again(), "something else was said since"
    assert said() == [1, 1]


def test_the_other_answer_starts_anew(checked: Loop) -> None:
    session = checked.session
    session.make_first_masks(scope="all")
    session.answer_task("objects")
    checked.rest()
    assert not session.desk.truths.keys()
    assert [image.status for image in session.state.images] == ["new", "new"]
    assert [image.checked_pixels for image in session.state.images] == [0, 0]
    assert (session.accepted, session.checked) == (0, 0)
    assert not session.take_back_last()
    assert session.state.primary.action == "first_masks"
    session.train()
    checked.rest()
    assert session.state.version is None


def test_what_a_new_class_leaves_open_is_offered_again(checked: Loop) -> None:
    session = checked.session
    session.look_for_places()
    checked.rest()
    assert not session.queue.places
    session.add_class("bubble")
    session.look_for_places()
    checked.rest()
    assert session.queue.places


def test_the_other_answer_forgets_what_was_said_of_places(loop: Loop) -> None:
    loop.add()
    session = loop.session
    session.make_first_masks()
    loop.rest()
    session.start_checking()
    session.accept()
    session.accept()
    session.take_back_last()
    session.answer_task("objects")
    assert not session.take_back_last()
    assert not session.accept_again()


def test_labels_of_another_shape_are_refused_before_anything_is_written(loop: Loop) -> None:
    loop.add()
    loop.session.import_labels(1, (), np.ones((3, 4), np.uint8))
    assert "labels of shape (160, 160), as the image, got (3, 4)" in loop.told[-1]
    assert not loop.session.plane(1, ()).labels.any()
