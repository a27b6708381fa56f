"""How fast the network is as it is deployed: against the same weights as smp gives them.

Each instruction set is measured in a process of its own, since oneDNN reads its limit once. The
same weights in float32, and smp's own default network, take turns with ours on one tile.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import segmentation_models_pytorch as smp
import torch

from benchmarks.clocks import interleave, ratio, typical
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import ROOT, Run, open_run
from benchmarks.models import plan_for, settle, trained
from benchmarks.sets import crystal_image
from napari_segloop.core.devices import Format, choose_device, prepare, set_threads
from napari_segloop.core.images import to_float
from napari_segloop.core.network import fold
from napari_segloop.core.settings import PredictSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from napari_segloop.core.modelfile import Model

NAME = "network_speed"
LIMITS = ("all", "AVX2")
ARMS = ("same weights, float32", "smp.Unet as it comes, float32")
SIDE, SMOKE_SIDE = 512, 64
ROUNDS, QUICK_ROUNDS = 25, 9
FAST = ("amx", "cuda", "mps")
TARGET_FAST, TARGET_PLAIN = 5.0, 1.3


def main() -> None:
    """Measure each instruction set that has not all rows, then write the table."""
    with open_run(NAME, "Time the deployed network against float32.") as run:
        limits = LIMITS[1:] if run.smoke else LIMITS
        keys = [{"instructions": limit, "arm": arm} for limit in limits for arm in ARMS]
        for limit in dict.fromkeys(key["instructions"] for key in run.missing(keys)):
            for row in _in_child(run, limit):
                run.add(instructions=limit, **row)
        update(run, section(keys))


def section(keys: list[dict[str, str]]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Network as deployed",
        "One tile of 512 x 512 px, resident, batch 1: our folded network in the precision and "
        "layout that a plan chooses, against the same weights unfolded in float32 and contiguous "
        'layout, and against `smp.Unet("resnet34")`, which is one level deeper (T3 of the '
        "design). *AVX2* is the same processor with `ONEDNN_MAX_CPU_ISA=AVX2`.",
        (
            Column("instructions", value("instructions")),
            Column("theirs", value("arm")),
            Column("ours / theirs", number("ratio", 2)),
            Column("target", _target),
            Column("our precision", value("precision")),
            Column("ours, Mpx/s", number("our_speed", 2)),
            Column("theirs, Mpx/s", number("speed", 2)),
            Column("ours, CPU s/Mpx", number("our_cpu", 2)),
            Column("theirs, CPU s/Mpx", number("cpu", 2)),
        ),
        tuple(keys),
    )


def _target(row: dict[str, str]) -> str:
    described = f"{row['processor']} {row['device']}".lower()
    fast = row["instructions"] == "all" and any(name in described for name in FAST)
    return f">= {TARGET_FAST if fast else TARGET_PLAIN}"


def _in_child(run: Run, limit: str) -> list[dict[str, object]]:
    """Measure with another limit of oneDNN's instruction sets."""
    call = f"import {__spec__.name} as b; b.measure({str(run.scratch)!r}, {run.quick}, {run.smoke})"
    environment = dict(os.environ) | ({} if limit == "all" else {"ONEDNN_MAX_CPU_ISA": limit})
    command = [sys.executable, "-c", call]
    answer = subprocess.check_output(command, cwd=ROOT, env=environment, text=True)
    rows: list[dict[str, object]] = json.loads(answer.splitlines()[-1])
    return rows


def measure(scratch: str, quick: bool, smoke: bool) -> None:
    """Time all networks in this process and print rows as JSON.

    Parameters
    ----------
    scratch : str
        Where the trained model is kept.
    quick, smoke : bool
        As in `Run`.
    """
    device = os.environ.get("SEGLOOP_DEVICE", "cpu")
    set_threads(None)
    model = trained("crystals", Path(scratch), smoke=smoke, device=device)
    if model is None:
        raise ValueError(scratch)
    side = SMOKE_SIDE if smoke else SIDE
    image = crystal_image(100, (side, side))[0][None]
    plan = plan_for(model, image, PredictSettings(device=device))
    window = torch.from_numpy(plan.normalization.apply(to_float(image)[0]))[None]
    deployed = Format(plan.precision, plan.layout)
    networks = {"ours": (fold(model.network), deployed)} | _peers(model)
    arms = {name: _forward(*pair, window, device) for name, pair in networks.items()}
    rounds = 2 if smoke else QUICK_ROUNDS if quick else ROUNDS
    times = interleave(arms, rounds, settle(device))
    pixels = side * side / 1e6
    our = typical(times["ours"])
    rows = [
        {
            "arm": arm,
            "ratio": ratio(times[arm], times["ours"]),
            "our_speed": pixels / our.wall,
            "speed": pixels / typical(times[arm]).wall,
            "our_cpu": our.cpu / pixels,
            "cpu": typical(times[arm]).cpu / pixels,
            "precision": plan.precision,
            "layout": plan.layout,
            "encoder": f"{model.info.encoder}, depth {model.info.depth}",
            "tile": f"{side} x {side}",
        }
        for arm in ARMS
    ]
    print(json.dumps(rows))


def _peers(model: Model) -> dict[str, tuple[nn.Module, Format]]:
    plain = Format("float32", "contiguous")
    info = model.info
    default = smp.Unet(
        info.encoder, encoder_weights=None, in_channels=info.channels, classes=info.outputs
    )
    return {ARMS[0]: (copy.deepcopy(model.network), plain), ARMS[1]: (default, plain)}


def _forward(
    network: nn.Module, number_format: Format, window: Tensor, device: str
) -> Callable[[], object]:
    chosen = choose_device(device)
    ready = prepare(network.eval(), number_format, chosen)
    resident = window.to(chosen, number_format.dtype, memory_format=number_format.memory_format)

    def call() -> object:
        with torch.inference_mode():
            return ready(resident)

    return call


if __name__ == "__main__":
    main()
