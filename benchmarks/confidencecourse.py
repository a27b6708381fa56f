"""Rounds of the loop that can be cut off: masks, and the model in use, are kept after each round.

What is measured on those models is not known here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.arms import IMAGES
from benchmarks.models import result_of
from napari_segloop.core.checkstate import Pixels
from napari_segloop.core.corrections import PlaneTruth
from napari_segloop.core.durable import replacing
from napari_segloop.core.learningcurve import RehearsalSettings, RoundScored
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import load_model, save_model
from napari_segloop.core.rehearsal import Rehearsal

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.arms import Images, Scale
    from benchmarks.sets import RealSet
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.settings import TrainSettings

TESTS = 12
UNTOUCHED = 6
HOW = "ranked"
MEMBERS = 3  # rounds whose models make an ensemble


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The images of a course, drawn with its seed.

    Parameters
    ----------
    worked : list of TrainingImage
        Corrected place by place.
    unseen : list of TrainingImage
        Of the test split.
    untouched : list of TrainingImage
        Other ones of the training split; ``unseen`` where there are none.
    """

    worked: Images
    unseen: Images
    untouched: Images


def cast_of(real: RealSet, seed: int) -> Cast:
    """Draw and read the images of a course.

    Parameters
    ----------
    real : RealSet
        The set.
    seed : int
        Of the draws.

    Returns
    -------
    Cast
        At most three, twelve and six images.
    """
    drawn = real.draw(IMAGES, seed)
    left = tuple(name for name in real.train if name not in drawn)
    worked, unseen = _read(real, drawn), _read(real, _some(real.test, TESTS, seed))
    return Cast(worked, unseen, _read(real, _some(left, UNTOUCHED, seed)) or unseen)


def _some(names: tuple[str, ...], count: int, seed: int) -> tuple[str, ...]:
    chosen = np.random.default_rng([seed, count]).permutation(len(names))[:count]
    return tuple(names[i] for i in sorted(chosen))


def _read(real: RealSet, names: tuple[str, ...]) -> Images:
    return [TrainingImage(name, real.image(name), real.mask(name)) for name in names]


class Course(Rehearsal):
    """A rehearsal that goes on where it was cut off.

    Parameters
    ----------
    cast : Cast
        Its images.
    scale : Scale
        How long.
    training : TrainSettings
        Of each round, with the seed of all.
    folder : Path
        Where rounds are kept; of this source, set, seed, scale and device alone.
    """

    def __init__(self, cast: Cast, scale: Scale, training: TrainSettings, folder: Path) -> None:
        asked = RehearsalSettings(scale.rounds, scale.places, HOW, scale.window, training.seed)
        super().__init__(cast.worked, cast.unseen, asked, training)
        self._folder = folder

    def play(self, number: int) -> None:
        """Play up to a round, from the last one that is kept.

        Parameters
        ----------
        number : int
            Of the round, from 1. Where nothing is left to be checked, all stays as it is.
        """
        kept = (at for at in range(number, self._last.round, -1) if self._file(at).exists())
        if (last := next(kept, None)) is not None:
            self._resume(last)
        while self._last.round < number:
            before = self._last
            scored = result_of(self.go_round())
            idle = replace(before, round=before.round + 1, accepted=False, steps=0)
            self._last = scored or replace(idle, train_seconds=0.0)
            self._keep()

    def models_after(self, number: int) -> list[Model]:
        """Return the models that were in use after a round and the two before it.

        Parameters
        ----------
        number : int
            Of a round that was played.

        Returns
        -------
        list of Model
            Newest first, each once; empty when nothing could be taught yet.
        """
        rounds = range(number, max(0, number - MEMBERS), -1)
        names = dict.fromkeys(self._record(at)["model"] for at in rounds)
        return [load_model(self._model_file(name)) for name in names if name]

    def dice_after(self, number: int) -> float | None:
        """Return the Dice on the unseen images after a round.

        Parameters
        ----------
        number : int
            Of a round that was played.

        Returns
        -------
        float or None
            Mean over classes without background.
        """
        dice: float | None = self._record(number)["scored"]["dice"]
        return dice

    def _keep(self) -> None:
        """Write the record last: a round without one counts as not played."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self.model.id[:16] if self.model else None
        if self.model and name and not self._model_file(name).exists():
            save_model(self.model, self._model_file(name))
        scored = self._last.to_dict()
        del scored["event"]
        with replacing(self._masks(self._last.round)) as path:
            np.savez_compressed(path, **self._arrays())
        with replacing(self._file(self._last.round)) as path:
            path.write_text(json.dumps({"model": name, "scored": scored}), "utf-8")

    def _arrays(self) -> dict[str, Any]:
        arrays = dict[str, Any]()
        for n, desk in enumerate(self.desks):
            parts = fields(Pixels)
            arrays |= {f"{part.name}{n}": getattr(desk.plane.pixels, part.name) for part in parts}
            if desk.uncertainty is not None:
                arrays[f"uncertainty{n}"] = desk.uncertainty
        return arrays

    def _resume(self, number: int) -> None:
        with np.load(self._masks(number)) as kept:
            for n, desk in enumerate(self.desks):
                pixels = Pixels(*(kept[f"{part.name}{n}"] for part in fields(Pixels)))
                desk.plane = PlaneTruth.of(pixels)
                desk.uncertainty = kept.get(f"uncertainty{n}")
        record = self._record(number)
        scored = record["scored"]
        scored["classes"] = {int(value): dice for value, dice in scored["classes"].items()}
        self._last = RoundScored(**scored)
        self.model = load_model(self._model_file(record["model"])) if record["model"] else None

    def _record(self, number: int) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self._file(number).read_text("utf-8"))
        return record

    def _file(self, number: int) -> Path:
        return self._folder / f"round{number}.json"

    def _masks(self, number: int) -> Path:
        return self._folder / f"round{number}.npz"

    def _model_file(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"
