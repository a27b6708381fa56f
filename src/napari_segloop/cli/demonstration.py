"""``segloop demo``: play the loop, tell how it goes, leave a picture, images, model and project."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.demo_loop import SUSPENSION, play
from napari_segloop.cli.demo_project import write_project
from napari_segloop.cli.demo_state import DemoSettings, RoundDone
from napari_segloop.cli.outputs import make_folder
from napari_segloop.cli.picture import Panel, compose, grey, heat, overlay, with_regions
from napari_segloop.cli.report import drain, duration, table
from napari_segloop.core.durable import replacing
from napari_segloop.core.events import StepDone
from napari_segloop.core.modelfile import save_model
from napari_segloop.files.omexml import Layout
from napari_segloop.files.pixelsize import PixelSize
from napari_segloop.files.writing import TiffOutput
from napari_segloop.samples.settings import CLASS_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL.Image import Image

    from napari_segloop.cli.demo import DemoRequest
    from napari_segloop.cli.demo_state import DemoResult, Desk, View
    from napari_segloop.cli.picture import Pixels
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.events import Event
    from napari_segloop.core.images import Array
    from napari_segloop.core.regions import Region

SCALE = 2  # pixels of the picture for a pixel of an image
PICTURE, MODEL = "before-after.png", "model.segloop"


def run(request: DemoRequest, reporter: Reporter) -> int:
    """Play the loop and write what it leaves."""
    started = time.monotonic()
    make_folder(request.output)
    reporter.started = True
    reporter.say("The whole loop on made images of crystals and bubbles; a few minutes.")
    computing = request.computing
    settings = DemoSettings(device=computing.device, threads=computing.threads)
    result = drain(play(settings), lambda event: _tell(event, reporter))
    files = write_files(result, request.output)
    seconds = time.monotonic() - started
    reporter.show(rounds_table(result.rounds))
    rounds = [done.to_dict() for done in result.rounds]
    reporter.result(rounds=rounds, model_id=result.model.id, **files, seconds=seconds)
    reporter.say(f"{duration(seconds)}. Look at {files['picture']}, or open {files['project']}.")
    return 0


def _tell(event: Event, reporter: Reporter) -> None:
    reporter.event(event)
    if isinstance(event, StepDone):
        reporter.progress(f"training: step {event.step} of {event.steps}")
    elif isinstance(event, RoundDone):
        reporter.say(
            f"{event.name}: agrees on {100 * event.agreement:.0f} %, "
            f"{event.regions} regions checked, {duration(event.seconds)}"
        )


def rounds_table(rounds: Sequence[RoundDone]) -> str:
    """Return the rounds as a table for people.

    Parameters
    ----------
    rounds : sequence of RoundDone
        In order.

    Returns
    -------
    str
        One line for each round.
    """
    header = ["", "agreement", "crystals", "bubbles", "regions checked", "user", "computer"]
    return table(
        header,
        [
            [
                done.name,
                *(_percent(x) for x in (done.agreement, *done.dice.values())),
                done.regions,
                duration(done.user_seconds),
                duration(done.seconds),
            ]
            for done in rounds
        ],
    )


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def write_files(result: DemoResult, folder: Path) -> dict[str, Path]:
    """Write picture, model, project, images, masks and what was checked.

    Parameters
    ----------
    result : DemoResult
        What the loop left.
    folder : Path
        Exists.

    Returns
    -------
    dict of str to Path
        Where they lie.
    """
    files = {name: folder / name for name in ("images", "masks", "checked")}
    for desk in (*result.taught, *result.kept):
        _write_plane(files["images"] / f"{desk.name}.tif", desk.image)
    project, made_by = write_project(result, folder, files["images"])
    origin = json.dumps(made_by, sort_keys=True)
    for desk in (*result.taught, *result.kept):
        _write_plane(files["masks"] / f"{desk.name}.tif", desk.labels, origin)
        _write_plane(files["checked"] / f"{desk.name}.tif", desk.checked, origin)
    save_model(result.model, folder / MODEL)
    with replacing(folder / PICTURE) as temporary:
        draw(result).save(temporary, "PNG")
    return {"picture": folder / PICTURE, "model": folder / MODEL, "project": project, **files}


def _write_plane(path: Path, plane: Array, origin: str = "") -> None:
    rows, columns = plane.shape
    size = SUSPENSION.pixel_size_um
    layout = Layout("", (), (rows, columns), pixel_size=PixelSize(size, size, None))
    with TiffOutput(path, layout, plane.dtype, origin) as file:
        file.write(plane)


def draw(result: DemoResult) -> Image:
    """Draw before and after: an image that was corrected, and one never shown to the network.

    Parameters
    ----------
    result : DemoResult
        What the loop left.

    Returns
    -------
    PIL image
        Three rows of four panels.
    """
    first, _, last = result.rounds
    title = "segloop demo: teaching a network in two rounds"
    subtitle = (
        f"Agreement on images kept for the score: {_percent(first.agreement)} with a threshold, "
        f"{_percent(last.agreement)} after {last.regions} regions checked."
    )
    taught = max(result.taught, key=lambda desk: len(result.views[desk.name][1].regions))
    upper, middle = _taught_rows(taught, result.views[taught.name])
    kept = result.kept[0]
    lower = _kept_row(kept, result.views[kept.name], result.rounds)
    return compose(title, subtitle, [upper, middle, lower], CLASS_NAMES[1:])


def _taught_rows(desk: Desk, views: Sequence[View]) -> tuple[list[Panel], list[Panel]]:
    before, first, second = views
    places = first.regions
    upper = [
        Panel(_drawn(grey(desk.image)), "Image", "one of those that are corrected"),
        Panel(_drawn(overlay(desk.image, before.labels)), "First masks", "by threshold"),
        Panel(
            _drawn(overlay(desk.image, first.labels), places),
            "Round 1",
            "masks, and the places that are corrected next",
        ),
        Panel(_drawn(overlay(desk.image, second.labels)), "Round 2", "masks after the corrections"),
    ]
    middle = [
        Panel(_drawn(overlay(desk.image, desk.truth)), "Truth", "known to the simulated user only"),
        Panel(_drawn(grey(_lit(desk))), "Checked", "the bright parts taught, or tested"),
        Panel(_drawn(heat(first.uncertainty), places), "Round 1", "where it is probably wrong"),
        Panel(_drawn(heat(second.uncertainty)), "Round 2", "where it is probably wrong"),
    ]
    return upper, middle


def _lit(desk: Desk) -> Array:
    """Return the image with what nobody checked darkened."""
    dark = desk.image.min()
    return np.where(desk.checked == 1, desk.image, dark + (desk.image - dark) // 3)


def _kept_row(desk: Desk, views: Sequence[View], rounds: Sequence[RoundDone]) -> list[Panel]:
    masks = [
        Panel(
            _drawn(overlay(desk.image, view.labels)),
            name,
            f"agreement on kept images: {_percent(done.agreement)}",
        )
        for name, view, done in zip(
            ("First masks", "Round 1", "Round 2"), views, rounds, strict=True
        )
    ]
    image = Panel(_drawn(grey(desk.image)), "Another image", "kept for the score, never corrected")
    return [image, *masks]


def _drawn(pixels: Pixels, regions: Sequence[Region] = ()) -> Pixels:
    return with_regions(pixels, regions, SCALE)
