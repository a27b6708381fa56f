"""Everything that a network needs while it is taught: patches, noise, optimisers, test regions."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

import torch
from torch import nn

from napari_segloop.core.augment import vary
from napari_segloop.core.devices import choose_device, place
from napari_segloop.core.learner import Learner
from napari_segloop.core.patches import Batch, PatchSampler, TeachingImage
from napari_segloop.core.places import Places
from napari_segloop.core.schedule import SCORED_AT, one_cycle
from napari_segloop.core.scoring import Examiner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from napari_segloop.core.holdout import Block
    from napari_segloop.core.images import Float
    from napari_segloop.core.lesson import Lesson
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.scoring import Scored
    from napari_segloop.core.settings import TrainSettings

FORWARD_COST = 0.35  # of a training step on the same pixels
CALIBRATION = 2  # passes over the test regions when all is over
CLOSING_COST = 4.0  # steps' worth of time for hashing and writing
INSPECTION, SHORT = 0.05, 40  # share of the steps; steps of a training whose number is not known


class Classroom:
    """The network with everything that teaching it and scoring it needs.

    Parameters
    ----------
    network : torch.nn.Module
        Taught in place.
    lesson : Lesson
        Truth; its test blocks are never cut into patches with their truth.
    settings : TrainSettings
        How to train.
    precision : {"float32", "bfloat16"}
        Of autocast.
    """

    def __init__(
        self, network: nn.Module, lesson: Lesson, settings: TrainSettings, precision: str
    ) -> None:
        self.device = device = choose_device(settings.device)
        self.lesson, self.precision, self._settings = lesson, precision, settings
        self.learner = Learner(network, settings.learning_rate, precision, device)
        truths = lesson.teaching_truth()
        self._sampler = PatchSampler(
            [
                TeachingImage(image, truth, numbers, device)
                for image, truth, numbers in zip(lesson.images, truths, lesson.ranges, strict=True)
            ],
            Places(truths, lesson.newest),
            settings.patch,
            settings.batch,
            settings.seed,
        )
        self._noise = torch.Generator(device).manual_seed(settings.seed)
        self.examiner = self._examiner(lesson.images)
        proctor = self._proctor(lesson.images)
        self._inspected = self.examiner.pixels + (proctor.pixels if proctor else 0)

    def step(self, step: int, steps: int | None) -> float:
        """Take one step on the next patches.

        Parameters
        ----------
        step : int
            From 0.
        steps : int or None
            How many there will be; None while not fixed.

        Returns
        -------
        float
            The loss.
        """
        return self.learner.step(self._patches(), one_cycle(step, steps))

    def graduate(self) -> nn.Module:
        """Return the network of this moment.

        Returns
        -------
        torch.nn.Module
            A copy, in evaluation mode.
        """
        return self.learner.graduate()

    def score_of(self, model: Model) -> Scored:
        """Score another model on the same test regions, which it normalises its own way.

        Parameters
        ----------
        model : Model
            Of the same classes; left as it is.

        Returns
        -------
        Scored
            As of the network that is taught.
        """
        images = self.lesson.images_for(model.info.normalization)
        network = place(copy.deepcopy(model.network), self.device)
        return self._examiner(images).score(network, self.precision)

    def _examiner(self, images: Sequence[Float]) -> Examiner:
        blocks = self.lesson.split.test or self.lesson.split.teach
        return Examiner(images, self.lesson.truths, blocks, self.lesson.outputs, self.device)

    def _proctor(self, images: Sequence[Float]) -> Examiner | None:
        """Return what looks at regions that teach, where others test, in an order by chance.

        New ones first would be a sample in which wrong new labels are the majority.
        """
        lesson = self.lesson
        if not lesson.split.test:
            return None
        blocks = sorted(lesson.split.teach, key=lambda block: block.content)
        return Examiner(images, lesson.truths, blocks, lesson.outputs, self.device)

    def regions_by(self, model: Model, steps: int) -> Iterator[tuple[Block, Tensor]]:
        """Have a model predict checked regions, some that test and some that teach in turns.

        Parameters
        ----------
        model : Model
            Of the same classes; left as it is.
        steps : int
            That were taken: predicting may cost a twentieth of them.

        Yields
        ------
        block : Block
            The region.
        logits : (K, h, w) Tensor of float32
            On the CPU.
        """
        images = self.lesson.images_for(model.info.normalization)
        network = place(copy.deepcopy(model.network), self.device)
        examiners = [each for each in (self._examiner(images), self._proctor(images)) if each]
        looks = (each.maps(network, self.precision) for each in examiners)
        regions = (found for turn in zip_longest(*looks) for found in turn if found)
        affordable = self.inspection_cost(steps) / self.cost_of(self._inspected)
        yield from islice(regions, int(affordable * sum(len(each.blocks) for each in examiners)))

    def inspection_cost(self, steps: int | None) -> float:
        """Return how much time a look at single regions may take after a training.

        Parameters
        ----------
        steps : int or None
            Planned steps.

        Returns
        -------
        float
            As a multiple of a step's time.
        """
        return min(self.cost_of(self._inspected), INSPECTION * (steps or SHORT))

    def cost_of(self, pixels: int) -> float:
        """Return how long predicting some pixels takes.

        Parameters
        ----------
        pixels : int
            How many.

        Returns
        -------
        float
            As a multiple of a step's time.
        """
        return FORWARD_COST * pixels / (self._settings.batch * self._settings.patch**2)

    def closing_cost(self, steps: int | None, step: int, more: int = 0) -> float:
        """Return how much time the scorings to come and the end need.

        Parameters
        ----------
        steps : int or None
            Planned steps.
        step : int
            Steps taken.
        more : int
            Scorings after the last step.

        Returns
        -------
        float
            As a multiple of a step's time.
        """
        left = sum(1 for share in SCORED_AT if steps is None or share * steps > step)
        scoring = (max(left, 1) + more + CALIBRATION) * self.cost_of(self.examiner.pixels)
        return scoring + self.inspection_cost(steps) + CLOSING_COST

    def _patches(self) -> Batch:
        batch = self._sampler.draw()
        return replace(batch, images=vary(batch.images, self._noise))
