"""Everything that fixes the pixels of one prediction, frozen, as JSON beside every output.

Same plan, same kind of device and same torch: equal pixels, whoever computes them and in
whatever order. Floating-point sums differ between tile shapes, batch shapes, thread counts and
precisions, so each of them is part of the plan. The plan does not know the image's file.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from napari_segloop.core.errors import InputError
from napari_segloop.core.normalize import Normalization

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How one image is predicted.

    Parameters
    ----------
    model : str
        Id of the model (SHA-256, hexadecimal).
    normalization : Normalization
        Numbers for this file.
    shape : tuple of int
        Rows and columns of a plane.
    tile : tuple of int
        Rows and columns of a tile, halo included.
    halo : int
        Pixels.
    batch : int
        Tiles computed at once; the last batch is padded to it.
    precision : {"float32", "bfloat16", "float16"}
        Of weights and activations.
    layout : {"channels_last", "contiguous"}
        Of tensors in memory.
    device : {"cpu", "cuda", "mps"}
        Kind of device.
    threads : int
        Processor threads per tile.
    torch : str
        Version of torch.
    folded : bool
        Whether BatchNorm is folded into the convolutions.
    quality : {"fast", "careful"}
        One pass, or two over tiles that the network is not sure of.
    format : int
        Version of this record.
    """

    model: str
    normalization: Normalization
    shape: tuple[int, int]
    tile: tuple[int, int]
    halo: int
    batch: int
    precision: str
    layout: str
    device: str
    threads: int
    torch: str
    folded: bool = True
    quality: str = "fast"
    format: int = FORMAT

    @property
    def deployment(self) -> tuple[str, str, str, str, bool]:
        """What the network itself is made ready for; plans may share it."""
        return self.model, self.precision, self.layout, self.device, self.folded

    def to_json(self) -> str:
        """Return the plan as sorted JSON; `from_json` gives an equal plan back.

        Returns
        -------
        str
            One line.
        """
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def from_json(text: str) -> Plan:
        """Read a plan.

        Parameters
        ----------
        text : str
            What `to_json` wrote.

        Returns
        -------
        Plan
            The same plan.

        Raises
        ------
        InputError
            When the text is no plan of this format.
        """
        try:
            data = json.loads(text)
            rule = data.pop("normalization")
            numbers = Normalization(rule["rule"], tuple(rule["centre"]), tuple(rule["scale"]))
            shape, tile = tuple(data.pop("shape")), tuple(data.pop("tile"))
            plan = Plan(normalization=numbers, shape=shape, tile=tile, **data)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError("a plan", f"{error}", "Predict the image again.") from error
        if plan.format != FORMAT:
            raise InputError(
                f"a plan of format {FORMAT}", f"format {plan.format}", "Update napari-segloop."
            )
        return plan
