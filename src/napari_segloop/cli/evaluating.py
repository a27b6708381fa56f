"""``segloop evaluate``: how well predictions agree with the truth, pooled over all files."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from napari_segloop.cli.scores import class_table, object_table, trust_table, uncertainty_table
from napari_segloop.core.errors import InputError
from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.evaluate_objects import ObjectTally, wrong_pixels
from napari_segloop.core.evaluate_uncertainty import UncertaintyTally
from napari_segloop.files.images import LabelFile, open_labels
from napari_segloop.files.names import image_name, is_zarr, label_name, suffix
from napari_segloop.files.pairing import find_images
from napari_segloop.files.training import read_checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_segloop.cli.evaluate import EvaluateRequest
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.images import Labels, Mask

UNCERTAINTY = ".uncertainty"


@dataclass(frozen=True, slots=True)
class Compared:
    """A prediction, its truth, and what else is known about it.

    Parameters
    ----------
    prediction, truth : Path
        Label files.
    checked : Path, optional
        Where the truth is truth; nowhere when such files were named and this one is missing.
    uncertainty : Path, optional
        The map to be judged.
    """

    prediction: Path
    truth: Path
    checked: Path | None = None
    uncertainty: Path | None = None


@dataclass(frozen=True, slots=True)
class ComparedPlane:
    """One plane of two label files.

    Parameters
    ----------
    prediction, truth : (Y, X) ndarray of integer
        Labels.
    checked : (Y, X) ndarray of bool or None
        Where the truth is truth; everywhere when None.
    uncertainty : (Y, X) ndarray of uint8 or None
        Value / 255 is the probability of being wrong.
    """

    prediction: Labels
    truth: Labels
    checked: Mask | None
    uncertainty: Labels | None


def run(request: EvaluateRequest, reporter: Reporter) -> int:
    """Compare all files and tell the scores."""
    compared, alone = match(request)
    scores = DiceTally() if request.task == "classes" else ObjectTally()
    trust = UncertaintyTally()
    for item in compared:
        reporter.started = reporter.started or len(compared) > 1
        for plane in planes(item, request.axes):
            scores.add(plane.prediction, plane.truth, plane.checked)
            if plane.uncertainty is not None:
                trust.add(plane.uncertainty, _wrong(plane, request.task), plane.checked)
    found = scores.finish().to_dict()
    reporter.show(object_table(found) if request.task == "objects" else class_table(found))
    judged = (
        _judge(trust, reporter) if request.uncertainty else {"uncertainty": None, "trust": None}
    )
    reporter.result(task=request.task, files=len(compared), skipped=len(alone), **found, **judged)
    return 0


def _wrong(plane: ComparedPlane, task: str) -> Mask:
    if task == "objects":
        return wrong_pixels(plane.prediction, plane.truth, plane.checked)
    differs: Mask = plane.prediction != plane.truth
    return differs


def match(request: EvaluateRequest) -> tuple[list[Compared], list[Path]]:
    """Find out which files belong together.

    Parameters
    ----------
    request : EvaluateRequest
        Two files, or two folders whose files are paired by NAME.

    Returns
    -------
    compared : list of Compared
        By NAME.
    alone : list of Path
        Predictions without truth.

    Raises
    ------
    InputError
        When files of one NAME are double, or a partner is missing.
    """
    predictions, truths = find_images([request.prediction]), find_images([request.truth])
    checked = by_name(find_images(request.checked)) if request.checked else None
    maps = by_name(uncertainty_files(request.uncertainty))
    if _is_file(request.prediction) and _is_file(request.truth):
        name = _name(predictions[0])
        truths_by_name, predictions_by_name = {name: truths[0]}, {name: predictions[0]}
    else:
        truths_by_name, predictions_by_name = by_name(truths), by_name(predictions)
    _check_partners(predictions_by_name, truths_by_name)
    if request.uncertainty:
        _check_maps(maps, truths_by_name)
    compared = [
        Compared(predictions_by_name[name], truth, (checked or {}).get(name), maps.get(name))
        for name, truth in sorted(truths_by_name.items())
        if checked is None or name in checked
    ]
    if not compared:
        raise InputError(
            "a checked file with the name of a prediction",
            f"none in {', '.join(map(str, request.checked))}",
            "Name both alike, or leave --checked out.",
        )
    alone = [path for name, path in predictions_by_name.items() if name not in truths_by_name]
    return compared, alone


def by_name(paths: Sequence[Path]) -> dict[str, Path]:
    """Index files by NAME.

    Parameters
    ----------
    paths : sequence of Path
        Files.

    Returns
    -------
    dict of str to Path
        One file for each NAME.

    Raises
    ------
    InputError
        When two files have one NAME.
    """
    found: dict[str, Path] = {}
    for path in paths:
        other = found.setdefault(_name(path), path)
        if other != path:
            raise InputError(
                "one file for each name", f"{other} and {path}", "Rename one of them.", str(path)
            )
    return found


def uncertainty_files(inputs: Sequence[Path]) -> list[Path]:
    """List uncertainty maps: of a folder those called so, or all where none is.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders.

    Returns
    -------
    list of Path
        The maps.
    """
    return [path for given in inputs for path in _maps_of(given)]


def _maps_of(given: Path) -> list[Path]:
    if _is_file(given) or not given.is_dir():
        return find_images([given])
    inside = sorted(path for path in given.iterdir() if suffix(path) and path.name[0] != ".")
    named = [path for path in inside if image_name(path).endswith(UNCERTAINTY) or is_zarr(path)]
    return named or find_images([given])


def _is_file(path: Path) -> bool:
    return path.is_file() or is_zarr(path)


def _name(path: Path) -> str:
    if image_name(path).endswith(UNCERTAINTY):
        path = path.with_name(path.name.replace(UNCERTAINTY, ""))
    return label_name(path)


def _check_partners(predictions: dict[str, Path], truths: dict[str, Path]) -> None:
    alone = [str(path) for name, path in truths.items() if name not in predictions]
    if alone:
        raise InputError(
            "a prediction for each file of the truth",
            f"none for {', '.join(alone[:10])}",
            "Name both alike, or predict the missing images.",
        )


def _check_maps(maps: dict[str, Path], truths: dict[str, Path]) -> None:
    alone = [name for name in truths if name not in maps]
    if alone:
        raise InputError(
            "an uncertainty map for each prediction",
            f"none for {', '.join(alone[:10])}",
            "Predict with --uncertainty, and name that folder.",
        )


def planes(item: Compared, axes: str | None) -> Iterator[ComparedPlane]:
    """Read two label files plane by plane.

    Parameters
    ----------
    item : Compared
        The files.
    axes : str, optional
        The stored axes, named by the user.

    Yields
    ------
    ComparedPlane
        Plane after plane.

    Raises
    ------
    InputError
        When shapes differ or a file cannot be read.
    """
    with ExitStack() as stack:
        prediction = stack.enter_context(open_labels(item.prediction, axes))
        truth = _open(stack, item.truth, axes, prediction)
        checked = _open(stack, item.checked, axes, prediction)
        trust = _open_map(stack, item.uncertainty, axes, prediction)
        files = (prediction, truth, checked, trust)
        columns = [prediction.indices() if f is None else f.indices() for f in files]
        for first, second, third, fourth in zip(*columns, strict=True):
            yield ComparedPlane(
                prediction.read(first),
                truth.read(second) if truth else prediction.read(first),
                None if checked is None else read_checked(checked, third),
                None if trust is None else trust.read(fourth),
            )


def _open_map(
    stack: ExitStack, path: Path | None, axes: str | None, like: LabelFile
) -> LabelFile | None:
    label = "uncertainty" if path is not None and is_zarr(path) else None
    return _open(stack, path, axes, like, label)


def _open(
    stack: ExitStack, path: Path | None, axes: str | None, like: LabelFile, label: str | None = None
) -> LabelFile | None:
    """Open a file that must have the shape of another, apart from axes of length 1."""
    if path is None:
        return None
    file = stack.enter_context(open_labels(path, axes, label))
    if _lengths(file) != _lengths(like):
        raise InputError(
            f"the shape of {like.path}, {like.axes} {like.shape}",
            f"{file.axes} {file.shape}",
            "Compare files of the same image.",
            str(path),
        )
    return file


def _lengths(file: LabelFile) -> tuple[int, ...]:
    return *(length for length in file.leading_shape if length != 1), *file.plane_shape


def _judge(tally: UncertaintyTally, reporter: Reporter) -> dict[str, object]:
    """Tell what the uncertainty is worth, and return it for the result."""
    scores, trust = tally.finish().to_dict(), tally.trust()
    reporter.show(uncertainty_table(scores))
    if trust:
        reporter.show(trust_table(trust))
    return {"uncertainty": scores, "trust": [asdict(part) for part in trust]}
