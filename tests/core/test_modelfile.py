"""Model files: what is written is read, and what is not a model is refused, unread and offline."""

from __future__ import annotations

import json
import pickle
import resource
import socket
import struct
import zipfile
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save

from napari_segloop.core.errors import ModelError, OutputError
from napari_segloop.core.modelfile import Model, load_model, model_id, read_info, save_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Model]

ENCODERS = ["mobilenet_v2", "efficientnet-b0", "mit_b0", "tu-convnext_atto", "timm-skresnet18"]


@pytest.fixture(scope="module")
def model(untaught: Make) -> Model:
    return untaught((0, 3, 300), channels=2, temperature=1.3, axes="CYX", selected=(0, 2))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens a socket fails."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)


def logits(model: Model) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    window = torch.randn(1, model.info.channels, 64, 64, generator=generator)
    with torch.inference_mode():
        answer: torch.Tensor = model.network(window)
    return answer


@pytest.mark.usefixtures("offline")
def test_a_model_comes_back_as_it_was(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model.segloop"
    save_model(model, path)
    again = load_model(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.segloop"]
    assert again.info == read_info(path) == model.info
    assert again.id == model.id
    assert torch.equal(logits(again), logits(model))
    assert not again.network.training
    assert not any(weight.requires_grad for weight in again.network.parameters())


@pytest.mark.usefixtures("offline")
@pytest.mark.filterwarnings("ignore:.timm-. encoders are deprecated")
@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_model_of_any_encoder_comes_back(encoder: str, untaught: Make, tmp_path: Path) -> None:
    before = untaught(encoder=encoder, depth=4)
    save_model(before, tmp_path / "model")
    after = load_model(tmp_path / "model")
    assert after.id == before.id
    assert torch.equal(logits(after), logits(before))


def test_a_loaded_model_does_not_hold_the_file(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "model"
    save_model(model, path)
    again = load_model(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert again.id == model.id


def test_a_colleague_may_read_the_file(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "model").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_id_is_of_the_content_alone(model: Model) -> None:
    tensors = model.network.state_dict()
    later = replace(model.info, created="2030-01-01T00:00:00+00:00")
    assert model_id(later, dict(reversed(tensors.items()))) == model.id
    assert len(model.id) == 64


@pytest.mark.parametrize("name", ["encoder.conv1.weight", "encoder.bn1.num_batches_tracked"])
def test_the_id_changes_with_any_weight(model: Model, name: str) -> None:
    tensors = {k: v.clone() for k, v in model.network.state_dict().items()}
    tensors[name].view(-1)[-1] += 1
    assert model_id(model.info, tensors) != model.id


def test_the_id_changes_with_the_header(model: Model) -> None:
    tensors = model.network.state_dict()
    assert model_id(replace(model.info, temperature=1.4), tensors) != model.id


def content(model: Model, **changes: object) -> bytes:
    """A model file with changed tensors (by name) or another header (``header``)."""
    header = changes.pop("header", {})
    tensors: dict[str, Any] = dict(model.network.state_dict()) | changes
    kept = {k: v for k, v in tensors.items() if v is not None}
    text = json.dumps(json.loads(model.info.to_json()) | header)
    return save(kept, {"segloop": text})


class Trap:
    """Unpickled, it would raise."""

    def __reduce__(self) -> tuple[object, ...]:
        return exec, ("raise SystemExit('unpickled')",)


def zipped(name: str, data: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def a_checkpoint() -> bytes:
    buffer = BytesIO()
    torch.save({"weights": torch.zeros(2), "trap": Trap()}, buffer)
    return buffer.getvalue()


WEIGHT = "encoder.conv1.weight"
FILES: dict[str, Callable[[Model], bytes]] = {
    "empty": lambda _: b"",
    "seven-bytes": lambda _: b"segloop",
    "text": lambda _: b"this is no model\n" * 100,
    "an-image": lambda _: b"II*\0" + bytes(1000),
    "zip": lambda _: zipped("model.json", b"{}"),
    "pickle": lambda _: pickle.dumps(Trap()),
    "torch-checkpoint": lambda _: a_checkpoint(),
    "header-of-an-exabyte": lambda _: struct.pack("<Q", 2**60) + b"{}",
    "header-longer-than-the-file": lambda m: struct.pack("<Q", 10**6) + content(m)[8:1000],
    "header-no-json": lambda _: struct.pack("<Q", 4) + b"{{{{",
    "header-no-text": lambda _: struct.pack("<Q", 4) + b"\xff\xfe\xff\xfe",
    "header-a-list": lambda _: struct.pack("<Q", 2) + b"[]",
    "header-nested": lambda _: struct.pack("<Q", 100_000) + b"[" * 100_000,
    "metadata-a-list": lambda _: struct.pack("<Q", 19) + b'{"__metadata__":[]}',
    "foreign-weights": lambda m: save(dict(m.network.state_dict())),
    "foreign-metadata": lambda m: save(dict(m.network.state_dict()), {"format": "pt"}),
    "header-cut": lambda m: content(m)[:500],
    "weights-cut": lambda m: content(m)[:-1000],
    "bytes-behind": lambda m: content(m) + bytes(1000),
    "weight-missing": lambda m: content(m, **{WEIGHT: None}),
    "weight-unknown": lambda m: content(m, extra=torch.zeros(1)),
    "weight-of-another-shape": lambda m: content(m, **{WEIGHT: torch.zeros(64, 1, 7, 7)}),
    "weight-in-float64": lambda m: content(m, **{WEIGHT: torch.zeros(64, 2, 7, 7).double()}),
    "weight-nan": lambda m: content(m, **{WEIGHT: torch.full((64, 2, 7, 7), torch.nan)}),
    "weight-infinite": lambda m: content(m, **{WEIGHT: torch.full((64, 2, 7, 7), torch.inf)}),
    "other-encoder": lambda m: content(m, header={"encoder": "resnet34"}),
    "other-depth": lambda m: content(m, header={"depth": 4}),
    "other-classes": lambda m: content(m, header={"values": [0, 1]}),
    "unknown-encoder": lambda m: content(m, header={"encoder": "resnet17"}),
    "encoder-an-address": lambda m: content(m, header={"encoder": "tu-hf-hub:some/body"}),
    "encoder-a-path": lambda m: content(m, header={"encoder": "tu-local-dir:/etc"}),
    "newer-format": lambda m: content(m, header={"format": 2}),
}


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("make", FILES.values(), ids=FILES.keys())
def test_what_is_no_model_is_refused(
    make: Callable[[Model], bytes], model: Model, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    path.write_bytes(make(model))
    with pytest.raises(ModelError) as error:
        load_model(path)
    assert error.value.file == str(path)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize("name", ["missing", ".", "file/model"])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        ModelError, match=r"Expected a model file, got (no such|a folder|not a dir)"
    ):
        load_model(tmp_path / name)


def test_a_full_disk_leaves_the_old_model(model: Model, untaught: Make, tmp_path: Path) -> None:
    path = tmp_path / "model"
    save_model(model, path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(OutputError) as error:
            save_model(untaught(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.file == str(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert load_model(path).id == model.id


def test_a_missing_folder_is_told(model: Model, tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_model(model, tmp_path / "missing" / "model")
