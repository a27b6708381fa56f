"""Which images of a rehearsal are worked on, and which are only scored.

Chance decides, fixed by a seed. How the loop is played is not known here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.cli.training import read_pair
from napari_segloop.core.errors import InputError, TruthError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.cli.report import Reporter
    from napari_segloop.cli.simulate import SimulateRequest
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.settings import TrainSettings
    from napari_segloop.files.pairing import Pair, Pairing

SCORED_SHARE = 3  # one of three images, at least, is only scored
SMALLEST_SIDE = 64  # pixels of an image that is cut in halves
Images = list["TrainingImage"]
BACKGROUND, MARKED = "background (value 0)", "something beside background (value 0)"


def read_images(
    request: SimulateRequest, pairing: Pairing, training: TrainSettings, reporter: Reporter
) -> tuple[Images, Images]:
    """Read all images, and divide them into those worked on and those that are only scored.

    Parameters
    ----------
    request : SimulateRequest
        Seed and share of the division.
    pairing : Pairing
        The files. A single one is cut in halves.
    training : TrainSettings
        How images are read.
    reporter : Reporter
        Told how they are divided.

    Returns
    -------
    worked, unseen : list of TrainingImage
        A plane each; all planes of a file are on one side.

    Raises
    ------
    InputError
        When a file cannot be read, does not fit, or there are too few, and when no division
        leaves background and something else on either side.
    """
    rng = np.random.default_rng(request.seed)
    count = _worked_count(request.work_on, len(pairing.pairs))
    if len(pairing.pairs) == 1:
        worked, unseen = _halves(_read(pairing.pairs, request, training), rng)
        reporter.notice(
            "There is a single image: one half of it is worked on, the other only scored."
        )
        _check_kinds((worked, unseen), request.ignore, single=True)
        return worked, unseen
    pairs = [pairing.pairs[i] for i in rng.permutation(len(pairing.pairs))]
    sides = [sorted(side, key=lambda each: each.image) for side in (pairs[:count], pairs[count:])]
    reporter.notice(f"{len(sides[0])} image(s) are worked on, {len(sides[1])} only scored.")
    worked, unseen = (_read(side, request, training) for side in sides)
    _check_kinds((worked, unseen), request.ignore, single=False)
    return worked, unseen


def _worked_count(wanted: int | None, images: int) -> int:
    most = max(images - -(-images // SCORED_SHARE), 1)
    rest = "a third" if images > 1 else "one half"
    if wanted is not None and wanted > most:
        raise InputError(
            f"at most {most} of {images} image(s) to work on, since {rest} is only scored",
            f"{wanted}",
            "Give more images, or a smaller --work-on.",
        )
    return wanted or most


def _read(pairs: Sequence[Pair], request: SimulateRequest, training: TrainSettings) -> Images:
    reading = replace(request.reading, axes=training.axes, channels=training.channels)
    items = [item for each in pairs for item in read_pair(each, reading)]
    if request.ignore is None:
        return items
    return [replace(item, checked=item.labels != request.ignore) for item in items]


def _halves(items: Images, rng: np.random.Generator) -> tuple[Images, Images]:
    """Cut each plane across its longer side; chance says which half is worked on."""
    shape = items[0].labels.shape
    axis = int(shape[1] > shape[0])
    if max(shape) < 2 * SMALLEST_SIDE:
        raise InputError(
            f"several images, or one of at least {2 * SMALLEST_SIDE} pixels",
            f"one of {shape} pixels",
            "Give more images with their truth.",
            items[0].name,
        )
    middle = shape[axis] // 2
    parts = [slice(0, middle), slice(middle, None)]
    cuts = [(part, slice(None)) if axis == 0 else (slice(None), part) for part in parts]
    sides = [[_cut(item, cut) for item in items] for cut in cuts]
    first = int(rng.integers(2))
    return sides[first], sides[1 - first]


def _cut(item: TrainingImage, cut: tuple[slice, slice]) -> TrainingImage:
    checked = None if item.checked is None else item.checked[cut]
    origin = (cut[0].start or 0, cut[1].start or 0)
    pixels, labels = item.image[(..., *cut)], item.labels[cut]
    return replace(item, image=pixels, labels=labels, checked=checked, origin=origin)


def _check_kinds(sides: tuple[Images, Images], ignore: int | None, *, single: bool) -> None:
    """Refuse truth that no other division would help; the rest is found where it is played."""
    for kind in (BACKGROUND, MARKED):
        held = [{item.stack or item.name for item in side if _holds(item, kind)} for side in sides]
        if not any(held):
            raise TruthError(f"{kind} in the truth", "none anywhere", _remedy(kind, ignore))
        if single and not all(held):
            remedy = "Give several images with their truth, or one that holds it all over."
            raise TruthError(f"{kind} in both halves of the image", "none in one half", remedy)
        files = set[str]().union(*held)
        if not single and len(files) == 1:
            remedy = "Give more images that hold it."
            raise TruthError(f"{kind} in at least two images", "one", remedy, *files)


def _holds(item: TrainingImage, kind: str) -> bool:
    known = item.labels if item.checked is None else item.labels[item.checked]
    return bool(((known == 0) if kind == BACKGROUND else (known != 0)).any())


def _remedy(kind: str, ignore: int | None) -> str:
    if ignore is not None:
        return f"Leave --ignore {ignore} out, or give other truth."
    if kind == BACKGROUND:
        return "Write background as 0 in the truth, for example 1 as 0 and 2 as 1."
    return "Mark something in the truth, or give other images."
