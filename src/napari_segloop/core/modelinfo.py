"""What a model says of itself: the header of the model file, without torch.

Frozen, checked on reading, since a file may come from anywhere. It knows nothing of weights.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import asdict, dataclass
from itertools import chain
from typing import TYPE_CHECKING

from napari_segloop.core.errormodel import ErrorModel
from napari_segloop.core.errors import InputError, ModelError
from napari_segloop.core.example import Example
from napari_segloop.core.familiarity import Familiarity
from napari_segloop.core.holdout import look_of
from napari_segloop.core.magnification import UNIT, PixelSize, is_pixel_size
from napari_segloop.core.normalize import Normalization
from napari_segloop.core.seldom import is_count
from napari_segloop.core.settings import DEPTHS, RULES, TASKS

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
OBJECT_OUTPUTS = 3  # background, interior, border
DESCRIPTION = (
    "created",
    "author",
    "pixel_size",
    "unit",
    "example",
    "original",
    "base",
    "inherited_hashes",
)
"""Told of a model, no part of its identity: equal weights and settings have one id, whoever made
them. So files from before these entries keep their ids, too."""
BASES = {
    "starter": "general microscopy",
    "imagenet": "everyday photos",
    "none": "zero",
    "model": "a model",
}
"""What training started from, and what people call it."""
MAX_CHANNELS = 4096
MAX_VALUES = 256  # labels are predicted as bytes
LONGEST_AUTHOR = 200


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The header of a model.

    Parameters
    ----------
    task : {"classes", "objects"}
        What the label values mean.
    encoder : str
        Name known to segmentation-models-pytorch.
    depth : int
        How many times the encoder halves the image.
    channels : int
        Image channels that the network takes.
    values : tuple of int
        Label value of each output, 0 first; for objects ``(0, 1)``.
    normalization : Normalization
        Its rule is applied to new files; its numbers are those of the training images.
    temperature : float
        Logits are divided by it before they become probabilities.
    axes : str or None
        Stored axes as named by the user, None when the files' own metadata counted.
    selected : tuple of int or None
        Channels selected by the user.
    score : float or None
        Mean Dice on the test regions.
    steps, seed : int
        How it was trained.
    precision : str
        Number format in training.
    teach_hashes, test_hashes : tuple of str
        Content of each region that taught and of each that tested.
    start : str or None
        Id of the model that training started from.
    versions : tuple of (str, str)
        Names and versions of the libraries that made it.
    created : str
        Time of writing, ISO 8601.
    author : str
        Who made it, as they call themselves; empty when not said.
    pixel_size : tuple of float or None
        Height and width of a pixel of the training images; None when not known or not alike.
    unit : str
        Of the pixel size: always ``um``.
    example : Example or None
        A small piece of a training image.
    original : str or None
        Id of the model that this is a copy of in half precision, as projects keep it.
    base : str
        What training started from, one of `BASES`; empty when not known.
    inherited_hashes : tuple of str
        Pixels of regions that taught the models it was improved from, and did not teach it again.
        These eight are not part of the identity.
    taught : tuple of int or None
        Pixels of each value that taught; None in models from before it was counted.
    errors : ErrorModel or None
        Turns doubt into error probability; None in models from before there was one, whose doubt
        counts as it is.
    familiar : Familiarity or None
        What the training images look like; None in models from before it was kept.
    format : int
        Version of this record.
    """

    task: str
    encoder: str
    depth: int
    channels: int
    values: tuple[int, ...]
    normalization: Normalization
    temperature: float = 1.0
    axes: str | None = None
    selected: tuple[int, ...] | None = None
    score: float | None = None
    steps: int = 0
    seed: int = 0
    precision: str = "float32"
    teach_hashes: tuple[str, ...] = ()
    test_hashes: tuple[str, ...] = ()
    start: str | None = None
    versions: tuple[tuple[str, str], ...] = ()
    created: str = ""
    author: str = ""
    pixel_size: PixelSize | None = None
    unit: str = UNIT
    example: Example | None = None
    original: str | None = None
    base: str = ""
    inherited_hashes: tuple[str, ...] = ()
    taught: tuple[int, ...] | None = None
    errors: ErrorModel | None = None
    familiar: Familiarity | None = None
    format: int = FORMAT

    @property
    def outputs(self) -> int:
        """Number of the network's output channels."""
        return OBJECT_OUTPUTS if self.task == "objects" else len(self.values)

    @property
    def seen(self) -> frozenset[str]:
        """Hashes of the pixels of all regions that ever taught these weights."""
        return frozenset(map(look_of, self.teach_hashes)) | frozenset(self.inherited_hashes)

    def to_json(self, *, identity: bool = False) -> str:
        """Return the header as sorted JSON.

        Parameters
        ----------
        identity : bool
            Whether to leave out what may differ between two equal models (`DESCRIPTION`).

        Returns
        -------
        str
            One line.
        """
        data = asdict(self)
        kept = {name: data[name] for name in data if not identity or name not in DESCRIPTION}
        for name in ("errors", "familiar", "taught"):
            if kept[name] is None:
                del kept[name]  # so that older models keep their ids
        return json.dumps(kept, sort_keys=True, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> ModelInfo:
        """Read a header and check every value in it.

        Parameters
        ----------
        text : str
            What `to_json` wrote.

        Returns
        -------
        ModelInfo
            The header.

        Raises
        ------
        ModelError
            When it is no header, of another format, or absurd.
        """
        data = _parse(text)
        if data.get("format") != FORMAT:
            raise ModelError(
                f"a model of format {FORMAT}",
                f"format {data.get('format')!r}",
                "Update napari-segloop, or train the model again.",
            )
        try:
            return _checked(_from_data(data))
        except (KeyError, TypeError, ValueError, OverflowError, InputError) as error:
            raise _damaged(str(error)) from error


def _parse(text: str) -> dict[str, object]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(str(error)) from error
    if not isinstance(data, dict):
        raise _damaged(type(data).__name__)
    return data


def _damaged(got: str) -> ModelError:
    return ModelError(
        "the header of a segloop model", f"a damaged one ({got[:200]})", "Use another copy of it."
    )


def _from_data(data: dict[str, object]) -> ModelInfo:
    """Rebuild the record; lists become tuples, unknown keys are an error."""
    rule = data.pop("normalization")
    if not isinstance(rule, dict):
        msg = "no normalization"
        raise TypeError(msg)
    numbers = Normalization(str(rule["rule"]), _floats(rule["centre"]), _floats(rule["scale"]))
    names = {field.name for field in dataclasses.fields(ModelInfo)}
    if unknown := set(data) - names:
        msg = f"unknown entries {sorted(unknown)}"
        raise ValueError(msg)
    example = Example.from_data(data.pop("example", None))
    errors = ErrorModel.from_data(data.pop("errors", None))
    familiar = Familiarity.from_data(data.pop("familiar", None))
    rest = {name: _tuples(value) for name, value in data.items()}
    parts = {"example": example, "errors": errors, "familiar": familiar}
    return ModelInfo(normalization=numbers, **parts, **rest)  # type: ignore[arg-type]  # checked next


def _tuples(value: object) -> object:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _floats(values: object) -> tuple[float, ...]:
    if not isinstance(values, list):
        msg = "no list of numbers"
        raise TypeError(msg)
    return tuple(float(value) for value in values)


def _checked(info: ModelInfo) -> ModelInfo:
    numbers = info.normalization
    finite = [*numbers.centre, *numbers.scale, info.temperature]
    sound = {
        "task": info.task in TASKS,
        "rule": numbers.rule in RULES,
        "encoder": isinstance(info.encoder, str),
        "depth": info.depth in DEPTHS and type(info.depth) is int,
        "channels": type(info.channels) is int and 1 <= info.channels <= MAX_CHANNELS,
        "values": _sound_values(info.values),
        "numbers": all(math.isfinite(x) for x in finite) and info.temperature > 0,
        "normalization": len(numbers.centre) == len(numbers.scale) == info.channels,
        "scales": all(scale > 0 for scale in numbers.scale),
        "axes": info.axes is None or isinstance(info.axes, str),
        "selected": info.selected is None or all(type(c) is int for c in info.selected),
        "score": info.score is None or math.isfinite(info.score),
        "history": type(info.steps) is int and type(info.seed) is int,
        "author": isinstance(info.author, str) and len(info.author) <= LONGEST_AUTHOR,
        "pixel size": info.pixel_size is None or is_pixel_size(info.pixel_size),
        "unit": info.unit == UNIT,
        "base": info.base in ("", *BASES),
        "familiar": info.familiar is None or info.familiar.fits(info.channels),
        "taught": info.taught is None or is_count(info.taught, len(info.values)),
        "names": all(isinstance(text, str) for text in _texts(info)),
    }
    if wrong := [name for name, fine in sound.items() if not fine]:
        raise ValueError(", ".join(wrong))
    return info


def _texts(info: ModelInfo) -> Iterator[object]:
    versions = (text for name, version in info.versions for text in (name, version))
    ids = (info.start or "", info.original or "")
    hashes = (info.teach_hashes, info.test_hashes, info.inherited_hashes)
    return chain(*hashes, versions, (info.created, *ids))


def _sound_values(values: object) -> bool:
    if not isinstance(values, tuple) or not 2 <= len(values) <= MAX_VALUES:
        return False
    if any(type(v) is not int or not 0 <= v < 2**32 for v in values):
        return False
    return values[0] == 0 and list(values) == sorted(set(values))
