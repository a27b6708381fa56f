"""The errors a user may see: what was expected, what was found, what to do.

Nothing here knows where an error is shown; the command line and the viewer each print the same
sentence. None derives from ``RuntimeError``, which napari's workers swallow.
"""

from __future__ import annotations


class SegLoopError(Exception):
    """A failure that a user can understand and mend.

    Parameters
    ----------
    expected : str
        What should have been there, as a noun phrase.
    got : str
        What was found instead.
    remedy : str
        What to do now, as a whole sentence.
    file : str, optional
        The file that the error is about.

    Examples
    --------
    >>> print(SegLoopError("an image of 2 channels", "3 channels", "Train a model for 3 channels."))
    Expected an image of 2 channels, got 3 channels. Train a model for 3 channels.
    """

    def __init__(self, expected: str, got: str, remedy: str, file: str | None = None) -> None:
        super().__init__(expected, got, remedy, file)
        self.expected = expected
        self.got = got
        self.remedy = remedy
        self.file = file

    def __str__(self) -> str:
        where = f"{self.file}: " if self.file else ""
        return f"{where}Expected {self.expected}, got {self.got}. {self.remedy}"


class InputError(SegLoopError):
    """Bad input or usage: nothing was started (exit code 2)."""


class ModelError(InputError):
    """A model file that is damaged, foreign, or does not fit the image."""


class TruthError(InputError):
    """Labels from which nothing can be learnt."""


class OutputError(SegLoopError):
    """A result that could not be written: no rights, no space, or it would overwrite an input."""


class ResourceError(SegLoopError):
    """The machine's memory or device did not suffice."""
