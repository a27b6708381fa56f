"""Starter weights: small, as good as they were, for any channels, and never damaged."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import save_file

from napari_segloop.core import beginning, starter
from napari_segloop.core.beginning import first_network
from napari_segloop.core.errors import ModelError
from napari_segloop.core.network import Architecture, build_network
from napari_segloop.core.starter import StarterInfo, pack, read_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn

    Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_thread")
INFO = StarterInfo("resnet18", 3, 1, "nothing", "BSD-3-Clause", 0, 0, {"torch": "any"})
PARTS = Architecture("resnet18", 1, 2, 3)
FIRST, HEAD = "encoder.conv1.weight", "segmentation_head.0.weight"


def network(channels: int = 1, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    made = build_network(replace(PARTS, channels=channels))
    made(torch.randn(2, channels, 64, 64))  # BatchNorm has seen something
    return made.eval()


def scales(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Half a step of a signed byte, by output channel."""
    return {k: w.flatten(1).abs().amax(1) / 254 for k, w in state.items() if w.ndim > 1}


@pytest.fixture(scope="module")
def taught() -> nn.Module:
    return network()


@pytest.fixture
def file(taught: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of starter weights where the package has its own."""
    path = tmp_path / "starter.safetensors"
    path.write_bytes(pack(taught.state_dict(), INFO))
    monkeypatch.setattr(starter, "PACKAGED", path)
    return path


def test_weights_come_back_within_half_a_step(file: Path, taught: nn.Module) -> None:
    fresh = network(seed=1)
    head = fresh.state_dict()[HEAD].clone()
    read_starter().take_over(fresh)
    was, now, steps = taught.state_dict(), fresh.state_dict(), scales(taught.state_dict())
    for name in now.keys() - {HEAD, "segmentation_head.0.bias"}:
        off = (now[name] - was[name]).abs()
        if name in steps:
            assert (off.flatten(1).amax(1) <= 1.001 * steps[name] + 1e-12).all(), name
        elif now[name].is_floating_point():
            assert off.max() == 0, name
    assert torch.equal(now[HEAD], head)
    assert file.stat().st_size < 0.3 * 4 * sum(w.numel() for w in was.values())


@pytest.mark.parametrize(("source", "wanted"), [(1, 3), (3, 1), (3, 2)])
def test_channels_that_are_alike_get_the_response_of_the_source(
    source: int, wanted: int, tmp_path: Path
) -> None:
    path, old, new = tmp_path / "s", network(source), network(wanted, seed=1)
    path.write_bytes(pack(old.state_dict(), replace(INFO, channels=source)))
    read_starter(path).take_over(new)
    image = torch.randn(1, 1, 32, 32)
    first = [net.get_submodule("encoder.conv1") for net in (old, new)]
    with torch.inference_mode():
        before = first[0](image.expand(-1, source, -1, -1))
        after = first[1](image.expand(-1, wanted, -1, -1))
    torch.testing.assert_close(after, before, rtol=0.02, atol=0.02 * float(before.abs().max()))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def retold(**changes: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_bytes(pack(network().state_dict(), replace(INFO, **changes)))

    return change


def deeper(path: Path) -> None:
    state = build_network(replace(PARTS, depth=4)).state_dict()
    path.write_bytes(pack(state, replace(INFO, depth=4)))


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": cut,
    "one-bit": flip,
    "text": lambda path: path.write_text("weights " * 100),
    "foreign": lambda path: save_file({"a": torch.zeros(3)}, path),
    "other-network": deeper,
    "other-channels": retold(channels=2),
    "newer-format": retold(format=2),
    "no-number": retold(depth="3"),
}


@pytest.mark.parametrize("harm", DAMAGE.values(), ids=DAMAGE)
def test_what_is_not_whole_is_refused(file: Path, harm: Callable[[Path], object]) -> None:
    harm(file)
    fresh = network(seed=1)
    before = {name: w.clone() for name, w in fresh.state_dict().items()}
    with pytest.raises(ModelError, match="starter weights"):
        read_starter().take_over(fresh)
    assert all(torch.equal(w, before[name]) for name, w in fresh.state_dict().items())


def test_a_file_is_small_and_its_numbers_are_finite(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = network().state_dict() | {FIRST: torch.full((64, 1, 7, 7), torch.inf)}
    with pytest.raises(ModelError, match="finite"):
        pack(endless, INFO)
    monkeypatch.setattr(starter, "LARGEST_FILE", 10_000)
    for refused in (read_starter, lambda: pack(network().state_dict(), INFO)):
        with pytest.raises(ModelError, match="at most 0 MB"):
            refused()
    assert file.exists()


LESSON: Any = SimpleNamespace(channels=1, outputs=2, values=(0, 1))


def begin(run: Make, settings: object, start: object = None) -> tuple[str, str, dict[str, Tensor]]:
    """What training starts from, what is said, and the weights."""
    events, begun = run(first_network(LESSON, settings, start))
    return begun.base, " ".join(event.text for event in events), begun.network.state_dict()


def test_training_starts_from_general_microscopy(file: Path, run: Make, quick: Make) -> None:
    packed = read_starter().tensors
    base, said, weights = begin(run, quick())
    assert (base, said) == ("starter", "")
    assert torch.equal(weights["encoder.bn1.weight"], packed["encoder.bn1.weight"])
    whole = packed[FIRST].float() * packed[f"{FIRST}.scale"][:, None, None, None]
    assert torch.equal(weights[FIRST], whole)
    assert begin(run, quick(start="none"))[:2] == ("none", "")
    file.unlink()
    assert begin(run, quick(start="none"))[:2] == ("none", "")


def test_a_start_that_cannot_be_is_told_and_training_goes_on(
    file: Path, run: Make, quick: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "build_pretrained", lambda _: (None, "No network."))
    base, said, _ = begin(run, quick(start="imagenet"))
    assert (base, said) == (
        "starter",
        "No network. Training starts from general microscopy instead.",
    )
    base, said, _ = begin(run, quick(depth=4))
    assert base == "none"
    assert said.endswith("not for resnet18 of depth 4. Training starts from zero instead.")
    file.unlink()
    base, said, _ = begin(run, quick())
    assert base == "none"
    assert said.endswith("Install napari-segloop again. Training starts from zero instead.")


@pytest.mark.usefixtures("file")
def test_learning_again_starts_from_the_same_base_as_the_first_time(
    run: Make, quick: Make, untaught: Make
) -> None:
    model = untaught()
    first, again = (begin(run, quick(afresh=bool(m)), m) for m in (None, model))
    assert again[0] == "starter"
    assert torch.equal(again[2][FIRST], first[2][FIRST])
    base, _, weights = begin(run, quick(), model)
    assert base == "model"
    assert torch.equal(weights[FIRST], model.network.state_dict()[FIRST])
