"""The guard: truth stays away from what tests, and is not wasted where it is scarce."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from napari_segloop.core.guard import COST, MOST_OF_A_CLASS, blank, with_guard
from napari_segloop.core.holdout import UNKNOWN, Split, split

PATCH = 192
Lesson = tuple[list[np.ndarray], list[np.ndarray]]


def made(seed: int, shapes: list[tuple[int, int]], share: float) -> Lesson:
    """Images, and truth in squares of 32 pixels of which a share is checked."""
    rng = np.random.default_rng(seed)
    images, truths = [], []
    for shape in shapes:
        squares = rng.integers(0, 3, [-(-n // 32) for n in shape]).astype(np.int16)
        squares[rng.random(squares.shape) > share] = UNKNOWN
        truths.append(np.kron(squares, np.ones((32, 32), np.int16))[: shape[0], : shape[1]])
        images.append(rng.integers(0, 255, (1, *shape), np.uint8))
    return images, truths


def known(truths: tuple[np.ndarray, ...] | list[np.ndarray]) -> np.ndarray:
    """Pixels of each class."""
    return sum(np.bincount(t[t != UNKNOWN], minlength=3) for t in truths)


shapes = st.lists(st.tuples(st.integers(20, 520), st.integers(20, 520)), min_size=1, max_size=3)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 99), shapes, st.sampled_from([0.1, 0.5, 1.0]))
def test_no_truth_teaches_within_the_guard_and_little_is_lost(
    seed: int, sizes: list[tuple[int, int]], share: float
) -> None:
    images, truths = made(seed, sizes, share)
    parts = split(images, truths)
    guarded = with_guard(parts, truths, PATCH)
    taught = blank(truths, guarded)
    for number, truth in enumerate(truths):
        tested = np.zeros(truth.shape, bool)
        for block in guarded.test:
            if block.image == number:
                tested[block.window] = True
        near = tested
        if guarded.guard:
            near = ndimage.binary_dilation(tested, np.ones((3, 3)), guarded.guard)
        np.testing.assert_array_equal(taught[number], np.where(near, UNKNOWN, truth))
    before, after = known(blank(truths, parts)), known(taught)
    assert (before - after).sum() <= COST * before.sum()
    assert (before - after <= MOST_OF_A_CLASS * before).all()
    assert guarded.test == parts.test
    assert {b for b in parts.teach if (taught[b.image][b.window] != UNKNOWN).any()} == set(
        guarded.teach
    )


def test_places_that_lie_apart_have_a_guard_of_a_patch() -> None:
    images, truths = made(0, [(1920, 1920)], 1.0)
    apart = np.full((1920, 1920), UNKNOWN, np.int16)
    for top in range(32, 1920, 480):
        for left in range(32, 1920, 480):
            window = slice(top, top + 64), slice(left, left + 64)
            apart[window] = truths[0][window]
    guarded = with_guard(split(images, [apart]), [apart], PATCH)
    assert guarded.test
    assert guarded.guard == PATCH
    assert known(blank([apart], guarded)).sum() == sum(
        (apart[b.window] != UNKNOWN).sum() for b in guarded.teach
    )


def test_three_images_of_512_pixels_keep_nine_tenths_of_their_truth() -> None:
    images, truths = made(1, [(512, 512)] * 3, 1.0)
    parts = split(images, truths)
    guarded = with_guard(parts, truths, PATCH)
    assert guarded.guard >= 6
    assert len(guarded.teach) == len(parts.teach)


def test_without_test_regions_nothing_is_lost() -> None:
    truths = [np.zeros((31, 33), np.int16)]
    parts = Split(split([np.zeros((1, 31, 33))], truths).teach, ())
    assert known(blank(truths, with_guard(parts, truths, PATCH)))[0] == 31 * 33


def test_the_guard_reaches_through_all_planes_of_a_stack() -> None:
    images, truths = made(3, [(640, 640)] * 3, 1.0)
    parts = split(images, truths, stacks=["stack", "stack", None])
    guarded = with_guard(parts, truths, PATCH)
    taught = blank(truths, guarded)
    tests = [block for block in guarded.test if block.image == 0]
    assert guarded.guard
    assert tests
    for block in tests:
        rows, columns = (slice(max(0, a - guarded.guard), b + guarded.guard)
                         for a, b in (block.rows, block.columns))  # fmt: skip
        assert (taught[0][rows, columns] == UNKNOWN).all()
        assert (taught[1][rows, columns] == UNKNOWN).all()
    assert any((taught[2][block.window] != UNKNOWN).any() for block in tests)
    lonely = [truths[0].copy(), truths[1].copy()]
    lonely[0][:] = UNKNOWN
    lonely[0][tests[0].window] = truths[0][tests[0].window]
    lonely[1][tests[0].window] = UNKNOWN
    parts = Split(split(images[1:2], lonely[1:]).teach, tests[:1], 24, ("stack", "stack"))
    outline = blank(lonely, parts)[1]
    beside = slice(max(0, tests[0].rows[0] - 24), tests[0].rows[1] + 24), tests[0].window[1]
    assert (outline[beside] == UNKNOWN).all()
