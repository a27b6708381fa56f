"""Temperature: one number that makes a network's percentages honest.

Fitted on pixels that were never trained on. It changes no label and no ranking of pixels, only
how far the probabilities lie from certainty.
"""

from __future__ import annotations

import math

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn import functional

COLDEST, HOTTEST = 0.2, 10.0


def fit_temperature(logits: Tensor, truth: Tensor) -> float:
    """Return the temperature under which the truth is most likely.

    Parameters
    ----------
    logits : (N, K) Tensor of float32
        Of held-out pixels.
    truth : (N,) Tensor of int64
        Their class numbers.

    Returns
    -------
    float
        Between 0.2 and 10; 1 without pixels.

    References
    ----------
    Guo et al., On Calibration of Modern Neural Networks (2017), https://arxiv.org/abs/1706.04599

    Examples
    --------
    >>> logits = torch.tensor([[9.0, 0.0]] * 4)
    >>> round(fit_temperature(logits, torch.tensor([0, 0, 0, 1])), 1)  # right 3 times of 4
    8.2
    """
    if len(truth) == 0:
        return 1.0

    def surprise(log_temperature: float) -> float:
        return float(functional.cross_entropy(logits / math.exp(log_temperature), truth))

    with torch.inference_mode():
        bounds = math.log(COLDEST), math.log(HOTTEST)
        found = minimize_scalar(surprise, bounds=bounds, method="bounded", options={"xatol": 1e-3})
    return float(math.exp(found.x))
