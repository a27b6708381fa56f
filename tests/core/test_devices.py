"""Devices, threads and number formats."""

from __future__ import annotations

import os

import pytest
import torch
from torch import nn

from napari_segloop.core.devices import (
    Format,
    autocast,
    available_threads,
    choose_device,
    is_out_of_memory,
    place,
    prepare,
    set_threads,
)
from napari_segloop.core.errors import InputError

pytestmark = pytest.mark.usefixtures("one_thread")
CPU = torch.device("cpu")


def test_the_processor_is_always_there() -> None:
    assert choose_device("cpu") == CPU


def test_auto_takes_a_device_that_works() -> None:
    assert torch.ones(2, device=choose_device("auto")).sum() == 2


@pytest.mark.parametrize(
    ("name", "there"),
    [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())],
)
def test_a_missing_device_is_told(name: str, there: bool) -> None:
    if there:
        assert choose_device(name).type == name
    else:
        with pytest.raises(InputError, match=f"a {name} device.*doctor"):
            choose_device(name)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_are_set(threads: int) -> None:
    assert set_threads(threads) == threads == torch.get_num_threads()


def test_all_threads_are_those_this_process_may_use() -> None:
    assert set_threads(None) == available_threads() == torch.get_num_threads()
    assert 1 <= available_threads() <= (os.cpu_count() or 1)


def test_thousands_of_threads_are_not_started() -> None:
    before = torch.get_num_threads()
    try:
        assert set_threads(9999) == max(64, available_threads()) == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
def test_a_network_is_brought_into_a_format(precision: str, layout: str) -> None:
    chosen = Format(precision, layout)
    network = prepare(nn.Conv2d(4, 8, 3), chosen, CPU)
    weight = next(network.parameters())
    assert weight.dtype == getattr(torch, precision)
    assert weight.is_contiguous(memory_format=chosen.memory_format)


def test_training_weights_are_float32_in_channels_last() -> None:
    weight = next(place(nn.Conv2d(4, 8, 3).bfloat16(), CPU).parameters())
    assert weight.dtype == torch.float32
    assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_autocast_computes_in_the_precision(precision: str) -> None:
    with autocast(precision, CPU):
        assert nn.Conv2d(1, 1, 1)(torch.zeros(1, 1, 2, 2)).dtype == getattr(torch, precision)


def test_the_processors_own_lack_of_memory_is_known() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**50, dtype=torch.uint8)
    assert is_out_of_memory(error.value)


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        pytest.param(MemoryError(), True, id="numpy"),
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), True, id="cuda"),
        pytest.param(RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), True, id="cublas"),
        pytest.param(RuntimeError("shapes do not fit"), False, id="a-fault"),
        pytest.param(ValueError("can't allocate memory"), False, id="another-error"),
    ],
)
def test_other_lacks_of_memory(error: BaseException, lack: bool) -> None:
    assert is_out_of_memory(error) is lack
