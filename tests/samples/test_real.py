"""The real image lies in the installed package."""

from __future__ import annotations

import socket
from importlib.resources import files
from typing import TYPE_CHECKING, Never

from napari_segloop.samples.real import floating_cell

if TYPE_CHECKING:
    import pytest


def test_it_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Never:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    real = floating_cell()
    assert (real.image.shape, real.image.dtype, real.pixel_size_um) == ((660, 550), "u1", 0.107)
    assert files("skimage").joinpath("data/cell.png").is_file()
