"""Small images, small networks and one taught model that the tests of core share.

Torch is imported where a fixture needs it, so that the torch-free half is tested without it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.trainresult import TrainResult

    Images = list[TrainingImage]


def drain(job: Generator[Any, None, Any]) -> tuple[list[Any], Any]:
    """Run a job to its end; its events and its result."""
    events = []
    while True:
        try:
            events.append(next(job))
        except StopIteration as end:
            return events, end.value


def disc_image(
    seed: int, shape: tuple[int, int] = (128, 128), count: int = 10
) -> tuple[Array, Array]:
    """Bright discs that do not touch, on noise: an image of uint16 and the ids of the discs."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(shape)
    ids, placed = np.zeros(shape, np.uint16), list[tuple[float, float, float]]()
    for _ in range(40 * count):
        radius = rng.uniform(6, 10)
        y, x = rng.uniform(radius, np.array(shape) - radius)
        free = all(np.hypot(y - v, x - u) > radius + r + 3 for v, u, r in placed)
        if free and len(placed) < count:
            placed.append((y, x, radius))
            ids[np.hypot(rows - y, columns - x) < radius] = len(placed)
    image = 1000 + 600 * (ids > 0) + rng.normal(0, 100, shape)
    return image.clip(0).astype(np.uint16), ids


def quick_settings(**changes: object) -> TrainSettings:
    """The smallest network that learns something, on one thread."""
    return TrainSettings(
        **{
            "encoder": "resnet18",
            "depth": 3,
            "patch": 32,
            "batch": 4,
            "steps": 2,
            "device": "cpu",
            "threads": 1,
        }
        | changes
    )


@dataclass(frozen=True)
class Taught:
    """A training on discs: its images, events and result."""

    images: Images
    events: list[Any]
    result: TrainResult

    @property
    def model(self) -> Model:
        return self.result.model


def teach(images: Images, settings: TrainSettings) -> Taught:
    fit = import_module("napari_segloop.core.train").fit
    return Taught(images, *drain(fit(images, settings)))


@pytest.fixture(scope="session")
def discs() -> Callable[..., Any]:
    return disc_image


@pytest.fixture(scope="session")
def quick() -> Callable[..., TrainSettings]:
    return quick_settings


@pytest.fixture(scope="session")
def run() -> Callable[..., Any]:
    return drain


@pytest.fixture(scope="session")
def taught() -> Taught:
    """Two classes, disc and background, learnt well."""
    images = [
        TrainingImage(f"discs {seed}", image, (ids > 0).astype(np.uint8))
        for seed in (0, 1)
        for image, ids in [disc_image(seed)]
    ]
    return teach(images, quick_settings(steps=60, patch=64))


@pytest.fixture(scope="session")
def taught_objects() -> Taught:
    """Single discs, learnt well."""
    images = [TrainingImage(f"discs {seed}", *disc_image(seed)) for seed in (0, 1)]
    return teach(images, quick_settings(steps=60, patch=64, task="objects"))


@pytest.fixture(scope="session")
def untaught() -> Callable[..., Model]:
    """Models of random weights whose BatchNorms have seen something."""
    torch = import_module("torch")
    modelfile = import_module("napari_segloop.core.modelfile")
    net = import_module("napari_segloop.core.network")

    def make(
        values: tuple[int, ...] = (0, 1),
        channels: int = 1,
        encoder: str = "resnet18",
        depth: int = 3,
        **info: object,
    ) -> Model:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        outputs = 3 if info.get("task") == "objects" else len(values)
        network = net.build_network(net.Architecture(encoder, channels, outputs, depth))
        with torch.no_grad():
            for _ in range(2):
                network.train()(torch.randn(2, channels, 64, 64))
        numbers = Normalization("training", (0.0,) * channels, (1.0,) * channels)
        header = {"task": "classes", "normalization": numbers} | info
        record = ModelInfo(encoder=encoder, depth=depth, channels=channels, values=values, **header)
        return modelfile.Model(record, network.eval().requires_grad_(requires_grad=False))

    return make


ELSEWHERE = """
import json, sys
import numpy as np
from pathlib import Path
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import load_model
from napari_segloop.core.plan import Plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.settings import TrainSettings
from napari_segloop.core.train import fit

def drain(job):
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value

folder = Path(sys.argv[1])
given = json.loads((folder / "given.json").read_text())
pixels = np.load(folder / "pixels.npz")
result = drain(fit([TrainingImage("a", pixels["image"], pixels["labels"])],
                   TrainSettings(**given["settings"])))
predictor = Predictor(load_model(folder / "model"), Plan.from_json(given["plan"]))
found = drain(predictor.predict(ArrayPlane(pixels["image"])))
np.savez(folder / "found.npz", labels=found.labels, uncertainty=found.uncertainty)
print(result.model.id)
"""


@dataclass(frozen=True)
class Elsewhere:
    """One training and one prediction, and what another process made of the same request."""

    image: Array
    labels: Array
    settings: TrainSettings
    plan: Plan
    trained_id: str
    found: dict[str, Array]


@pytest.fixture(scope="session")
def elsewhere(taught: Taught, tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Another process trains and predicts."""
    folder = tmp_path_factory.mktemp("elsewhere")
    image, ids = disc_image(5, (200, 150))
    labels, settings = (ids > 0).astype(np.uint8), quick_settings(steps=3)
    planning = import_module("napari_segloop.core.planning")
    plan = planning.make_plan(taught.model, ArrayPlane(image), taught.model.info.normalization)
    plan = replace(plan, halo=32, tile=(128, 96))
    import_module("napari_segloop.core.modelfile").save_model(taught.model, folder / "model")
    np.savez(folder / "pixels.npz", image=image, labels=labels)
    given = {"settings": asdict(settings), "plan": plan.to_json()}
    (folder / "given.json").write_text(json.dumps(given))
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = dict(np.load(folder / "found.npz"))
    return Elsewhere(image, labels, settings, plan, done.stdout.split()[-1], found)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One torch thread, whatever other tests or the code under test ask for."""
    torch = import_module("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
