"""What a running job may ask: should it stop, does the user paint, which models are here.

Written by the thread that reads the pipe, read by the job.
"""

from __future__ import annotations

from napari_segloop.engine.shelf import Shelf


class Control:
    """The wishes of the other side.

    Parameters
    ----------
    shelf : Shelf, optional
        Models that came with earlier jobs.
    """

    def __init__(self, shelf: Shelf | None = None) -> None:
        self.painting = False
        self.shelf = shelf or Shelf()
        self._cancelled: set[int] = set()
        self._job: int | None = None

    @property
    def job(self) -> int | None:
        """The job that runs."""
        return self._job

    def begin(self, job: int) -> None:
        """Note that a job runs now.

        Parameters
        ----------
        job : int
            Its number.
        """
        self._job = job

    def end(self) -> None:
        """Note that the job is over."""
        self._cancelled.discard(self._job or 0)
        self._job = None

    def cancel(self, job: int) -> None:
        """Ask a job to stop, also one that has not begun.

        Parameters
        ----------
        job : int
            Its number.
        """
        self._cancelled.add(job)

    def should_stop(self) -> bool:
        """Say whether the job that runs was asked to stop.

        Returns
        -------
        bool
            Asked at every step, tile and item.
        """
        return self._job in self._cancelled
