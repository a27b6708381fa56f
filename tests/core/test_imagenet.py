"""Weights from everyday photos: from the cache without a network, and never a long wait."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
import segmentation_models_pytorch as smp
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

from napari_segloop.core import imagenet
from napari_segloop.core.errors import InputError
from napari_segloop.core.imagenet import build_pretrained
from napari_segloop.core.network import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARTS = Architecture("resnet18", 2, 3, 4)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No weights on this machine and no proxy."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for name in (
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ):
        for each in (name, name.upper()):
            monkeypatch.delenv(each, raising=False)
    return tmp_path


@pytest.fixture
def silent() -> Iterator[str]:
    """A host that takes the call and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def closed() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.usefixtures("no_cache")
@pytest.mark.parametrize("answers", [False, True], ids=["nobody-there", "silence"])
def test_without_weights_there_is_one_sentence_soon(
    answers: bool, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", silent if answers else closed())
    monkeypatch.setattr(imagenet, "ANSWER", 0.3)
    network, problem = build_pretrained(PARTS)
    assert network is None
    assert "could not be had from 127.0.0.1 (" in problem
    assert "\n" not in problem


@pytest.mark.usefixtures("no_cache")
def test_nothing_that_hangs_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is looked up cannot be interrupted, only left."""
    monkeypatch.setattr(imagenet, "_knock", lambda: time.sleep(20))
    monkeypatch.setattr(imagenet, "ANSWER", 0.1)
    before = time.perf_counter()
    assert "not within 0 s" in build_pretrained(PARTS)[1]
    assert time.perf_counter() - before < 15


def test_cached_weights_need_no_network(no_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = smp.encoders.encoders["resnet18"]["pretrained_settings"]["imagenet"]
    folder = no_cache / f"models--{source['repo_id'].replace('/', '--')}" / "snapshots"
    folder = folder / source["revision"]
    folder.mkdir(parents=True)
    weights = smp.encoders.get_encoder("resnet18", weights=None).state_dict()
    save_file({name: torch.full_like(x, 0.5) for name, x in weights.items()},
              folder / "model.safetensors")  # fmt: skip
    (folder / "config.json").write_text("{}")
    monkeypatch.setattr(constants, "ENDPOINT", closed())
    network, problem = build_pretrained(PARTS)
    assert problem == ""
    assert network is not None
    first = network.state_dict()["encoder.layer1.0.conv1.weight"]
    assert bool((first == 0.5).all())


def test_an_unknown_encoder_is_no_matter_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet, "_knock", lambda: None)
    with pytest.raises(InputError, match="resnet43"):
        build_pretrained(Architecture("resnet43", 1, 2, 4))
