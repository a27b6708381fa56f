"""Whether the memory of a prediction grows with the stack, through the command line.

The largest resident memory of the whole process, as the system counts it. This program stays
small itself, since a child starts with its parent's memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile

from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import ROOT, Run, open_run
from benchmarks.sets import crystal_image

NAME = "memory"
TIMES, QUICK_TIMES, SMOKE_TIMES = (1, 16, 64), (1, 16), (1,)
SIDE, SMOKE_SIDE = 1024, 96
TARGET = 1.10
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in which the system counts


def main() -> None:
    """Measure every stack that has no row, then write the table."""
    with open_run(NAME, "Measure the memory of predicting stacks.") as run:
        wanted = SMOKE_TIMES if run.smoke else QUICK_TIMES if run.quick else TIMES
        left = run.missing([{"planes": count} for count in wanted])
        if left and not hasattr(os, "wait4"):
            run.say("this system does not tell the memory of a child; the rows stay missing")
        elif left:
            _measure(run, wanted)
        update(run, section(run))


def section(run: Run) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "Memory",
        f"`segloop predict --uncertainty` of a uint16 TIFF stack with planes of {SIDE} x {SIDE} "
        f"px: peak memory of the process, target at most {TARGET:.2f} times that of one plane (T6 "
        "of the design).",
        (
            Column("planes", value("planes")),
            Column("file, MB", number("file_megabytes", 0)),
            Column("peak, MB", number("megabytes", 0)),
            Column("times that of one plane", number("ratio", 3)),
        ),
        tuple({"planes": count} for count in (SMOKE_TIMES if run.smoke else TIMES)),
    )


def _measure(run: Run, counts: tuple[int, ...]) -> None:
    side = SMOKE_SIDE if run.smoke else SIDE
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        image, labels = crystal_image(0, (side, side))
        tifffile.imwrite(place / "one.tif", image)
        tifffile.imwrite(place / "one_mask.tif", labels)
        model = place / "model.segloop"
        _peak(
            run, "train", "--images", place / "one.tif", "--labels", place / "one_mask.tif",
            "--model", model, "--steps", 2, "--encoder", "resnet18" if run.smoke else "resnet34",
        )  # fmt: skip
        single: float | None = None
        for count in counts:
            stack = place / f"stack{count}.tif"
            _write_stack(stack, image, count)
            found = _peak(run, "predict", model, stack, "--output", place / "out", "--uncertainty")
            single = single or found
            run.add(
                planes=count,
                file_megabytes=stack.stat().st_size / 1e6,
                megabytes=found / 1e6,
                ratio=found / single,
            )


def _write_stack(path: Path, image: np.ndarray, count: int) -> None:
    with tifffile.TiffWriter(path, bigtiff=True) as file:
        shape = (count, *image.shape)
        planes = (np.roll(image, 7 * z, axis=1) for z in range(count))
        file.write(planes, shape=shape, dtype=image.dtype, metadata={"axes": "ZYX"})


def _peak(run: Run, *arguments: object) -> int:
    """Run segloop and return the largest resident memory of its process in bytes."""
    command = [sys.executable, "-m", "napari_segloop.cli.main", *map(str, arguments)]
    device = ("--device", str(run.stamp["device"]))
    child = subprocess.Popen([*command, *device], cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return usage.ru_maxrss * UNIT


if __name__ == "__main__":
    main()
