"""How good a network is on the test regions while it is being taught.

Test regions are predicted with their surroundings as input and scored on their own checked
pixels. The score is the mean Dice over classes without background.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_segloop.core.comparing import mean_dice
from napari_segloop.core.devices import autocast
from napari_segloop.core.holdout import UNKNOWN, Block
from napari_segloop.core.tiling import up_to_grid

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_segloop.core.comparing import Counts
    from napari_segloop.core.images import Float, Labels

CONTEXT = 32
MOST_PIXELS = 600_000  # scoring must stay a small part of a two-minute training
KEPT_LOGITS = 200_000  # pixels on which the temperature is fitted


@dataclass(frozen=True, slots=True)
class Scored:
    """Result of one scoring.

    Parameters
    ----------
    score : float
        Mean Dice over the classes without background that occur in the truth, 0 to 1; that of
        background where none does.
    dice : tuple of float or None
        Per class; None where the class neither occurs nor was predicted.
    counts : (R, K, 3) ndarray of int64
        Of each test region, as `core.comparing` takes them.
    logits : (N, K) Tensor of float32
        A sample of the scored pixels, for the temperature.
    truth : (N,) Tensor of int64
        Their class numbers.
    regions : (N,) Tensor of int64
        The test region of each.
    """

    score: float
    dice: tuple[float | None, ...]
    counts: Counts
    logits: Tensor
    truth: Tensor
    regions: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a network says of a test region and its surroundings.

    Parameters
    ----------
    logits : (K, H, W) Tensor of float32
        Of the region and what lies around it, on the CPU.
    inner : (slice, slice)
        Where the region lies in them.
    truth : (h, w) ndarray of int64
        Class numbers of the region, -1 where not checked.
    """

    logits: Tensor
    inner: tuple[slice, slice]
    truth: Labels


@dataclass(frozen=True, slots=True)
class _Exam:
    """One test region: its surroundings, where it lies in them, and its truth."""

    window: Tensor
    inner: tuple[slice, slice]
    truth: Tensor


