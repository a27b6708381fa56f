"""Labels layers of the user taken as masks: shown as checked, copied, refused with words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dask.array as da
import numpy as np
import pytest

pytest.importorskip("napari")

from napari_segloop.widgets.layer_chooser import LabelsChoice

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_segloop.widgets.trust_question import Trust, Zero
    from tests.widgets.real_window import Face

    Array, Mask = NDArray[np.integer], NDArray[np.bool_]

SHAPE = (2, 64, 48)


def squares(dtype: type = np.int64) -> Array:
    labels = np.zeros(SHAPE, dtype)
    labels[0, 10:30, 10:30], labels[1, 4:8, 4:8] = 1, 2
    return labels


def open_stack(face: Face) -> None:
    """A new image is open, without masks."""
    pixels = np.random.default_rng(0).integers(0, 255, SHAPE, np.uint8)
    face.viewer.layers.selection.active = face.viewer.add_image(pixels, name="stack")
    known = len(face.session.state.images)
    face.take_selected()
    face.until(lambda: len(face.session.state.images) > known)
    face.session.open(face.session.state.images[-1].id)
    face.turn()


def take(face: Face, labels: object, trust: Trust = "all", zero: Zero = "background") -> Labels:
    """Do what OK in the dialog does."""
    layer = face.viewer.add_labels(labels, name="theirs")
    face.dock.choices._take_labels(LabelsChoice(layer, trust, zero))
    face.turn()
    return layer


TRUSTED: list[tuple[Trust, Zero, Callable[[Array], Mask]]] = [
    ("nothing", "background", lambda labels: labels < 0),
    ("painted", "background", lambda labels: labels > 0),
    ("all", "unknown", lambda labels: labels > 0),
    ("all", "background", lambda labels: labels >= 0),
]


def test_what_is_trusted_is_shown_as_checked_and_a_stroke_adds_to_it(hidden: Face) -> None:
    hidden.session.answer_task("classes")
    labels = squares()
    for trust, zero, checked in TRUSTED:
        open_stack(hidden)
        take(hidden, labels, trust, zero)
        trusted = checked(labels)
        np.testing.assert_array_equal(hidden.masks.data, labels)
        np.testing.assert_array_equal(hidden.checked.data == 1, trusted, f"{trust}, {zero}")
        hidden.masks.brush_size = 5
        hidden.masks.paint((0, 29, 29), 2)
        hidden.turn()
        trusted |= hidden.masks.data != labels
        np.testing.assert_array_equal(hidden.checked.data == 1, trusted, f"{trust}, {zero}")
        state = hidden.session.state.images[-1]
        assert state.checked_pixels == np.count_nonzero(trusted)


def test_the_users_own_layer_stays_as_it_is(hidden: Face) -> None:
    hidden.session.answer_task("classes")
    read_only = squares(np.uint8)
    read_only.flags.writeable = False
    for labels in (read_only, squares() > 0, da.from_array(squares(np.uint8), chunks=32)):
        open_stack(hidden)
        before = np.array(labels)
        layer = take(hidden, labels)
        hidden.masks.paint((0, 40, 40), 1)
        hidden.turn()
        np.testing.assert_array_equal(np.asarray(layer.data), before)
        assert hidden.masks.data[0, 40, 40] == 1


def test_what_cannot_be_taken_is_said_and_changes_nothing(hidden: Face) -> None:
    hidden.session.answer_task("classes")
    open_stack(hidden)
    for labels, words in (
        (squares() * 300, "values from 0 to 600"),
        (squares() - 1, "values from -1 to 1"),
        (np.zeros((5, 5), int), "got (5, 5)"),
    ):
        take(hidden, labels)
        assert words in hidden.session.state.told.text
        assert not hidden.masks.data.any()
        assert not hidden.checked.data.any()
