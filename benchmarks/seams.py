"""Whether tiles and rounding can be seen in the result: against one float32 pass over the image.

Small tiles are forced, so that there are many borders. The model is really trained: an untrained
network has no margin that rounding could cross or not cross.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Run, open_run
from benchmarks.models import plan_for, result_of, trained_for
from benchmarks.sets import crystal_image, open_set
from napari_segloop.core.devices import Format, choose_device, prepare
from napari_segloop.core.images import ArrayPlane, to_float
from napari_segloop.core.predict import Predictor
from napari_segloop.core.settings import PredictSettings
from napari_segloop.core.tiling import fit_tile, grid, up_to_grid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.core.images import Array, Labels, Mask
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.plan import Plan
    from napari_segloop.core.tiling import Tile

NAME = "seams"
SETS = ("ads_sem_myelin", "crystals")
TILE, EXACT_TILE, SMOKE_TILE = 576, 1280, 320
BAND = 4  # pixels on each side of a border: a band of eight
TOLERANCE = 1e-4  # of the largest logit
LEAST_PIXELS = 1_000_000


@dataclass(frozen=True, slots=True)
class Arm:
    """A way to predict that differs from one float32 pass over the whole image."""

    name: str
    halo: int | None = None
    small: bool = True
    float32: bool = False
    exact: bool = False


ARMS = (
    Arm("as planned", small=False),
    Arm("small tiles"),
    Arm("small tiles, halo 32", 32),
    Arm("small tiles, halo 64", 64),
    Arm("small tiles, halo 96", 96),
    Arm("small tiles, halo 32, float32", 32, float32=True),
    Arm("exact", exact=True),
)


def main() -> None:
    """Measure every set and arm that has no row, then write the table."""
    with open_run(NAME, "Compare tiled predictions with one pass over the image.") as run:
        sets = SETS[1:] if run.smoke else SETS
        keys = [{"set": name, "arm": arm.name} for name in sets for arm in ARMS]
        left = run.missing(keys)
        models = trained_for(run, list(dict.fromkeys(str(key["set"]) for key in left)))
        for name, model in models.items():
            names = {key["arm"] for key in left if key["set"] == name}
            _measure(run, name, model, [arm for arm in ARMS if arm.name in names])
        update(run, section(keys))


def section(keys: list[dict[str, str]]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Seams and rounding",
        "Tiled prediction against one float32 pass over the whole image, on test images of more "
        "than one megapixel, pooled (T5 of the design). *IoU* is the mean over the classes without "
        "background, target at least .995; *band / elsewhere* is the share of pixels that differ "
        "in a band of 8 px round the borders of tiles, divided by that share elsewhere, target at "
        "most 1.5. *Logits* is the largest difference of a logit, relative to the largest logit "
        "(exact mode: target at most 1e-4); *beyond margin* counts pixels whose label differs "
        "although the margin between the two largest logits is above 1e-4 of the largest (exact "
        "mode: target 0).",
        (
            Column("set", value("set")),
            Column("arm", value("arm")),
            Column("IoU", number("iou", 5)),
            Column("band / elsewhere", number("band_ratio", 2)),
            Column("differ in band, %", number("band_percent", 4)),
            Column("differ elsewhere, %", number("elsewhere_percent", 4)),
            Column("logits", lambda row: f"{row['logit_difference']:.1e}"),
            Column("beyond margin", value("beyond_margin")),
            Column("borders", value("borders")),
            Column("tile", value("tile")),
            Column("halo", value("halo")),
            Column("precision", value("precision")),
        ),
        tuple(keys),
    )


def _measure(run: Run, name: str, model: Model, arms: list[Arm]) -> None:
    """Add a row for each arm, pooled over the set's images."""
    tallies = {arm.name: _Tally(model.info.outputs) for arm in arms}
    plans: dict[str, Plan] = {}
    usual: Plan | None = None
    for image in _images(run, name):
        usual = usual or plan_for(model, image, PredictSettings(device=str(run.stamp["device"])))
        for arm in arms:
            plan = plans[arm.name] = _plan(model, image, arm, (usual, run.smoke))
            tallies[arm.name].add(*_predict(model, plan, image), _whole(model, plan, image), plan)
    for arm_name, tally in tallies.items():
        _add(run, name, arm_name, tally, (model, plans[arm_name]))


def _plan(model: Model, image: Array, arm: Arm, usual: tuple[Plan, bool]) -> Plan:
    """Plan one arm; but for what it is about it is as usual."""
    plan, smoke = usual
    small = SMOKE_TILE if smoke else EXACT_TILE if arm.exact else TILE
    precision = None if arm.exact else "float32" if arm.float32 else plan.precision
    largest = small if arm.small else None
    settings = PredictSettings(plan.device, None, arm.exact, largest, precision)
    planned = plan_for(model, image, settings)
    if arm.halo is None:
        return planned
    return replace(planned, halo=arm.halo, tile=fit_tile(planned.shape, small, arm.halo))


def _add(run: Run, name: str, arm: str, tally: _Tally, origin: tuple[Model, Plan]) -> None:
    model, plan = origin
    run.add(
        set=name,
        arm=arm,
        **tally.finish(),
        precision=plan.precision,
        tile=f"{plan.tile[0]} x {plan.tile[1]}",
        halo=plan.halo,
        encoder=f"{model.info.encoder}, depth {model.info.depth}",
        model=model.id[:12],
        model_score=model.info.score,
    )


