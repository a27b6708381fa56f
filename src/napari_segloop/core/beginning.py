"""What the network starts from: general microscopy, everyday photos, zero, or one's own model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_segloop.core.errors import ModelError
from napari_segloop.core.events import Event, Notice
from napari_segloop.core.imagenet import build_pretrained
from napari_segloop.core.modelinfo import BASES
from napari_segloop.core.network import Architecture, build_network
from napari_segloop.core.starter import read_starter

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import nn

    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import TrainSettings


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """A network that is going to be taught.

    Parameters
    ----------
    network : torch.nn.Module
        On the CPU; not the start's own network.
    base : {"starter", "imagenet", "none", "model"}
        What it starts from in fact.
    """

    network: nn.Module
    base: str


def first_network(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, Beginning]:
    """Build the network that is going to be taught.

    Parameters
    ----------
    lesson : Lesson
        Gives channels and classes.
    settings : TrainSettings
        Gives encoder, and what to start from without a model or with ``afresh``.
    start : Model or None
        A model to improve; when the classes changed, all but its last layer is taken over, and
        nothing is with ``settings.afresh``.

    Returns
    -------
    Beginning
        The network and what it starts from.

    Yields
    ------
    Notice
        When the start is not what was asked for.

    Raises
    ------
    ModelError
        When the start is for another task or other channels.
    InputError
        When the encoder is unknown.
    """
    parts = architecture_of(lesson, settings, start)
    if start is not None:
        _check_start(start, lesson, settings)
    if start is None or settings.afresh:
        return (yield from _from_base(parts, settings.start))
    network = build_network(parts)
    if same_outputs(start, lesson):
        network.load_state_dict(start.network.state_dict())
        return Beginning(network, "model")
    kept = {k: v for k, v in start.network.state_dict().items() if "segmentation_head" not in k}
    network.load_state_dict(kept, strict=False)
    yield Notice(
        f"The classes changed from {list(start.info.values)} to {list(lesson.values)}: the last "
        "layer starts anew and the two models are not compared."
    )
    return Beginning(network, "model")


def _from_base(parts: Architecture, wanted: str) -> Generator[Event, None, Beginning]:
    """Start from what was asked for, else from general microscopy, else from zero; say which."""
    problems = list[str]()
    if wanted == "imagenet":
        pretrained, problem = build_pretrained(parts)
        if pretrained is not None:
            return Beginning(pretrained, wanted)
        problems.append(problem)
    network, base = build_network(parts), "none"
    if wanted != "none":
        problem = _give_starter(network, parts)
        problems += [problem] if problem else []
        base = "none" if problem else "starter"
    if problems:
        yield Notice(f"{' '.join(problems)} Training starts from {BASES[base]} instead.")
    return Beginning(network, base)


def _give_starter(network: nn.Module, parts: Architecture) -> str:
    """Give a network the starter weights; return why not, as one sentence."""
    try:
        starter = read_starter()
        if not starter.fits(parts):
            known = f"{starter.info.encoder} of depth {starter.info.depth}"
            return (
                f"The weights from general microscopy are for {known}, not for {parts.encoder} "
                f"of depth {parts.depth}."
            )
        starter.take_over(network)
    except ModelError as error:
        return str(error)
    return ""


def architecture_of(lesson: Lesson, settings: TrainSettings, start: Model | None) -> Architecture:
    """Return the network to build: as the model that is improved, else as the settings say.

    Parameters
    ----------
    lesson : Lesson
        Gives channels and classes.
    settings : TrainSettings
        How to train.
    start : Model or None
        A model to improve, or with ``settings.afresh`` only to be beaten.

    Returns
    -------
    Architecture
        Encoder, channels, outputs, depth.
    """
    source = settings if start is None or settings.afresh else start.info
    return Architecture(source.encoder, lesson.channels, lesson.outputs, source.depth)


def same_outputs(start: Model, lesson: Lesson) -> bool:
    """Say whether a model tells the same classes apart as a lesson teaches.

    Parameters
    ----------
    start : Model
        A model.
    lesson : Lesson
        Truth.

    Returns
    -------
    bool
        Only then can the two be compared.
    """
    return start.info.values == lesson.values and start.info.outputs == lesson.outputs


def _check_start(start: Model, lesson: Lesson, settings: TrainSettings) -> None:
    if start.info.task != settings.task:
        raise ModelError(
            f"a model for {settings.task} to start from",
            f"one for {start.info.task}",
            f"Train with --task {start.info.task}, or start from another model.",
        )
    if start.info.channels != lesson.channels:
        raise ModelError(
            f"a model for {lesson.channels} channel(s) to start from",
            f"one for {start.info.channels}",
            "Select channels with --channels, or start from another model.",
        )
