"""``segloop train``: read pairs, teach, write the winner."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_segloop.cli.clock import process_age
from napari_segloop.cli.course import Course
from napari_segloop.cli.interrupt import stop_on_interrupt, undisturbed
from napari_segloop.cli.outputs import check_file, check_not_input
from napari_segloop.cli.prediction import Planes, image_pixel_size
from napari_segloop.cli.report import drain
from napari_segloop.cli.starting import check_encoder, model_to_start_from
from napari_segloop.cli.train import DEFAULT_MINUTES
from napari_segloop.cli.trained import before_path, candidate_path, say, summary, write_models
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.normalize import measure
from napari_segloop.core.settings import STARTS, TrainSettings
from napari_segloop.core.train import fit
from napari_segloop.files.images import open_image, open_labels
from napari_segloop.files.pairing import pair
from napari_segloop.files.training import check_pair, label_index, read_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_segloop.cli.options import Reading
    from napari_segloop.cli.report import Reporter
    from napari_segloop.cli.train import TrainRequest
    from napari_segloop.core.images import Mask
    from napari_segloop.core.modelfile import Model
    from napari_segloop.files.images import ImageFile
    from napari_segloop.files.pairing import Pair, Pairing

CLOSING = 2.0  # seconds for writing the model and for Python to end
SHORTEST = 1.0


def run(request: TrainRequest, reporter: Reporter) -> int:
    """Teach a network and write it."""
    pairing = pair(request.images, request.labels, request.checked or None)
    check_outputs(request, pairing)
    start = model_to_start_from(request.start)
    reading = reading_for(request.reading, start)
    settings_for(request, start, reading)  # wrong values are found before images are read
    images = [plane for item in with_truth(pairing, request) for plane in read_pair(item, reading)]
    if pairing.skipped:
        reporter.notice(f"Passed over {len(pairing.skipped)} image(s) without labels.")
    course = Course(reporter)
    with stop_on_interrupt(course.stop) as should_stop:
        settings = settings_for(request, start, reading)
        result = drain(fit(images, settings, start, should_stop), course.tell)
        with undisturbed():
            written = write_models(result, request.model, request.start)
            reporter.if_stopped = f"Stopped after the model was written: {request.model}"
    reporter.result(**summary(result, course), **written, skipped=len(pairing.skipped))
    say(result, written, course, reporter)
    return 130 if result.stopped else 0


def with_truth(pairing: Pairing, request: TrainRequest) -> list[Pair]:
    """Return the pairs that may hold truth: without its checked file, nothing in one is checked."""
    return [item for item in pairing.pairs if item.checked or not request.checked]


def check_outputs(request: TrainRequest, pairing: Pairing) -> None:
    """Find out before the work whether the model can be written.

    Parameters
    ----------
    request : TrainRequest
        Names the model file; it may be the one that training starts from.
    pairing : Pairing
        The files that must not be overwritten.

    Raises
    ------
    OutputError
        With the remedy.
    """
    pairs = [file for item in pairing.pairs for file in (item.image, item.labels, item.checked)]
    inputs = [file for file in (*pairs, *pairing.skipped) if file is not None]
    check_file(request.model, inputs)
    check_not_input([candidate_path(request.model), before_path(request.model)], inputs)


def reading_for(reading: Reading, start: Model | None) -> Reading:
    """Return how images are read: as the user says, else as for the model to start from."""
    if start is None:
        return reading
    return replace(
        reading,
        axes=reading.axes or start.info.axes,
        channels=reading.channels or start.info.selected,
    )


def settings_for(request: TrainRequest, start: Model | None, reading: Reading) -> TrainSettings:
    """Return the settings of a training.

    Parameters
    ----------
    request : TrainRequest
        What the user asked for.
    start : Model, optional
        Gives task and encoder where the user names none.
    reading : Reading
        Kept in the model.

    Returns
    -------
    TrainSettings
        With the time that is left of the user's minutes.

    Raises
    ------
    ModelError
        When the named encoder is not the start model's.
    """
    check_encoder(request.encoder, start, request.start)
    return TrainSettings(
        task=request.task or (start.info.task if start else "classes"),
        encoder=request.encoder or (start.info.encoder if start else "resnet34"),
        start=request.start if request.start in STARTS else STARTS[0],
        steps=request.steps,
        seconds=None if request.steps else seconds_left(request.minutes),
        seed=request.seed,
        ignore=request.ignore,
        device=request.computing.device,
        threads=request.computing.threads,
        axes=reading.axes,
        channels=reading.channels,
    )


def seconds_left(minutes: float | None) -> float:
    """Return the seconds that training may take until the process has had its minutes."""
    return max(60 * (minutes or DEFAULT_MINUTES) - process_age() - CLOSING, SHORTEST)


def read_pair(item: Pair, reading: Reading) -> Iterator[TrainingImage]:
    """Read the planes of a pair that hold truth.

    Parameters
    ----------
    item : Pair
        An image, its labels and perhaps what is checked in them.
    reading : Reading
        How images are read.

    Yields
    ------
    TrainingImage
        One for each plane in which a pixel is checked.

    Raises
    ------
    InputError
        When a file cannot be read, or the three do not fit together.
    """
    with (
        open_image(item.image, reading.axes, reading.channels) as image,
        open_labels(item.labels, reading.axes) as labels,
    ):
        check_pair(image, labels)
        statistics, size = measure(Planes(image)), image_pixel_size(image)
        for index in image.indices():
            checked = _read_checked(item, image, index, reading)
            if checked is None or checked.any():
                pixels = image.plane(index).read(*(slice(0, n) for n in image.plane_shape))
                truth = labels.read(label_index(image, labels, index))
                yield TrainingImage(
                    _name(item, index),
                    pixels,
                    truth,
                    checked,
                    statistics,
                    size,
                    index,
                    stack=item.image.name if index else None,
                )


def _read_checked(
    item: Pair, image: ImageFile, index: tuple[int, ...], reading: Reading
) -> Mask | None:
    """Return where a plane is checked; all of it when the user named no checked files."""
    if item.checked is None:
        return None
    with open_labels(item.checked, reading.axes) as marks:
        check_pair(image, marks)
        return read_checked(marks, label_index(image, marks, index))


def _name(item: Pair, index: tuple[int, ...]) -> str:
    return f"{item.image} [{';'.join(map(str, index))}]" if index else str(item.image)
