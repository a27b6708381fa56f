"""A real image that comes with scikit-image, so that nothing is ever downloaded for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skimage import data

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class RealImage:
    """A photographed image, without truth.

    Parameters
    ----------
    image : (Y, X) ndarray of uint8
        The pixels, read-only.
    pixel_size_um : float
        Edge of a pixel, in micrometres.
    licence : str
        Under which it may be passed on.
    source : str
        Where it was published.
    """

    image: NDArray[np.uint8]
    pixel_size_um: float
    licence: str
    source: str


def floating_cell() -> RealImage:
    """Return a cell floating in saline, a quantitative phase image with banding.

    It is scikit-image's ``data.cell``, which lies in the installed package. Licence: CC0, dedicated
    to the public domain by its authors.

    Returns
    -------
    RealImage
        660 x 550 pixels of 0.107 micrometres.

    References
    ----------
    .. [1] Müller, P., Schürmann, M., Girardo, S., Cojoc, G. and Guck, J. (2018). Accurate
       evaluation of size and refractive index for spherical objects in quantitative phase
       imaging. https://doi.org/10.1364/OE.26.010729

    Examples
    --------
    >>> floating_cell().image.shape
    (660, 550)
    """
    image = data.cell()  # type: ignore[no-untyped-call]
    image.flags.writeable = False
    return RealImage(image, 0.107, "CC0-1.0", "https://doi.org/10.1364/OE.26.010729")
