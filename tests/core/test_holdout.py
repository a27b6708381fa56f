"""Which blocks test: never those that teach, the same ones tomorrow, and each class among them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_segloop.core.guard import blank
from napari_segloop.core.holdout import (
    NO_HISTORY,
    TEST_SHARE,
    UNKNOWN,
    Block,
    Drawn,
    History,
    Split,
    split,
)

RNG = np.random.default_rng(0)
SHAPES = [(1, 1), (5, 7), (33, 31), (48, 48), (100, 500), (512, 512), (1000, 130)]


def image(seed: int, shape: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 1000, (2, *shape), np.uint16)


def truth(seed: int, shape: tuple[int, int], classes: int = 3, coarse: int = 16) -> np.ndarray:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, classes, [-(-n // coarse) for n in shape])
    return np.kron(small, np.ones((coarse, coarse), int))[: shape[0], : shape[1]].astype(np.int16)


def mark(parts: tuple[Block, ...], shape: tuple[int, int], number: int = 0) -> np.ndarray:
    mask = np.zeros(shape, int)
    for block in parts:
        if block.image == number:
            mask[block.window] += 1
    return mask


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_blocks_cover_each_checked_pixel_once(shape: tuple[int, int]) -> None:
    parts = split([image(0, shape)], [truth(1, shape)])
    assert (mark(parts.teach, shape) + mark(parts.test, shape) == 1).all()
    assert parts.teach


def test_blocks_without_checked_pixels_are_left_out() -> None:
    answers = truth(1, (512, 512))
    answers[:, 200:] = UNKNOWN
    parts = split([image(0, (512, 512))], [answers])
    covered = mark(parts.teach, (512, 512)) + mark(parts.test, (512, 512))
    assert covered[answers != UNKNOWN].all()
    assert not covered[:, 400:].any()


@pytest.mark.parametrize("seed", range(10))
def test_half_of_each_class_teaches_and_all_are_tested(seed: int) -> None:
    shapes = [(512, 512), (300, 700)]
    images = [image(10 * seed + i, shape) for i, shape in enumerate(shapes)]
    truths = [truth(10 * seed + i, shape, 4) for i, shape in enumerate(shapes)]
    parts = split(images, truths)
    for number in range(4):
        tested = sum(int((truths[b.image][b.window] == number).sum()) for b in parts.test)
        whole = sum(int((answers == number).sum()) for answers in truths)
        assert 0 < tested <= whole / 2


def test_a_rare_class_is_tested_when_it_can_be() -> None:
    shape = (640, 640)
    answers = np.zeros(shape, np.int16)
    answers[5:15, 5:15] = answers[600:610, 600:610] = 1
    parts = split([image(3, shape)], [answers])
    assert sum(int((answers[b.window] == 1).sum()) for b in parts.test) == 100


def test_a_class_in_one_block_teaches() -> None:
    shape = (640, 640)
    answers = np.zeros(shape, np.int16)
    answers[5:15, 5:15] = 1
    parts = split([image(3, shape)], [answers])
    assert sum(int((answers[b.window] == 1).sum()) for b in parts.teach) == 100


def test_about_the_wanted_share_tests() -> None:
    images = [image(i, (640, 640)) for i in range(30)]
    parts = split(images, [truth(i, (640, 640)) for i in range(30)])
    share = len(parts.test) / (len(parts.test) + len(parts.teach))
    assert abs(share - TEST_SHARE) < 0.05


def test_the_order_of_the_images_does_not_matter() -> None:
    images, truths = (
        [image(i, (512, 512)) for i in range(4)],
        [truth(i, (512, 512)) for i in range(4)],
    )
    forward, backward = split(images, truths), split(images[::-1], truths[::-1])
    assert {b.content for b in forward.test} == {b.content for b in backward.test}


def looks(parts: tuple[Block, ...]) -> set[str]:
    return {block.look for block in parts}


def test_blocks_stay_where_they_are_when_more_is_checked() -> None:
    shape = (640, 640)
    images, whole = [image(i, shape) for i in range(3)], [truth(i, shape) for i in range(3)]
    before = split(images, [np.where(RNG.random(shape) < 0.3, t, UNKNOWN) for t in whole])
    after = split(images, whole)
    assert looks(before.test) == looks(after.test)
    assert looks(before.teach) == looks(after.teach)


def few_truths(seed: int, shape: tuple[int, int]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Little truth that later grows, so that classes alone would move blocks between the sides."""
    rng = np.random.default_rng(seed)
    late = truth(seed, shape, 3, 80)
    early = late.copy()
    for rows, columns in product(range(0, shape[0], 160), range(0, shape[1], 160)):
        if rng.random() < 0.6:
            early[rows : rows + 160, columns : columns + 160] = UNKNOWN
    return [early], [late]


