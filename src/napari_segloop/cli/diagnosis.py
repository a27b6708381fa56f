"""``segloop doctor``: what this machine has, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_segloop.cli.faults import find_faults, try_imports
from napari_segloop.cli.machine import machine, versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.errors import ResourceError


def run(request: None, reporter: Reporter) -> int:
    """Look at everything, and tell it."""
    del request
    reporter.started = True
    reporter.progress("Importing and timing torch, which takes some seconds")
    imports = try_imports()
    facts = machine() | {"versions": versions(), "torch": imports.torch}
    faults = list(find_faults(imports))
    _tell(facts, faults, reporter)
    words = [{"expected": f.expected, "got": f.got, "remedy": f.remedy} for f in faults]
    reporter.result(ok=not faults, **facts, faults=words)
    return 1 if faults else 0


def _tell(facts: dict[str, Any], faults: list[ResourceError], reporter: Reporter) -> None:
    for name, value in _rows(facts):
        reporter.show(f"{name:<36} {'-' if value is None else value}")
    for fault in faults:
        reporter.show(f"Wrong: {fault}")
    if not faults:
        reporter.show("Nothing is wrong.")


def _rows(facts: dict[str, Any]) -> Iterator[tuple[str, object]]:
    yield "Python", facts["python"]
    yield "platform", facts["platform"]
    yield "processors", facts["processors"]
    size = facts["memory_gib"]
    yield "memory", None if size is None else f"{size:.1f} GiB"
    yield "temporary files", facts["temporary_folder"]
    yield from facts["versions"].items()
    yield "torch's threads", facts["torch"].get("threads")
    yield "NVIDIA GPUs", ", ".join(facts["torch"].get("cuda", [])) or "none"
    yield "Apple GPU", "yes" if facts["torch"].get("mps") else "none"
    yield from _speed_rows(facts["torch"].get("speeds"))


def _speed_rows(speeds: dict[str, Any] | None) -> Iterator[tuple[str, object]]:
    if speeds is None:
        return
    for name, speed in speeds["prediction"].items():
        yield f"predicting, {name}", f"{speed:.2g} megapixels a second on {speeds['device']}"
    yield "fastest for predicting", speeds["precision"]
    yield "chosen for training", speeds["training_precision"]
