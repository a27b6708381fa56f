"""How fast a whole prediction is: against the bare network, MONAI, and a plain tile loop.

Everyone starts from a uint16 image in memory and ends with uint8 labels and uint8 uncertainty in
memory, with the same weights.
"""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from monai.inferers import sliding_window_inference
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.clocks import Timed, interleave, ratio, typical
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Run, open_run
from benchmarks.models import plan_for, result_of, settle, trained_for
from benchmarks.sets import crystal_image
from napari_segloop.core.canvas import reduce_logits
from napari_segloop.core.devices import Format, choose_device, prepare
from napari_segloop.core.errormodel import ErrorModel
from napari_segloop.core.images import ArrayPlane, to_float
from napari_segloop.core.network import fold
from napari_segloop.core.predict import Predictor
from napari_segloop.core.prediction import Wanted
from napari_segloop.core.probing import time_calls
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.tiling import grid, up_to_grid

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.images import Array
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan

NAME = "predict_speed"
SIZES = ((2048, 2048), (1000, 1037), (1537, 2049), (3000, 1100), (1025, 1025))
QUICK_SIZES = SIZES[:2]
SMOKE_SIZES = ((200, 170),)
BARE_SIDES = (512, 576, 640, 768, 1024)
ROUNDS, QUICK_ROUNDS = 9, 5
QUICK_SECONDS = 100.0  # an image
WINDOW, MONAI_BATCH = 512, 4
LOOP_TILE, LOOP_HALO = 576, 32
CAREFUL = "ours with every tile twice / labels only"
TARGETS = {
    "bare network": 0.85,
    "what the tiles leave of the bare network": 0.95,
    "ours, labels only": 0.9,
    CAREFUL: 0.4,
    "plain loop, 576/32": 1.0,
    "MONAI .25 gaussian": 1.5,
    "MONAI .5 gaussian": 2.7,
    "MONAI .25, float32 as in its docs": 8.0,
}


def main() -> None:
    """Measure every image that has not all rows, then write the table."""
    with open_run(NAME, "Time whole predictions against other ways.") as run:
        sizes = SMOKE_SIZES if run.smoke else QUICK_SIZES if run.quick else SIZES
        left = run.missing(_keys(sizes))
        if left:
            model = trained_for(run, ["crystals"])["crystals"]
            for shape in [s for s in sizes if any(key["image"] == _text(s) for key in left)]:
                _measure(run, _Contest(model, shape, run))
        update(run, section(SMOKE_SIZES if run.smoke else SIZES))


def section(sizes: tuple[tuple[int, int], ...]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Whole prediction",
        "From a uint16 image in memory to uint8 labels and uint8 uncertainty in memory. *Ours / "
        "theirs* is how many times as fast ours is (T1, T2, T4 and T7 of the design). The bare "
        "network is ours, folded, in the same precision and layout, on resident tensors in its "
        "best tile of at least 512 px; what the tiles leave of it is what remains after the pixels "
        "that are computed twice. MONAI's `sliding_window_inference` takes windows of 512 px and "
        "our folded weights in our precision, but in the last row, where they are float32 as "
        "trained and four windows make a batch. *Every tile twice* is the most that `--quality "
        "careful` can cost: *ours* is careful there, *theirs* is labels only.",
        (
            Column("image", value("image")),
            Column("theirs", value("arm")),
            Column("ours / theirs", number("ratio", 2)),
            Column("target", lambda row: f">= {TARGETS[row['arm']]:g}"),
            Column("ours, Mpx/s", number("our_speed", 2)),
            Column("theirs, Mpx/s", number("speed", 2)),
            Column("ours, CPU s/Mpx", number("our_cpu", 2)),
            Column("theirs, CPU s/Mpx", number("cpu", 2)),
        ),
        tuple(_keys(sizes)),
    )


def _keys(sizes: tuple[tuple[int, int], ...]) -> list[dict[str, object]]:
    return [{"image": _text(shape), "arm": arm} for shape in sizes for arm in TARGETS]


def _text(shape: tuple[int, int]) -> str:
    return f"{shape[0]} x {shape[1]}"


