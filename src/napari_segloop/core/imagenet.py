"""A U-Net on weights learnt from everyday photos (ImageNet), fetched once, only when asked for.

Nobody waits long for a network that does not answer: the wait has an end of its own, since a
name that is being looked up cannot be interrupted.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial
from http.client import HTTPException
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import segmentation_models_pytorch as smp
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

from napari_segloop.core.errors import InputError
from napari_segloop.core.network import Architecture, build_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

ANSWER = 10.0  # seconds until the host must have answered
ARRIVAL = 60.0  # seconds until the weights must be here
FILES = ("config.json", "model.safetensors")
Done = TypeVar("Done")
FAULTS = (OSError, HTTPException, RuntimeError, ValueError)


def build_pretrained(parts: Architecture) -> tuple[nn.Module | None, str]:
    """Build a U-Net on ImageNet weights, where they can be had.

    Parameters
    ----------
    parts : Architecture
        Encoder, channels, outputs, depth.

    Returns
    -------
    network : torch.nn.Module or None
        In training mode, float32.
    problem : str
        Why there is none, as one sentence.

    Raises
    ------
    InputError
        When the encoder is unknown or cannot carry a U-Net.
    """
    try:
        _fetch(parts.encoder)
        return _within(ARRIVAL, partial(build_network, parts, "imagenet")), ""
    except InputError:
        build_network(parts)  # an unknown encoder is no matter of weights
        return None, f"There are no weights from everyday photos for {parts.encoder}."
    except FAULTS as error:
        host = urlsplit(constants.ENDPOINT).hostname
        why = f"could not be had from {host} ({_reason(error)})"
        return None, f"The weights from everyday photos {why}."


def _reason(error: Exception) -> str:
    """Return what the system says, as one line."""
    cause = getattr(error, "reason", error)
    return (getattr(cause, "strerror", None) or str(cause)).partition("\n")[0].lower()


def _fetch(encoder: str) -> None:
    """Have the weights on this machine; timm fetches those of its own encoders by itself."""
    about = smp.encoders.encoders.get(encoder, {}).get("pretrained_settings", {}).get("imagenet")
    if about is not None and _is_cached(about):
        return
    _within(ANSWER, _knock)
    if about is not None:
        _within(ARRIVAL, partial(_download, about))


def _is_cached(about: dict[str, str]) -> bool:
    found = (try_to_load_from_cache(about["repo_id"], name, revision=about["revision"])
             for name in FILES)  # fmt: skip
    return all(isinstance(path, str) for path in found)


def _knock() -> None:
    """Ask the host for nothing, through whatever proxy there is."""
    request = Request(constants.ENDPOINT, method="HEAD")
    urlopen(request, timeout=ANSWER).close()


def _download(about: dict[str, str]) -> None:
    for name in FILES:
        hf_hub_download(about["repo_id"], name, revision=about["revision"])


def _within(seconds: float, work: Callable[[], Done]) -> Done:
    """Do something on a thread that nobody waits for any longer than that."""
    done = Future[Done]()
    Thread(target=_settle, args=(done, work), daemon=True).start()
    try:
        return done.result(seconds)
    except TimeoutError as error:
        msg = str(error) or f"not within {seconds:.0f} s"
        raise TimeoutError(msg) from error


def _settle(done: Future[Done], work: Callable[[], Done]) -> None:
    try:
        made = work()
    except (*FAULTS, InputError) as error:
        done.set_exception(error)
    else:
        done.set_result(made)
