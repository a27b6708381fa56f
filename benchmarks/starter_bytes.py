"""What it costs to keep the starter weights as bytes: Dice on made scenes that taught nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from napari_segloop.core.eightbit import packed, unpacked
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.network import Architecture, build_network
from napari_segloop.samples.scenes import KINDS, scene
from scripts.starter import ENDS, FIRST, OUTPUTS, SIDE, USUAL

if TYPE_CHECKING:
    from torch import Tensor, nn

NAME = "starter_bytes"
STATE = "SEGLOOP_STARTER_STATE"
SCENES, SMOKE_SCENES = 12, 1  # of each kind
UNSEEN = 500_000  # seeds from here on taught nobody
SMOKE_SIDE = 96


def main() -> None:
    """Score the same network with its weights in full and as bytes, then write the table."""
    with open_run(NAME, "Score the starter weights in full and as bytes.") as run:
        keys = [{"kind": kind} for kind in KINDS]
        left = run.missing(keys)
        networks = _networks(run) if left else None
        if left and networks is None:
            run.say(f"{STATE} names no file of weights in full; its rows stay missing")
        for key in left if networks else ():
            run.add(**key, **_compare(networks, str(key["kind"]), smoke=run.smoke))
        update(run, section(keys))


def section(keys: list[Row]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Starter weights as bytes",
        f"{SCENES} scenes of each kind, {SIDE} x {SIDE} px, from seeds that taught nobody: Dice "
        "pooled over all pixels per class, mean without background, of the network as it was "
        "taught and with its weights as they lie in the package, a byte each and a scale for each "
        f"output channel. `{STATE}` names the weights in full, which the package has not. Target: "
        "at most .005 lost.",
        (
            Column("kind", value("kind")),
            Column("in full", number("full", 4)),
            Column("as bytes", number("bytes", 4)),
            Column("lost", number("lost", 4)),
        ),
        tuple(keys),
    )


def _networks(run: Run) -> tuple[nn.Module, nn.Module] | None:
    """Return the network in full and as bytes, both with the logits of all kinds."""
    parts = Architecture(USUAL.encoder, 1, sum(OUTPUTS), USUAL.depth)
    full, small = build_network(parts).eval(), build_network(parts).eval()
    if not run.smoke:
        place = os.environ.get(STATE)
        if place is None or not Path(place).exists():
            return None
        full.load_state_dict(torch.load(place, map_location="cpu", weights_only=True))
    state = full.state_dict()
    kept = packed(state)
    like = {name: state[name] for name in state if name in kept}
    small.load_state_dict(state | unpacked(kept, like))
    return full, small


@torch.inference_mode()
def _compare(networks: tuple[nn.Module, nn.Module], kind: str, *, smoke: bool) -> Row:
    place, side = list(KINDS).index(kind), SMOKE_SIDE if smoke else SIDE
    own = slice(ENDS[place] - OUTPUTS[place], ENDS[place])
    tallies = DiceTally(), DiceTally()
    for count in range(SMOKE_SCENES if smoke else SCENES):
        made = scene(FIRST + UNSEEN + count, (side, side), kind)
        image: Tensor = torch.from_numpy(made.image)[None, None]
        for network, tally in zip(networks, tallies, strict=True):
            tally.add(network(image)[0, own].argmax(0).numpy().astype("uint8"), made.labels)
    full, small = (float(tally.finish().mean or 0.0) for tally in tallies)
    return {"full": full, "bytes": small, "lost": full - small}


if __name__ == "__main__":
    main()