def _measure(run: Run, contest: _Contest) -> None:
    """Time all arms in turn on one image and add their rows."""
    rounds = 1 if run.smoke else QUICK_ROUNDS if run.quick else ROUNDS
    limit = QUICK_SECONDS if run.quick else math.inf
    times = interleave(contest.arms(), rounds, settle(contest.plan.device), limit)
    ours, careful = times.pop("ours"), times.pop(CAREFUL)
    _add(run, contest, CAREFUL, (careful, times["ours, labels only"]), 1.0)
    for arm, theirs in times.items():
        _add(run, contest, arm, (ours, theirs), contest.work.get(arm, 1.0))
    geometry = "what the tiles leave of the bare network"
    work = contest.work["bare network"] * contest.useful_share()
    _add(run, contest, geometry, (ours, times["bare network"]), work)


def _add(
    run: Run, contest: _Contest, arm: str, times: tuple[list[Timed], list[Timed]], work: float
) -> None:
    """Add a row; ``work`` is how many times the image's pixels an arm went through."""
    (our, their), pixels = map(typical, times), contest.image.size / 1e6
    run.add(
        image=_text(contest.plan.shape),
        arm=arm,
        ratio=ratio(times[1], times[0]) / work,
        our_speed=pixels / our.wall,
        speed=work * pixels / their.wall,
        our_cpu=our.cpu / pixels,
        cpu=their.cpu / pixels / work,
        rounds=len(times[0]),
        planning_seconds=contest.planning,
        bare_tile=_text(contest.bare_tile),
        **contest.conditions(),
    )


class _Contest:
    """One image, our predictor, and everyone who is measured beside it."""

    def __init__(self, model: Model, shape: tuple[int, int], run: Run) -> None:
        self.model, self._smoke = model, run.smoke
        self.image: Array = crystal_image(100, shape)[0][None]
        started = time.perf_counter()
        settings = PredictSettings(device=str(run.stamp["device"]))
        self.plan: Plan = plan_for(model, self.image, settings)
        self.predictor = Predictor(model, self.plan)
        self.planning = time.perf_counter() - started
        always = replace(model, info=replace(model.info, errors=ErrorModel(careful_above=0.0)))
        twice = replace(self.plan, model=always.id, quality="careful")
        self.careful = Predictor(always, twice)
        self._device = choose_device(self.plan.device)
        self._format = Format(self.plan.precision, self.plan.layout)
        self._network = prepare(fold(model.network), self._format, self._device)
        self.bare_tile = self._best_tile()
        self.work = {
            "bare network": self._bare_calls() * math.prod(self.bare_tile) / self.image.size
        }

    def conditions(self) -> dict[str, object]:
        """Return what belongs to every row."""
        return {
            "precision": self.plan.precision,
            "layout": self.plan.layout,
            "encoder": f"{self.model.info.encoder}, depth {self.model.info.depth}",
            "tile": _text(self.plan.tile),
        }

    def useful_share(self) -> float:
        """Return the image's pixels relative to all that the tiles compute."""
        tiles = list(grid(self.plan.shape, self.plan.tile, self.plan.halo))
        return float(self.image.size / (len(tiles) * math.prod(self.plan.tile)))

    def arms(self) -> dict[str, Callable[[], object]]:
        """Return everyone, ours first."""
        window = 128 if self._smoke else WINDOW
        ours = _Peer(self._network, self._format, self.plan, self.model.info.temperature)
        plain = Format("float32", "contiguous")
        network = prepare(copy.deepcopy(self.model.network), plain, self._device)
        docs = _Peer(network, plain, self.plan, self.model.info.temperature)
        return {
            "ours": lambda: self._predict(Wanted()),
            "bare network": self._bare(),
            "ours, labels only": lambda: self._predict(Wanted(uncertainty=False)),
            CAREFUL: self._predict_twice,
            "plain loop, 576/32": lambda: ours.loop(self.image),
            "MONAI .25 gaussian": lambda: ours.monai(self.image, window, 0.25, "gaussian", 1),
            "MONAI .5 gaussian": lambda: ours.monai(self.image, window, 0.5, "gaussian", 1),
            "MONAI .25, float32 as in its docs": lambda: docs.monai(
                self.image, window, 0.25, "constant", MONAI_BATCH
            ),
        }

    def _predict(self, wanted: Wanted) -> object:
        return result_of(self.predictor.predict(ArrayPlane(self.image), wanted))

    def _predict_twice(self) -> object:
        """Predict with two passes of every tile."""
        return result_of(self.careful.predict(ArrayPlane(self.image), Wanted()))

    def _best_tile(self) -> tuple[int, int]:
        """Time the bare network on tiles of at least 512 px and keep the fastest."""
        if self._smoke:
            return self.plan.tile
        sides = {(side, side) for side in BARE_SIDES} | {self.plan.tile}
        wide = [tile for tile in sorted(sides) if min(tile) >= min(BARE_SIDES)]

        def pace(tile: tuple[int, int]) -> float:
            return time_calls(self._forward(tile), self._device) / math.prod(tile)

        return min(wide, key=pace)

    def _forward(self, tile: tuple[int, int]) -> Callable[[], object]:
        layout = self._format.memory_format
        window = torch.randn(1, self.image.shape[0], *tile, device=self._device)
        resident = window.to(self._format.dtype, memory_format=layout)

        def call() -> Tensor:
            with torch.inference_mode():
                logits: Tensor = self._network(resident)
            return logits

        return call

    def _bare_calls(self) -> int:
        return max(1, round(self.image.size / math.prod(self.bare_tile)))

    def _bare(self) -> Callable[[], object]:
        forward, calls = self._forward(self.bare_tile), self._bare_calls()
        return lambda: [forward() for _ in range(calls)]


