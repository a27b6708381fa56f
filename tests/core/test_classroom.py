"""A step asks its device for nothing but the loss, so that a graphics processor never runs dry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from torch.utils._python_dispatch import TorchDispatchMode

from napari_segloop.core.classroom import Classroom
from napari_segloop.core.lesson import TrainingImage, prepare_lesson
from napari_segloop.core.network import Architecture, build_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch._ops import OpOverload

    from napari_segloop.core.settings import TrainSettings

pytestmark = pytest.mark.usefixtures("one_thread")
WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique")


class Listening(TorchDispatchMode):
    """Notes the names of operations for which a processor has to wait for its device."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = list[str]()

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        name = func.overloadpacket.__name__
        if name.startswith(WAITS):
            self.waits.append(name)
        return func(*args, **(kwargs or {}))


def test_a_step_waits_for_the_loss_alone(
    discs: Callable[..., Any], quick: Callable[..., TrainSettings]
) -> None:
    image, ids = discs(0)
    taught = [TrainingImage("a", image, (ids > 0).astype(np.uint8))]
    lesson = prepare_lesson(taught, quick())
    network = build_network(Architecture("resnet18", 1, 2, 3))
    classroom = Classroom(network, lesson, quick(), "float32")
    classroom.step(0, 2)
    with Listening() as heard:
        classroom.step(1, 2)
    assert heard.waits == ["_local_scalar_dense"]