class Examiner:
    """Scores networks on the same test regions, each time the same way.

    Parameters
    ----------
    images : sequence of (C, Y, X) ndarray of float32
        Normalised training images.
    truths : sequence of (Y, X) ndarray of integer
        Class numbers, -1 where not checked.
    blocks : sequence of Block
        The test regions; the first ones count when they hold more than is needed.
    classes : int
        Number of the network's outputs.
    device : torch.device
        Where to compute.

    Attributes
    ----------
    blocks : tuple of Block
        The test regions that are scored, in the order of the counts.
    """

    def __init__(
        self,
        images: Sequence[Float],
        truths: Sequence[Labels],
        blocks: Sequence[Block],
        classes: int,
        device: torch.device,
    ) -> None:
        self._classes = classes
        self._device = device
        self.blocks = tuple(_enough(blocks))
        self._exams = [_exam(images[b.image], truths[b.image], b) for b in self.blocks]

    @property
    def pixels(self) -> int:
        """Pixels that one scoring computes."""
        return sum(exam.window[0, 0].numel() for exam in self._exams)

    def score(self, network: nn.Module, precision: str) -> Scored:
        """Score a network.

        Parameters
        ----------
        network : torch.nn.Module
            On the device; put into evaluation mode and back.
        precision : {"float32", "bfloat16", "float16"}
            Of autocast.

        Returns
        -------
        Scored
            Score and sampled logits.
        """
        training = network.training
        network.eval()
        answers = list(self._answers(network, precision))
        network.train(training)
        counts = np.stack([self._counts(*answer) for answer in answers])
        logits, truth = (torch.cat(parts) for parts in zip(*answers, strict=True))
        regions = torch.arange(len(answers)).repeat_interleave(
            torch.tensor([len(known) for _, known in answers])
        )
        kept = slice(None, None, max(1, len(truth) // KEPT_LOGITS))
        return Scored(
            mean_dice(counts), dice_of(counts), counts, logits[kept], truth[kept], regions[kept]
        )

    def _counts(self, logits: Tensor, truth: Tensor) -> Counts:
        """Count each class, in one region."""
        labels, count = logits.argmax(1), self._classes
        right = torch.bincount(truth[labels == truth], minlength=count)
        predicted, true = (torch.bincount(each, minlength=count) for each in (labels, truth))
        counts: Counts = torch.stack([2 * right, predicted + true, true], -1).numpy()
        return counts

    def maps(self, network: nn.Module, precision: str) -> Iterator[tuple[Block, Tensor]]:
        """Predict one test region after the other.

        Parameters
        ----------
        network : torch.nn.Module
            On the device, in evaluation mode.
        precision : {"float32", "bfloat16", "float16"}
            Of autocast.

        Yields
        ------
        block : Block
            The region.
        logits : (K, h, w) Tensor of float32
            On the CPU.
        """
        for block, answer in zip(self.blocks, self.answers(network, precision), strict=True):
            yield block, answer.logits[:, *answer.inner]

    def answers(
        self, network: nn.Module, precision: str, *, turned: bool = False
    ) -> Iterator[Answer]:
        """Predict one test region with its surroundings after the other.

        Parameters
        ----------
        network : torch.nn.Module
            On the device, in evaluation mode.
        precision : {"float32", "bfloat16", "float16"}
            Of autocast.
        turned : bool
            Whether the network sees them turned by half; the logits are turned back.

        Yields
        ------
        Answer
            On the CPU.
        """
        for exam in self._exams:
            window = exam.window.to(self._device)
            window = window.flip(-2, -1) if turned else window
            with torch.inference_mode(), autocast(precision, self._device):
                logits = network(window.contiguous(memory_format=torch.channels_last))[0]
            logits = (logits.flip(-2, -1) if turned else logits).float().cpu()
            yield Answer(logits, exam.inner, exam.truth.numpy())

    def _answers(self, network: nn.Module, precision: str) -> Iterator[tuple[Tensor, Tensor]]:
        for exam, (_, logits) in zip(self._exams, self.maps(network, precision), strict=True):
            known = exam.truth.flatten() != UNKNOWN
            yield logits.flatten(1).T[known], exam.truth.flatten()[known]


def _enough(blocks: Sequence[Block]) -> list[Block]:
    """Keep blocks of as many images as possible, up to the pixels that are needed."""
    rounds: dict[int, int] = {}
    turns = []
    for block in blocks:
        turns.append(rounds.get(block.image, 0))
        rounds[block.image] = turns[-1] + 1
    order = sorted(range(len(blocks)), key=lambda i: (turns[i], i))
    kept = list[Block]()
    pixels = 0
    for i in order:
        (top, bottom), (left, right) = blocks[i].rows, blocks[i].columns
        pixels += (bottom - top) * (right - left)
        if kept and pixels > MOST_PIXELS:
            break
        kept.append(blocks[i])
    return kept


def _exam(image: Float, truth: Labels, block: Block) -> _Exam:
    outer = [
        slice(max(0, span.start - CONTEXT), min(length, span.stop + CONTEXT))
        for span, length in zip(block.window, truth.shape, strict=True)
    ]
    inner = tuple(
        slice(span.start - wide.start, span.stop - wide.start)
        for span, wide in zip(block.window, outer, strict=True)
    )
    window = torch.from_numpy(image[:, *outer])[None]
    beyond = [up_to_grid(n) - n for n in window.shape[-2:]]
    padded = functional.pad(window, (0, beyond[1], 0, beyond[0]), mode="replicate")
    answers = torch.from_numpy(truth[block.window].astype(np.int64))
    return _Exam(padded, (inner[0], inner[1]), answers)


def dice_of(counts: Counts) -> tuple[float | None, ...]:
    """Return the Dice of each class over all regions.

    Parameters
    ----------
    counts : (R, K, 3) ndarray of int64
        As `core.comparing` takes them.

    Returns
    -------
    tuple of float or None
        None where a class neither occurs nor was predicted.
    """
    sums = counts.sum(0)
    return tuple(float(right / total) if total else None for right, total, _ in sums)