@pytest.mark.parametrize("seed", range(20))
def test_what_a_model_was_taught_does_not_test_it(seed: int) -> None:
    shape = (640, 640)
    images = [image(seed, shape)]
    early, late = few_truths(seed, shape)
    first = split(images, early)
    history = History(frozenset(looks(first.teach)), frozenset(looks(first.test)))
    second = split(images, late, history=history)
    assert not looks(second.test) & looks(first.teach)
    tested_again = looks(second.test) & looks(first.test)
    assert tested_again == looks(first.test) or not first.test


def test_if_all_was_taught_some_of_it_tests_after_all() -> None:
    images, truths = [image(0, (640, 640))], [truth(0, (640, 640))]
    every: Split = split(images, truths)
    history = History(taught=frozenset(looks(every.teach) | looks(every.test)))
    assert split(images, truths, history=history).test


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 999), st.integers(2, 5), st.booleans())
def test_one_place_of_a_stack_is_on_one_side_in_all_planes(
    seed: int, depth: int, is_grown: bool
) -> None:
    """Also when the model remembers only some of the planes, and others were checked meanwhile."""
    shape = (320, 480)
    images = [image(seed + z, shape) for z in range(depth)]
    truths = [truth(seed + z, shape, 3, 80) for z in range(depth)]
    early, _ = few_truths(seed, shape)
    first = split(images[:1], early, stacks=["s"])
    history = History(frozenset(looks(first.teach)), frozenset(looks(first.test)))
    parts = split(images, truths, history=history if is_grown else NO_HISTORY, stacks=["s"] * depth)
    sides = [{(b.rows, b.columns) for b in side} for side in (parts.teach, parts.test)]
    assert not sides[0] & sides[1]
    assert len(parts.teach) + len(parts.test) == depth * len(sides[0] | sides[1])
    tested = np.unique([truths[b.image][b.window] for b in parts.test])
    assert tested.tolist() == [0, 1, 2]
    if is_grown:
        assert not looks(parts.test) & looks(first.teach)


def test_a_stacks_sides_do_not_hang_on_its_pixels() -> None:
    shape, answers = (640, 640), truth(0, (640, 640))
    one, other = (split([image(i, shape)], [answers], stacks=["s"]) for i in (0, 1))
    elsewhere = split([image(0, shape)], [answers], stacks=["another"])
    places = [{(b.rows, b.columns) for b in parts.test} for parts in (one, other, elsewhere)]
    assert places[0] == places[1] != places[2]


def test_the_hash_tells_pixels_and_truth_apart() -> None:
    pixels, answers = image(0, (160, 160)), truth(0, (160, 160))
    block = (*split([pixels], [answers]).teach, *split([pixels], [answers]).test)[0]
    other = answers.copy()
    other[block.window] = 1 - other[block.window].clip(0, 1)
    changed = split([pixels], [other])
    again = next(b for b in (*changed.teach, *changed.test) if b.window == block.window)
    assert again.look == block.look
    assert again.content != block.content


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (33, 31)], ids=str)
def test_too_little_truth_only_teaches(shape: tuple[int, int]) -> None:
    assert split([image(0, shape)], [truth(0, shape)]).test == ()


def test_equal_blocks_are_on_one_side() -> None:
    pixels = np.zeros((1, 640, 640), np.uint8)
    pixels[:, :, 320:] = RNG.integers(0, 255, (1, 640, 320))
    parts = split([pixels], [truth(5, (640, 640))])
    empty = {b.look for b in (*parts.teach, *parts.test) if b.columns[1] <= 320}
    assert len(empty) == 1
    sides = [empty <= looks(parts.teach), empty <= looks(parts.test)]
    assert any(sides)


def test_drawn_places_test_and_never_teach() -> None:
    shape, drawn = (512, 512), (Drawn((100, 228), (50, 178), 0.1), Drawn((400, 512), (0, 60), 0.2))
    answers = truth(1, shape)
    parts = split([image(0, shape)], [answers], drawn=[drawn])
    here = {(block.rows, block.columns): block.probability for block in parts.test}
    assert all(here[place.rows, place.columns] == place.probability for place in drawn)
    taught = blank([answers], parts)[0]
    assert all((taught[place.window] == UNKNOWN).all() for place in drawn)
    assert (taught != UNKNOWN).any()


def test_where_enough_is_drawn_nothing_else_tests() -> None:
    shape = (512, 512)
    drawn = [Drawn((0, 300), (0, 300), 0.5)]
    parts = split([image(0, shape)], [truth(1, shape)], drawn=[drawn])
    assert [(block.rows, block.columns) for block in parts.test] == [((0, 300), (0, 300))]


def test_a_drawn_place_without_truth_is_no_test() -> None:
    answers = truth(1, (512, 512))
    answers[:, 256:] = UNKNOWN
    parts = split([image(0, (512, 512))], [answers], drawn=[[Drawn((0, 60), (300, 360))]])
    assert all(block.columns != (300, 360) for block in parts.test)
