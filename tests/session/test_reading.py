"""Pixels are read on a thread and handed over by poll."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.errors import InputError, ResourceError, SegLoopError
from napari_segloop.session.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


def until(reader: Reader, is_so: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        reader.poll()
        time.sleep(0.002)


def fail(error: Exception) -> object:
    raise error


def test_results_arrive_in_order_on_the_polling_thread(reader: Reader) -> None:
    found: list[tuple[object, bool]] = []
    for number in range(5):
        reader.ask(
            lambda number=number: (number, threading.current_thread()),  # type: ignore[misc]
            lambda answer: found.append((answer[0], answer[1] is threading.current_thread())),
            fail,  # type: ignore[arg-type,return-value]
        )
    until(reader, lambda: len(found) == 5)
    assert found == [(number, False) for number in range(5)]


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (InputError("a", "b", "c"), InputError),
        (MemoryError(), ResourceError),
        (OSError("the disk is gone"), InputError),
        (RuntimeError("chunk 3 of the graph"), InputError),
        (ValueError(), InputError),
    ],
    ids=["ours", "memory", "disk", "graph", "without words"],
)
def test_errors_arrive_too_and_the_next_one_is_read(
    reader: Reader, raised: Exception, kind: type[SegLoopError]
) -> None:
    errors, results = list[SegLoopError](), list[object]()
    reader.ask(lambda: fail(raised), results.append, errors.append)
    reader.ask(lambda: 7, results.append, errors.append)
    until(reader, lambda: results)
    assert results == [7]
    assert [type(error) for error in errors] == [kind]
    assert all(error.expected and error.got and error.remedy for error in errors)


def test_a_reader_that_was_never_asked_has_no_thread() -> None:
    before = threading.active_count()
    Reader().close()
    assert threading.active_count() == before
