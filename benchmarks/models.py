"""Really trained models for benchmarks that are not about training, kept in a scratch folder.

An untrained network has no opinion that rounding could change, so speed and seams are measured
with trained ones. Delete the folder to train them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from benchmarks.sets import crystal_image, open_set
from napari_segloop.core.devices import choose_device, synchronize
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import load_model, save_model
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.planning import make_plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.prediction import Wanted
from napari_segloop.core.settings import PredictSettings, TrainSettings
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from benchmarks.harness import Run
    from benchmarks.sets import RealSet
    from napari_segloop.core.images import Array
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan

SECONDS = 150.0
IMAGES = 3
SMOKE = TrainSettings(encoder="resnet18", depth=3, steps=2, patch=64, batch=2)
Result = TypeVar("Result")


def result_of(job: Generator[object, None, Result]) -> Result:
    """Run a job to its end.

    Parameters
    ----------
    job : generator
        Events.

    Returns
    -------
    object
        What it returns.
    """
    while True:
        try:
            next(job)
        except StopIteration as end:
            return cast("Result", end.value)


def trained(name: str, folder: Path, *, smoke: bool, device: str) -> Model | None:
    """Return a model for a set, trained once.

    Parameters
    ----------
    name : str
        "crystals", or a real set.
    folder : Path
        Where the model is kept.
    smoke : bool
        Train a few steps only.
    device : str
        Where to train.

    Returns
    -------
    Model or None
        None where the set is not.
    """
    settings = SMOKE if smoke else TrainSettings(seconds=SECONDS, device=device)
    path = folder / f"{name}.{settings.encoder}.{settings.depth}.safetensors"
    if not path.exists():
        images = training_images(name, smoke=smoke)
        if images is None:
            return None
        save_model(result_of(fit(images, settings)).model, path)
    return load_model(path)


def training_images(name: str, *, smoke: bool) -> list[TrainingImage] | None:
    """Return images to train on.

    Parameters
    ----------
    name : str
        "crystals", or a real set, of which the first draw is taken.
    smoke : bool
        Tiny ones.

    Returns
    -------
    list of TrainingImage or None
        None where the set is not.
    """
    if name == "crystals":
        side = 160 if smoke else 768
        made = {f"made{seed}": crystal_image(seed, (side, side)) for seed in range(IMAGES)}
        return [TrainingImage(key, image[None], labels) for key, (image, labels) in made.items()]
    real = open_set(name)
    if real is None:
        return None
    return [TrainingImage(n, real.image(n), real.mask(n)) for n in real.draw(IMAGES, seed=0)]


def plan_for(model: Model, image: Array, settings: PredictSettings) -> Plan:
    """Plan as the command line does for a file of one plane.

    Parameters
    ----------
    model : Model
        The model.
    image : (C, Y, X) ndarray
        The plane.
    settings : PredictSettings
        What the user asked for.

    Returns
    -------
    Plan
        Frozen.
    """
    plane = ArrayPlane(image)
    return make_plan(model, plane, for_file(model.info.normalization, measure([plane])), settings)


def dice_of(model: Model, real: RealSet, tests: int, device: str) -> float | None:
    """Predict test images and compare them with their truth.

    Parameters
    ----------
    model : Model
        The model.
    real : RealSet
        Whose test images.
    tests : int
        How many of them at most, the first ones.
    device : str
        Where to predict.

    Returns
    -------
    float or None
        Dice pooled over all pixels per class, mean without background; None without any.
    """
    tally = DiceTally()
    for name in real.test[:tests]:
        image = real.image(name)
        plan = plan_for(model, image, PredictSettings(device=device))
        job = Predictor(model, plan).predict(ArrayPlane(image), Wanted(uncertainty=False))
        prediction = result_of(job)
        if prediction is not None:
            tally.add(prediction.labels, real.mask(name))
    return tally.finish().mean


def trained_for(run: Run, names: Sequence[str]) -> dict[str, Model]:
    """Return a model for each set that is there, and say which are not.

    Parameters
    ----------
    run : Run
        The call.
    names : sequence of str
        Sets.

    Returns
    -------
    dict of str to Model
        By set.
    """
    device = str(run.stamp["device"])
    found = {n: trained(n, run.scratch, smoke=run.smoke, device=device) for n in names}
    for name in [n for n, model in found.items() if model is None]:
        run.say(f"{name} is not there, see SEGLOOP_DATA; its rows stay missing")
    return {name: model for name, model in found.items() if model is not None}


def settle(device: str) -> Callable[[], None]:
    """Return a function that waits until a device has finished.

    Parameters
    ----------
    device : str
        Kind of device.

    Returns
    -------
    callable
        Waits.
    """
    chosen = choose_device(device)
    return lambda: synchronize(chosen)
