"""Linear classifiers of which each has seen all blocks of some masks but its own ones.

What a witness says of a pixel rests on the masks elsewhere: on what most pixels that look alike
are labelled as. A few wrong labels among many do not change it. It knows numbers for each pixel,
neither images nor networks.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.nn import functional

from napari_segloop.core.doubt import box_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDS: Final = 4
FEWEST: Final = 20  # pixels of a class without which a witness knows nothing of it
PENALTY: Final = 1e-2  # times the squared weights, beside nats a pixel
STEPS: Final = 40
SMOOTHED: Final = 5  # pixels over which what speaks against labels is averaged
WRONG: Final = 0.05
"""The share of labels that is taken to be wrong before anything is looked at."""
SUREST: Final = 9.0  # log-odds; no witness is surer


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Some pixels of masks.

    Parameters
    ----------
    features : (N, F) Tensor of float32
        What is seen around each.
    classes : (N,) Tensor of int64
        Class numbers.
    folds : (N,) Tensor of int64
        Which witness must not learn from it.
    """

    features: Tensor
    classes: Tensor
    folds: Tensor

    @staticmethod
    def joined(parts: Sequence[Sample]) -> Sample:
        """Return all pixels of several samples.

        Parameters
        ----------
        parts : sequence of Sample
            At least one.

        Returns
        -------
        Sample
            In the same order.
        """
        return Sample(
            torch.cat([part.features for part in parts]),
            torch.cat([part.classes for part in parts]),
            torch.cat([part.folds for part in parts]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Witnesses:
    """What each witness learnt.

    Parameters
    ----------
    weights : (W, K, F) Tensor
        Of the features as they come.
    offsets : (W, K) Tensor
        Added; minus infinity for a class of which a witness knows nothing.
    """

    weights: Tensor
    offsets: Tensor

    @property
    def stacked(self) -> Tensor:
        """Weights of all witnesses, one after the other: ``(W K, F)``."""
        return self.weights.flatten(0, 1)

    def say(self, sums: Tensor, folds: Tensor) -> Tensor:
        """Return log-probabilities of the classes by the witness of each pixel's fold.

        Parameters
        ----------
        sums : (W K, h, w) Tensor
            Weighted sums of the features by `stacked`.
        folds : (h, w) Tensor of int64
            Which witness to ask.

        Returns
        -------
        (K, h, w) Tensor
            Minus infinity for classes that the witness does not know.
        """
        count, classes = self.offsets.shape
        shaped = sums.reshape(count, classes, *folds.shape)
        place = folds[None, None].expand(1, classes, -1, -1)
        own = shaped.gather(0, place)[0] + self.offsets[folds].permute(2, 0, 1)
        return own.log_softmax(0)


def call(sample: Sample, shares: Tensor) -> Witnesses:
    """Teach the witnesses.

    Parameters
    ----------
    sample : Sample
        Of about as many pixels of each class as there are.
    shares : (K,) Tensor
        How much of the masks each class covers.

    Returns
    -------
    Witnesses
        One for each fold.

    References
    ----------
    Northcutt et al., Confident Learning (2021), https://arxiv.org/abs/1911.00068
    """
    centre = sample.features.mean(0)
    scale = sample.features.std(0) + 1e-3
    values = (sample.features - centre) / scale
    with _one_thread():
        found = [_teach(values, sample, fold, shares) for fold in range(FOLDS)]
    weights = torch.stack([weight for weight, _ in found]) / scale
    return Witnesses(weights, torch.stack([offset for _, offset in found]) - weights @ centre)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute on one processor: small steps take longer on several, and far longer on busy ones."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _teach(values: Tensor, sample: Sample, fold: int, shares: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights and offsets of the witness that has not seen a fold."""
    seen = sample.folds != fold
    classes = sample.classes[seen]
    counts = torch.bincount(classes, minlength=len(shares)).float()
    known = counts >= FEWEST
    weights = torch.zeros(len(shares), values.shape[1] + 1, device=values.device)
    if known.sum() > 1:
        usable = known[classes]
        weights[known] = _logistic(
            values[seen][usable], (known.cumsum(0) - 1)[classes[usable]], int(known.sum())
        )
    usual = torch.log(shares) - torch.log(counts)  # the sample has other shares than the masks
    offsets = torch.where(known, weights[:, -1] + usual, -torch.inf)
    return weights[:, :-1], offsets


def _logistic(values: Tensor, classes: Tensor, count: int) -> Tensor:
    """Return the weights of a penalised multinomial logistic regression, the offset last."""
    padded = functional.pad(values, (0, 1), value=1.0)
    weights = torch.zeros(count, padded.shape[1], device=values.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        found = functional.cross_entropy(padded @ weights.T, classes)
        found = found + PENALTY * weights[:, :-1].square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach()


def doubt(said: Tensor, labels: Tensor) -> Tensor:
    """Return how likely each label is wrong, by what witnesses say and what is usual.

    Parameters
    ----------
    said : (K, h, w) Tensor
        Log-probabilities of the classes.
    labels : (h, w) Tensor of int64
        Class numbers; -1 where there is nothing to ask.

    Returns
    -------
    (h, w) Tensor of float32
        From 0 to 1; 0 where nothing was asked, or the class is not known to the witness.
    """
    own = said.gather(0, labels.clamp_min(0)[None])[0]
    asked = (labels >= 0) & own.isfinite()
    wrong = (1 - own.exp()).where(asked, torch.zeros_like(own))
    against = torch.logit(wrong, 1e-6).clamp_(-SUREST, SUREST)
    usual = math.log(WRONG / (1 - WRONG))
    return (box_mean(against, SMOOTHED) + usual).sigmoid_() * asked