@dataclass(frozen=True, slots=True, eq=False)
class _Peer:
    """Other people's ways to predict a plane with a network."""

    network: nn.Module
    format: Format
    plan: Plan
    temperature: float

    def monai(self, image: Array, side: int, overlap: float, mode: str, batch: int) -> list[Array]:
        """Blend overlapping windows."""
        with torch.inference_mode():
            logits = sliding_window_inference(
                self._whole(image), (side, side), batch, self._forward, overlap=overlap, mode=mode
            )
            return self._reduced(logits[0])

    def loop(self, image: Array) -> list[Array]:
        """Cut tiles with a halo from the padded image, and keep their middles."""
        _, rows, columns = image.shape
        step, halo = LOOP_TILE - 2 * LOOP_HALO, LOOP_HALO
        beyond = [halo + -n % step for n in (rows, columns)]
        with torch.inference_mode():
            whole = self._whole(image)
            padded = functional.pad(whole, (halo, beyond[1], halo, beyond[0]), mode="replicate")
            size = rows + -rows % step, columns + -columns % step
            logits = torch.zeros(self._outputs(), *size, device=whole.device)
            for y in range(0, size[0], step):
                for x in range(0, size[1], step):
                    tile = padded[..., y : y + LOOP_TILE, x : x + LOOP_TILE]
                    inner = self._forward(tile)[0, :, halo : halo + step, halo : halo + step]
                    logits[:, y : y + step, x : x + step] = inner
            return self._reduced(logits[:, :rows, :columns])

    def _whole(self, image: Array) -> Tensor:
        values = self.plan.normalization.apply(to_float(image)[0])
        return torch.from_numpy(values)[None].to(choose_device(self.plan.device), self.format.dtype)

    def _forward(self, windows: Tensor) -> Tensor:
        sides = windows.shape[-2:]
        beyond = [up_to_grid(n) - n for n in sides]
        padded = functional.pad(windows, (0, beyond[1], 0, beyond[0]))
        logits: Tensor = self.network(padded.contiguous(memory_format=self.format.memory_format))
        return logits[..., : sides[0], : sides[1]]

    def _reduced(self, logits: Tensor) -> list[Array]:
        return [np.asarray(part.cpu()) for part in reduce_logits(logits, self.temperature)]

    def _outputs(self) -> int:
        last = [module for module in self.network.modules() if isinstance(module, nn.Conv2d)][-1]
        return last.out_channels


if __name__ == "__main__":
    main()
