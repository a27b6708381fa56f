"""What `--start` names: a word, or the file of a model. Reading one brings torch."""

from __future__ import annotations

from pathlib import Path

from napari_segloop.cli.startword import check_start
from napari_segloop.core.errors import ModelError
from napari_segloop.core.modelfile import Model, load_model
from napari_segloop.core.settings import STARTS


def model_to_start_from(start: str) -> Model | None:
    """Read the model that a training starts from.

    Parameters
    ----------
    start : str
        One of `STARTS`, or the path of a model.

    Returns
    -------
    Model or None
        None for a word.

    Raises
    ------
    ModelError
        When it is neither a word nor a sound model.
    """
    check_start(start)
    return None if start in STARTS else load_model(Path(start))


def check_encoder(encoder: str | None, start: Model | None, name: str) -> None:
    """Refuse an encoder that is not the one of the model to start from.

    Parameters
    ----------
    encoder : str, optional
        As named by the user.
    start : Model, optional
        What training starts from.
    name : str
        How the user named that.

    Raises
    ------
    ModelError
        When they differ.
    """
    if start is None or encoder in (None, start.info.encoder):
        return
    raise ModelError(
        f"the encoder of the model to start from, {start.info.encoder}",
        str(encoder),
        "Leave --encoder out, or train from zero.",
        name,
    )
