"""What the network starts from: zero, ImageNet, or a model of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import ModelError
from napari_segloop.core.events import Event, Notice
from napari_segloop.core.network import Architecture, build_network, build_pretrained

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import nn

    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import TrainSettings


def first_network(
    lesson: Lesson, settings: TrainSettings, start: Model | None
) -> Generator[Event, None, nn.Module]:
    """Build the network that is going to be taught.

    Parameters
    ----------
    lesson : Lesson
        Gives channels and classes.
    settings : TrainSettings
        Gives encoder and whether to fetch ImageNet weights.
    start : Model or None
        A model to improve; when the classes changed, all but its last layer is taken over, and
        nothing is with ``settings.afresh``.

    Returns
    -------
    torch.nn.Module
        On the CPU; not the start's own network.

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
    if settings.pretrained and (start is None or settings.afresh):
        network, problem = build_pretrained(architecture_of(lesson, settings, start))
        if problem:
            yield Notice(problem)
        return network
    network = build_network(architecture_of(lesson, settings, start))
    if start is None:
        return network
    _check_start(start, lesson, settings)
    if settings.afresh:
        return network
    if same_outputs(start, lesson):
        network.load_state_dict(start.network.state_dict())
        return network
    kept = {k: v for k, v in start.network.state_dict().items() if "segmentation_head" not in k}
    network.load_state_dict(kept, strict=False)
    yield Notice(
        f"The classes changed from {list(start.info.values)} to {list(lesson.values)}: the last "
        "layer starts anew and the two models are not compared."
    )
    return network


def architecture_of(lesson: Lesson, settings: TrainSettings, start: Model | None) -> Architecture:
    """Return the network to build: encoder and depth of the start model, else of the settings.

    Parameters
    ----------
    lesson : Lesson
        Gives channels and classes.
    settings : TrainSettings
        How to train.
    start : Model or None
        A model to improve.

    Returns
    -------
    Architecture
        Encoder, channels, outputs, depth.
    """
    source = start.info if start else settings
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