def _images(run: Run, name: str) -> Iterator[Array]:
    """Yield test images ``(C, Y, X)`` of at least a megapixel."""
    real = open_set(name)
    if name == "crystals" or real is None:
        shape = (450, 500) if run.smoke else (1400, 1300)
        yield crystal_image(100, shape)[0][None]
        return
    images = (real.image(each) for each in real.test)
    yield from (image for image in images if image[0].size >= LEAST_PIXELS)


def _whole(model: Model, plan: Plan, image: Array) -> Tensor:
    """Return the logits of one float32 pass, of the network as it was trained."""
    _, rows, columns = image.shape
    values = plan.normalization.apply(to_float(image)[0])
    beyond = [(0, up_to_grid(n) - n) for n in (rows, columns)]
    device = choose_device(plan.device)
    network = prepare(copy.deepcopy(model.network), Format("float32", "channels_last"), device)
    window = torch.from_numpy(np.pad(values, ((0, 0), *beyond), mode="reflect"))[None].to(device)
    with torch.inference_mode():
        return network(window)[0, :, :rows, :columns].cpu()  # type: ignore[no-any-return]


def _predict(model: Model, plan: Plan, image: Array) -> tuple[Labels, Tensor]:
    """Predict as users do; the logits are overheard, tile by tile, on the way."""
    heard: list[Tensor] = []
    handle = model.network.register_forward_hook(lambda *call: heard.append(call[2].float().cpu()))
    predictor = Predictor(model, plan)  # its copy of the network keeps the hook
    handle.remove()
    heard.clear()
    prediction = result_of(predictor.predict(ArrayPlane(image)))
    if prediction is None or len(heard) != len(_tiles(plan)):
        msg = "a prediction whose tiles were not all overheard"
        raise ValueError(msg)
    logits = torch.zeros(model.info.outputs, *plan.shape)
    for tile, seen in zip(_tiles(plan), heard, strict=True):
        r, c = tile.rows, tile.columns
        inner = (
            slice(r.own_start - r.start, r.own_stop - r.start),
            slice(c.own_start - c.start, c.own_stop - c.start),
        )
        logits[:, r.own_start : r.own_stop, c.own_start : c.own_stop] = seen[0, :, *inner]
    return np.searchsorted(model.info.values, prediction.labels), logits


def _tiles(plan: Plan) -> list[Tile]:
    return list(grid(plan.shape, plan.tile, plan.halo))


class _Tally:
    """Pools what differs over images."""

    def __init__(self, classes: int) -> None:
        self._both, self._either = np.zeros(classes, np.int64), np.zeros(classes, np.int64)
        self._differ, self._pixels = np.zeros(2, np.int64), np.zeros(2, np.int64)
        self._beyond = self._borders = 0
        self._logits = 0.0

    def add(self, labels: Labels, logits: Tensor, reference: Tensor, plan: Plan) -> None:
        """Compare one image: our class numbers and logits, and those of one pass."""
        expected = reference.argmax(0).numpy()
        for number_, (both, either) in enumerate(_overlaps(labels, expected, len(self._both))):
            self._both[number_] += both
            self._either[number_] += either
        band, wrong = _band(plan), labels != expected
        self._differ += [(wrong & band).sum(), (wrong & ~band).sum()]
        self._pixels += [band.sum(), (~band).sum()]
        largest = float(reference.abs().max())
        top = reference.topk(2, dim=0).values
        margin = (top[0] - top[1]).numpy()
        self._beyond += int((wrong & (margin > TOLERANCE * largest)).sum())
        self._logits = max(self._logits, float((logits - reference).abs().max()) / largest)
        self._borders += len(_tiles(plan)) - 1

    def finish(self) -> dict[str, object]:
        """Return what a row says."""
        shares = self._differ / np.maximum(self._pixels, 1)
        seen = self._either[1:] > 0
        iou = self._both[1:][seen] / self._either[1:][seen]
        return {
            "iou": float(iou.mean()) if seen.any() else None,
            "band_ratio": float(shares[0] / shares[1]) if shares[1] and self._borders else None,
            "band_percent": 100 * float(shares[0]),
            "elsewhere_percent": 100 * float(shares[1]),
            "logit_difference": self._logits,
            "beyond_margin": self._beyond,
            "borders": self._borders,
            "pixels": int(self._pixels.sum()),
        }


def _overlaps(labels: Labels, expected: Labels, classes: int) -> Iterator[tuple[int, int]]:
    for k in range(classes):
        ours, theirs = labels == k, expected == k
        yield int((ours & theirs).sum()), int((ours | theirs).sum())


def _band(plan: Plan) -> Mask:
    """Mark the pixels near a border between two tiles."""
    band = np.zeros(plan.shape, bool)
    for tile in _tiles(plan):
        row, column = tile.rows.own_start, tile.columns.own_start
        if row:
            band[row - BAND : row + BAND] = True
        if column:
            band[:, column - BAND : column + BAND] = True
    return band


if __name__ == "__main__":
    main()
