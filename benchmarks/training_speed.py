"""How much of the training loop is the network, and how fast a step is against plain float32.

The loop is `fit` itself, stopped and continued in turns with bare steps; where the rest of its
time goes is overheard while it runs.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

import segmentation_models_pytorch as smp
import torch

from benchmarks.classwork import PARTS, Bare, Loop, Overheard, cross_entropy
from benchmarks.clocks import Timed, interleave, ratio, timed, typical
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.models import SMOKE, settle
from napari_segloop.core.devices import Format, prepare
from napari_segloop.core.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


NAME = "training_speed"
RATIOS = {
    "bare step": ">= 0.9",
    "bare step, without scoring": "",
    "float32 step, same network": ">= 2.5 with AMX",
    "float32 step, smp.Unet as it comes": "",
}
KEYS = tuple({"arm": arm} for arm in (*RATIOS, *PARTS))


@dataclass(frozen=True, slots=True)
class Size:
    """How long to measure: steps that warm up, turns, and steps a turn."""

    warm: int
    turns: int
    chunk: int

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.warm + self.turns * self.chunk


FULL, QUICK, TINY = Size(4, 16, 10), Size(4, 8, 10), Size(1, 2, 2)


def main() -> None:
    """Measure unless all rows are there, then write the table."""
    with open_run(NAME, "Time training against bare steps and float32.") as run:
        if run.missing(KEYS):
            _measure(run)
        update(run, section())


def section() -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Training",
        "*Bare step*: forward, cross-entropy, backward and optimiser of the same network, "
        "precision, optimiser, batch and patch on resident tensors (R1 of the design); ours is "
        "`fit` to its end, scorings included. *Float32 step*: contiguous layout, cross-entropy and "
        "AdamW, against one step of ours on resident tensors (R2). The shares are those of the "
        "whole loop.",
        (
            Column("theirs", value("arm")),
            Column("ours / theirs", number("ratio", 2)),
            Column("target", lambda row: RATIOS.get(row["arm"], "")),
            Column("ours, steps/s", number("our_speed", 3)),
            Column("theirs, steps/s", number("speed", 3)),
            Column("ours, CPU s/step", number("our_cpu", 2)),
            Column("theirs, CPU s/step", number("cpu", 2)),
            Column("share of the loop, %", number("percent", 1)),
        ),
        KEYS,
    )


def _measure(run: Run) -> None:
    size = TINY if run.smoke else QUICK if run.quick else FULL
    asked = SMOKE if run.smoke else TrainSettings(seconds=1)
    device = str(run.stamp["device"])
    settings = replace(asked, steps=size.steps, seconds=None, device=device)
    loop, overheard = Loop(settings, run), Overheard()
    with overheard.listening():
        loop.advance(size.warm)
        overheard.seconds.clear()
        bare = Bare(overheard, settle(device))
        pairs = [_turn(loop, bare, size.chunk) for _ in range(size.turns)]
        end = timed(loop.finish, settle(device))
    conditions = _conditions(settings, overheard)
    loops, bares = zip(*pairs, strict=True)
    whole = Timed(sum(t.wall for t in loops) + end.wall, sum(t.cpu for t in loops) + end.cpu)
    steps = size.turns * size.chunk
    _add_loop(run, (whole, loops, bares), steps, conditions)
    _add_parts(run, overheard, whole.wall, conditions)
    _add_steps(run, bare, size.turns, conditions)


def _turn(loop: Loop, bare: Bare, chunk: int) -> tuple[Timed, Timed]:
    return timed(lambda: loop.advance(chunk), bare.settle), bare.time(chunk)


def _conditions(settings: TrainSettings, overheard: Overheard) -> Row:
    return {
        "precision": overheard.arguments[2],
        "encoder": f"{settings.encoder}, depth {settings.depth}",
        "tile": f"{settings.batch} patches of {settings.patch} px",
        "steps": settings.steps,
    }


def _add_loop(
    run: Run,
    times: tuple[Timed, tuple[Timed, ...], tuple[Timed, ...]],
    steps: int,
    conditions: Row,
) -> None:
    """Add both rows that compare the loop with bare steps."""
    whole, loops, bares = times
    bare = Timed(sum(t.wall for t in bares), sum(t.cpu for t in bares))
    for arm, found, ours in (
        ("bare step", bare.wall / whole.wall, whole),
        ("bare step, without scoring", _median_ratio(bares, loops), None),
    ):
        run.add(
            arm=arm,
            ratio=found,
            our_speed=steps / ours.wall if ours else None,
            speed=steps / bare.wall,
            our_cpu=ours.cpu / steps if ours else None,
            cpu=bare.cpu / steps,
            **conditions,
        )


def _median_ratio(bares: tuple[Timed, ...], loops: tuple[Timed, ...]) -> float:
    return median(bare.wall / loop.wall for bare, loop in zip(bares, loops, strict=True))


def _add_parts(run: Run, overheard: Overheard, seconds: float, conditions: Row) -> None:
    """Add a row for each part of the loop."""
    parts = {part: overheard.seconds[part] for part in PARTS[:-1]}
    parts[PARTS[-1]] = seconds - sum(parts.values())
    for part, spent in parts.items():
        run.add(arm=part, percent=100 * spent / seconds, **conditions)


def _add_steps(run: Run, bare: Bare, turns: int, conditions: Row) -> None:
    """Add both rows that compare our step with float32."""
    own = bare.network
    default = smp.Unet(
        conditions["encoder"].partition(",")[0],
        encoder_weights=None,
        in_channels=bare.batch.images.shape[1],
        classes=own.segmentation_head[0].out_channels,
    )
    plain = {"float32 step, same network": own, "float32 step, smp.Unet as it comes": default}
    arms = {name: _float32_step(network, bare) for name, network in plain.items()}
    times = interleave({"ours": bare.ours} | arms, turns, bare.settle)
    for arm in arms:
        our, their = typical(times["ours"]), typical(times[arm])
        run.add(
            arm=arm,
            ratio=ratio(times[arm], times["ours"]),
            our_speed=1 / our.wall,
            speed=1 / their.wall,
            our_cpu=our.cpu,
            cpu=their.cpu,
            **conditions,
        )


def _float32_step(network: nn.Module, bare: Bare) -> Callable[[], object]:
    """Return a step as a plain loop in torch's defaults takes it."""
    device = bare.batch.images.device
    ready = prepare(copy.deepcopy(network).train(), Format("float32", "contiguous"), device)
    images = bare.batch.images.contiguous()
    optimizer = torch.optim.AdamW(ready.parameters())

    def step() -> float:
        loss = cross_entropy(ready(images), bare.batch.truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


if __name__ == "__main__":
    main()
