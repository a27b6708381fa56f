"""Whether a training still gets anywhere, by its losses alone.

Plain numbers: no clock, no scores, no networks. What follows from it is the schedule's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean

EARLIEST = 300  # steps; by then most of what is to be learnt should be, which is a target so far
EVERY = 50  # steps between two looks
FALL = 0.03  # of the loss, from the second third of the steps to the last
LEVEL = 0.003  # a fall by less than this is none, however small the loss is
LOOKS = 2  # in a row; a single one may be chance


@dataclass(slots=True)
class Plateau:
    """Finds out that the loss has stopped falling.

    The last two thirds of the losses are compared, the later with the earlier.
    """

    _losses: list[float] = field(default_factory=list)
    _flat: int = 0

    def note(self, loss: float) -> bool:
        """Take note of a step's loss.

        Parameters
        ----------
        loss : float
            Of the step.

        Returns
        -------
        bool
            Whether the loss was flat at the last looks; never before 350 steps.

        Examples
        --------
        >>> plateau = Plateau()
        >>> found = [plateau.note(1 / step) for step in range(1, 601)]
        >>> found.index(True)  # falls by less than .003
        349
        >>> plateau = Plateau()
        >>> any(plateau.note(1 - step / 1000) for step in range(600))
        False
        """
        self._losses.append(loss)
        steps = len(self._losses)
        if steps >= EARLIEST and steps % EVERY == 0:
            self._flat = self._flat + 1 if self._is_flat(steps // 3) else 0
        return self._flat >= LOOKS

    def _is_flat(self, third: int) -> bool:
        before = fmean(self._losses[-2 * third : -third])
        fall = before - fmean(self._losses[-third:])
        return fall < max(FALL * before, LEVEL)
