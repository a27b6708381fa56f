"""Label values and class indices, against plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.truth import (
    IGNORED,
    class_values,
    from_class_indices,
    to_class_indices,
)

VALUES = [
    pytest.param([[0, 255]], "uint8", None, (0, 255), "uint8", id="0-255-mask"),
    pytest.param([[1, 2]], "uint8", None, (0, 1, 2), "uint8", id="background-absent"),
    pytest.param([[9, 3, 3, 0]], "int64", None, (0, 3, 9), "uint8", id="sorted"),
    pytest.param([[0, 300]], ">u2", None, (0, 300), "uint16", id="big-endian"),
    pytest.param([[0, 70_000]], "uint32", None, (0, 70_000), "uint32", id="uint32"),
    pytest.param([[0, 1]], "bool", None, (0, 1), "uint8", id="bool"),
    pytest.param([[0, 1, 255]], "uint8", 255, (0, 1), "uint8", id="ignored"),
    pytest.param([[0, 1, 2]], "uint8", 0, (0, 1, 2), "uint8", id="background-ignored"),
    pytest.param([[0, 0]], "uint8", None, (0,), "uint8", id="only-background"),
]


@pytest.mark.parametrize(("array", "dtype", "ignore", "values", "stored"), VALUES)
def test_values_go_to_indices_and_back(
    array: list[list[int]], dtype: str, ignore: int | None, values: tuple[int, ...], stored: str
) -> None:
    labels = np.array(array).astype(dtype)
    assert class_values(iter([labels[:, :1], labels]), ignore) == values
    indices = to_class_indices(labels, values, ignore)
    expected = [IGNORED if v == ignore else values.index(int(v)) for v in labels.flat]
    assert indices.dtype == np.uint8
    assert indices.ravel().tolist() == expected
    kept = indices != IGNORED
    back = from_class_indices(np.where(kept, indices, 0), values)
    assert back.dtype == stored
    np.testing.assert_array_equal(back[kept], labels[kept])


def test_33_values_are_objects() -> None:
    assert len(class_values([np.arange(32)])) == 32
    with pytest.raises(InputError, match="--task objects"):
        class_values([np.arange(20), np.arange(33)])


def test_a_value_to_ignore_does_not_count() -> None:
    assert len(class_values([np.arange(33)], ignore=7)) == 32


@pytest.mark.parametrize("value", [-1, 2**32], ids=["negative", "too-large"])
def test_values_that_no_result_can_carry_are_refused(value: int) -> None:
    with pytest.raises(TruthError, match=str(value)):
        class_values([np.array([0, value])])


@pytest.mark.parametrize("value", [1, 7, 300])
def test_unknown_values_are_refused(value: int) -> None:
    with pytest.raises(TruthError, match=f"the value {value}"):
        to_class_indices(np.array([[0, 5, value]]), (0, 5, 250))
