"""A session without engine or layers: holds a state, and writes down what it is asked."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_segloop.core.classes import ClassTable
from napari_segloop.core.regions import Region
from napari_segloop.core.settings import TrainSettings
from napari_segloop.session.state import (
    Curve,
    ImageState,
    JobState,
    LoopState,
    Place,
    Primary,
    QueueState,
    Version,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_segloop.core.errors import InputError

METHODS = """
set_goal set_limit go_to answer_task add_files exclude remove open add_class rename_class
recolour_class move_class merge_class delete_class make_first_masks start_checking accept
cant_tell later back stop_checking take_back_last train stop restart predict predict_rest
use_version load_model save_model card press_primary open_project new_project snapshot restore
step_back look_at keep set_mirror rename_project locate merge_project move_project delete_project
weigh_project prune_project keep_version recover_project leave_damaged measure_project
copy_project
"""


class Album:
    """Pictures of places that a test puts in."""

    ready = Signal(object)

    def __init__(self) -> None:
        self.pictures: dict[Place, object] = {}
        self.wanted: list[Place] = []

    def picture(self, place: Place) -> object:
        return self.pictures.get(place)

    def want(self, shown: tuple[Place, ...], _known: list[Place]) -> None:
        self.wanted.extend(place for place in shown if place not in self.wanted)

    def rest(self) -> None:
        self.wanted.clear()


class HandDriven:
    """What the panel calls, driven by a test's hand."""

    changed = Signal(str)
    preview = Signal(object)
    card_read = Signal(object)
    looked = Signal(int, object, object, object)

    def __init__(self, state: LoopState | None = None) -> None:
        self.state = state or LoopState()
        self.calls: list[tuple[object, ...]] = []
        self.thumbnails = Album()
        self.settings = TrainSettings(seconds=60)
        self.seconds = 60.0
        self.refusal: InputError | None = None
        for name in METHODS.split():
            setattr(self, name, self._recorder(name))

    def _recorder(self, name: str) -> Callable[..., None]:
        def record(*args: object, **kwargs: object) -> None:
            self.calls.append((name, *args, kwargs) if kwargs else (name, *args))
            if self.refusal:
                raise self.refusal

        return record

    def set(self, part: str, **values: object) -> None:
        """Change a part of the state and tell of it."""
        self.state = replace(self.state, **values)
        self.changed.emit(part)

    def source(self, _image: int) -> SimpleNamespace:
        return SimpleNamespace(channels=1)

    def predict_cost(self, scope: str) -> str:
        return {"view": "the view", "plane": "1 plane, about 2 s"}.get(scope, "9 planes")


def images(number: int, **values: object) -> tuple[ImageState, ...]:
    """Images of all states in turn; the first one is open."""
    states = ("checked", "predicted", "new", "excluded", "missing")
    return tuple(
        ImageState(
            place + 1,
            f"ads_sem_{place + 1:03}.tif",
            f"/data/myelin/ads_sem_{place + 1:03}.tif",
            status=states[place % 5],
            is_open=place == 0,
            checked_pixels=12_345 if place % 5 == 0 else 0,
            **values,
        )
        for place in range(number)
    )


def table() -> ClassTable:
    """Three classes."""
    first = ClassTable.first("classes").rename(1, "axon")
    return first.add("myelin").add("vessel wall")


def places(number: int) -> tuple[Place, ...]:
    """Places in the first two images."""
    reason = "beside the border of 0 and 2"
    return tuple(
        Place(1 + n % 2, Region(10 * n, 20, 128, 128, 9.0 - n, 400.0, reason))
        for n in range(number)
    )


def versions() -> tuple[Version, ...]:
    """Three versions; the last one lost."""
    return (
        Version(1, "a", None, 0.81, None, True, "2026-11-22T09:05:00", 120, 4, 2),
        Version(2, "b", 1, 0.928, 0.84, True, "2026-11-22T09:25:00", 240, 8, 4),
        Version(
            3,
            "c",
            2,
            0.91,
            0.928,
            False,
            "2026-11-22T09:41:00",
            240,
            10,
            5,
            verdict="may be worse",
            judged=5,
            low=-0.041,
            high=0.006,
        ),
    )


def curve(steps: int = 180, of: int = 300) -> Curve:
    """A training on its way."""
    losses = tuple(
        0.2 + 0.9 / (1 + 0.03 * n) + 0.05 * ((n * 37) % 11 - 5) / 5 for n in range(steps)
    )
    scores = tuple((n, 0.92 - 0.5 / (1 + 0.05 * n)) for n in range(30, steps + 1, 30))
    return Curve(losses, scores, of, 4, 2)


TRAINING = JobState(7, "train", "Training on 6 regions", 0.6, 42.0)
WALKING = LoopState(
    task="classes",
    classes=table(),
    images=images(8),
    queue=QueueState(places(12), at=2, done=(0, 1)),
    versions=versions(),
    version=2,
    curve=curve(300),
    primary=Primary("next_place", "All correct, next place (3 of 12)", "A: all correct"),
)
