"""The error model of a network that was just taught, from regions that it was not taught.

It looks at each test region twice, the second time turned by half, as *careful* prediction does.
What counts as wrong is what evaluation counts: another class, or another object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from napari_segloop.core.canvas import to_bytes
from napari_segloop.core.doubt import doubts_of
from napari_segloop.core.errormodel import ErrorModel, Sample, fit_errors, trust_of
from napari_segloop.core.evaluate_objects import wrong_pixels
from napari_segloop.core.holdout import UNKNOWN
from napari_segloop.core.object_uncertainty import object_uncertainty
from napari_segloop.core.objects import separate_objects
from napari_segloop.core.passes import mean_logits

if TYPE_CHECKING:
    from collections.abc import Collection

    from torch import Tensor, nn

    from napari_segloop.core.scoring import Answer, Examiner

PIXELS = 4000  # of a region, evenly spaced: neighbours say the same
SECOND_LOOK = 0.2  # of the usual doubt; where there is less, there is little to find


def calibrate(
    examiner: Examiner,
    network: nn.Module,
    precision: str,
    temperature: float,
    regions: Collection[int],
    *,
    objects: bool,
) -> ErrorModel:
    """Fit the error model of a network.

    Parameters
    ----------
    examiner : Examiner
        Holds the test regions.
    network : torch.nn.Module
        On the examiner's device, in evaluation mode.
    precision : {"float32", "bfloat16", "float16"}
        Of autocast.
    temperature : float
        Divides the logits.
    regions : collection of int
        Places of the regions to fit on; none when no region is left that was not taught.
    objects : bool
        Whether the outputs are background, interior and border.

    Returns
    -------
    ErrorModel
        The prior when there is no region, or the network answers with no numbers.
    """
    fast, careful, doubts = list[Sample](), list[Sample](), list[float]()
    if not regions:
        return ErrorModel()
    looks = examiner.answers(network, precision), examiner.answers(network, precision, turned=True)
    for number, (block, first, second) in enumerate(zip(examiner.blocks, *looks, strict=True)):
        if number not in regions:
            continue
        mean = mean_logits(first.logits, second.logits, temperature)
        chance = block.probability
        fast.append(_sample(first, first.logits / temperature, chance, objects=objects))
        careful.append(_sample(first, mean, chance, objects=objects))
        inner = first.logits[:, *first.inner]
        doubts.append(float(_doubt(inner / temperature).mean()))
    if not np.isfinite(doubts).all():  # a training that led to no numbers
        return ErrorModel()
    return ErrorModel(
        fit_errors(fast),
        fit_errors(careful),
        SECOND_LOOK * float(np.mean(doubts)),
        len(fast),
        trust_of(fast),
    )


def _sample(answer: Answer, logits: Tensor, chance: float, *, objects: bool) -> Sample:
    """Return some pixels of a region: doubt, and whether the label is wrong."""
    known = answer.truth != UNKNOWN
    judge = _of_objects if objects else _of_classes
    doubt, wrong = judge(answer, logits)
    near = doubts_of(doubt)[:, *answer.inner][:, torch.from_numpy(known)].T.numpy()
    kept = slice(None, None, max(1, len(near) // PIXELS))
    return Sample(near[kept], wrong[known][kept], chance)


def _of_classes(answer: Answer, logits: Tensor) -> tuple[Tensor, np.ndarray]:
    labels = logits[:, *answer.inner].argmax(0).numpy()
    return _doubt(logits), labels != answer.truth


def _of_objects(answer: Answer, logits: Tensor) -> tuple[Tensor, np.ndarray]:
    planes = to_bytes(logits.softmax(0)).numpy()
    ids = separate_objects(planes)
    doubt = torch.from_numpy(object_uncertainty(planes, ids)).float() / 255
    known = answer.truth != UNKNOWN
    true = functional.one_hot(
        torch.from_numpy(np.where(known, answer.truth, 0)).long(), len(planes)
    )
    wanted = separate_objects((255 * true).permute(2, 0, 1).to(torch.uint8).contiguous().numpy())
    return doubt, wrong_pixels(ids[answer.inner], wanted, known)


def _doubt(logits: Tensor) -> Tensor:
    return 1 - logits.softmax(0).amax(0)
