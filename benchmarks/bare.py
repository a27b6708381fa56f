"""The bare network on what a view depends on, in a process of its own that is asked for its time.

So that a viewer's process, which must not import torch, can measure beside it. Knows no window.
"""

from __future__ import annotations

import multiprocessing
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

    from napari_segloop.core.images import Array

Box = tuple[int, int, int, int]


class Bare:
    """A context in which the bare network can be timed.

    Parameters
    ----------
    path : Path
        A model file.
    image : (C, Y, X) ndarray
        The plane.
    view : tuple of int
        Top, left, bottom, right.

    Attributes
    ----------
    tiles : int
        Of the view with its surroundings, as the engine plans them.
    tile : str
        Their size.
    """

    def __init__(self, path: Path, image: Array, view: Box) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, path, image, view))
        self.tiles, self.tile = 0, ""

    def __enter__(self) -> Self:
        self._process.start()
        self.tiles, self.tile = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(False)
        self._process.join()

    def seconds(self) -> float:
        """Time one pass over all tiles.

        Returns
        -------
        float
            Wall time.
        """
        self._pipe.send(True)
        seconds: float = self._pipe.recv()
        return seconds


def serve(pipe: Connection, path: Path, image: Array, view: Box) -> None:
    """Answer each wish with the time of one pass, until False comes.

    Parameters
    ----------
    pipe : Connection
        To the viewer's process.
    path : Path
        A model file.
    image : (C, Y, X) ndarray
        The plane.
    view : tuple of int
        Top, left, bottom, right.
    """
    import torch  # noqa: PLC0415  # in this process only

    from benchmarks.models import plan_for  # noqa: PLC0415
    from napari_segloop.core.devices import Format, choose_device, prepare  # noqa: PLC0415
    from napari_segloop.core.modelfile import load_model  # noqa: PLC0415
    from napari_segloop.core.network import fold  # noqa: PLC0415
    from napari_segloop.core.planning import HALO  # noqa: PLC0415
    from napari_segloop.core.settings import PredictSettings  # noqa: PLC0415
    from napari_segloop.core.tiling import grid, surroundings  # noqa: PLC0415
    from napari_segloop.engine.process import lower_priority  # noqa: PLC0415
    from napari_segloop.session.predicting import SEEN_TILE  # noqa: PLC0415

    lower_priority()  # as the engine, so that both suffer alike
    model = load_model(path)
    top, left, bottom, right = surroundings(view, image.shape[1:], HALO)
    part = image[:, top:bottom, left:right]
    plan = plan_for(model, part, PredictSettings(largest_tile=SEEN_TILE))
    formats, device = Format(plan.precision, plan.layout), choose_device(plan.device)
    network = prepare(fold(model.network), formats, device)
    count = len(list(grid(plan.shape, plan.tile, plan.halo)))
    window = torch.randn(1, image.shape[0], *plan.tile, device=device)
    resident = window.to(formats.dtype, memory_format=formats.memory_format)
    pipe.send((count, f"{plan.tile[0]} x {plan.tile[1]}"))
    while pipe.recv():
        began = time.perf_counter()
        with torch.inference_mode():
            for _ in range(count):
                network(resident)
        pipe.send(time.perf_counter() - began)
