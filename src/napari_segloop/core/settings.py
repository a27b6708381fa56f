"""Settings of the two torch jobs, frozen and self-checking.

Numbers and names only: no images, no paths, no layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_segloop.core.errors import InputError

TASKS = ("classes", "objects")
DEVICES = ("auto", "cpu", "cuda", "mps")
DEPTHS = (3, 4, 5)
QUALITIES = ("fast", "careful")
STARTS = ("starter", "imagenet", "none")
RULES = ("between", "training", "file", "percentile")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How to train.

    Parameters
    ----------
    task : {"classes", "objects"}
        Whether label values are classes or the ids of single objects.
    encoder : str
        Any encoder that segmentation-models-pytorch knows.
    depth : int
        How many times the encoder halves the image, 3 to 5.
    start : {"starter", "imagenet", "none"}
        What the first network, and what is learnt again, starts from: general microscopy,
        everyday photos (which needs a network once), or zero.
    afresh : bool
        Learn again from all: a model to start from only has to be beaten.
    steps : int, optional
        Number of optimiser steps; fixed from `seconds` when not given.
    seconds : float, optional
        Wall time for the whole job, scoring included.
    seed : int
        Fixes weights, patches and augmentation.
    ignore : int, optional
        A label value that is never truth.
    patch, batch : int
        Patch side in pixels, a multiple of 32, and patches a step.
    learning_rate : float
        Largest learning rate of the one-cycle schedule.
    normalization : {"between", "training", "file", "percentile"}
        The rule of :mod:`napari_segloop.core.normalize`.
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    threads : int, optional
        Processor threads; all when not given.
    axes : str, optional
        Stored axes named by the user; kept in the model.
    channels : tuple of int, optional
        Channels selected by the user; kept in the model.
    author : str
        Who teaches, as they call themselves; kept in the model.

    Raises
    ------
    InputError
        When a value makes no sense.
    """

    task: str = "classes"
    encoder: str = "resnet34"
    depth: int = 4
    start: str = "starter"
    afresh: bool = False
    steps: int | None = None
    seconds: float | None = None
    seed: int = 0
    ignore: int | None = None
    patch: int = 192
    batch: int = 4
    learning_rate: float = 3e-3
    normalization: str = "between"
    device: str = "auto"
    threads: int | None = None
    axes: str | None = None
    channels: tuple[int, ...] | None = None
    author: str = ""

    def __post_init__(self) -> None:
        _check_name("task", self.task, TASKS)
        _check_name("start", self.start, STARTS)
        _check_name("device", self.device, DEVICES)
        _check_name("normalization rule", self.normalization, RULES)
        _check_positive("number of steps", self.steps)
        _check_positive("time in seconds", self.seconds)
        _check_positive("number of threads", self.threads)
        _check_positive("number of patches a step", self.batch)
        _check_positive("learning rate", self.learning_rate)
        if (self.steps is None) == (self.seconds is None):
            raise InputError(
                "either a number of steps or a time",
                "both" if self.steps else "neither",
                "Give --steps or --minutes.",
            )
        if self.depth not in DEPTHS:
            raise InputError("a depth from 3 to 5", f"{self.depth}", "Use 4.")
        if self.patch < 32 or self.patch % 32:
            raise InputError(
                "a patch side that is a multiple of 32 pixels", f"{self.patch}", "Use 256."
            )
        if self.batch * (self.patch // 32) ** 2 < 2:
            raise InputError(
                "patches that leave BatchNorm more than one value per channel",
                f"{self.batch} of {self.patch} pixels",
                "Use larger patches or more of them.",
            )
        if not 0 <= self.seed < 2**63:
            raise InputError("a seed from 0 to 2^63 - 1", f"{self.seed}", "Use 0.")


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """How to predict.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}
        Where to compute.
    threads : int, optional
        Processor threads; all when not given.
    exact : bool
        Float32 and a halo as wide as the receptive field: what one pass over the whole image
        would give, at several times the cost.
    largest_tile : int, optional
        Upper limit of a tile's side in pixels, halo included.
    precision : {"float32", "bfloat16", "float16"}, optional
        Number format; the fastest that agrees when not given.
    quality : {"fast", "careful"}
        One pass; or two, the second turned round, over tiles that the network is not sure of: their
        mean is a little better, and finds its errors better.

    Raises
    ------
    InputError
        When a value makes no sense.
    """

    device: str = "auto"
    threads: int | None = None
    exact: bool = False
    largest_tile: int | None = None
    precision: str | None = None
    quality: str = "fast"

    def __post_init__(self) -> None:
        _check_name("device", self.device, DEVICES)
        _check_name("quality", self.quality, QUALITIES)
        _check_positive("number of threads", self.threads)
        if self.precision is not None:
            _check_name("precision", self.precision, ("float32", "bfloat16", "float16"))
        if self.largest_tile is not None and self.largest_tile < 320:
            raise InputError("a tile of at least 320 pixels", f"{self.largest_tile}", "Use 1024.")


def _check_name(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"a {what} among {', '.join(allowed)}", repr(value), "Choose one of them.")


def _check_positive(what: str, value: float | None) -> None:
    if value is not None and not 0 < value < math.inf:
        raise InputError(f"a {what} above 0", f"{value}", "Give another number.")
