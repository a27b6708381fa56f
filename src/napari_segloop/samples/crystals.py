"""Crystals, blobs and bubbles in suspension: an image, a focal stack, a movie.

Objects are drawn in micrometres, put into the light from the farthest to the nearest, and
photographed. The same seed gives equal pixels, whatever was drawn before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_segloop.core.errors import InputError
from napari_segloop.samples.optics import (
    absorption,
    expose,
    focus_at,
    glow,
    uneven_light,
)
from napari_segloop.samples.population import Body, draw_bodies, drifted
from napari_segloop.samples.sample import Sample
from napari_segloop.samples.settings import CrystalSettings
from napari_segloop.samples.truth import PlaneTruth, Seen, plane_truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.core.images import Array
    from napari_segloop.samples.outlines import Real

Seed = int | np.random.Generator

DEFAULT: Final = CrystalSettings()
_DARK: Final = 0.06  # fluorescence of the empty liquid, relative to brightfield's background
_BLEACHING: Final = 0.04  # part of the fluorescence lost from frame to frame


def crystals(
    seed: Seed = 0, shape: tuple[int, int] = (512, 512), settings: CrystalSettings = DEFAULT
) -> Sample:
    """Make a brightfield image of crystals in suspension.

    Parameters
    ----------
    seed : int or numpy Generator
        The same whole number gives equal pixels; a generator goes on from where it is.
    shape : (int, int)
        Rows and columns.
    settings : CrystalSettings
        What is in the liquid, and the camera.

    Returns
    -------
    Sample
        Axes ``YX``.

    Raises
    ------
    InputError
        For a seed or a shape that makes no image.

    Examples
    --------
    >>> sample = crystals(seed=1, shape=(64, 96))
    >>> sample.image.shape, sample.image.dtype, sample.axes
    ((64, 96), dtype('uint8'), 'YX')
    """
    rows, columns = _check_shape(shape, 2)
    chance = _Chance.of(seed)
    bodies = draw_bodies(chance.bodies, _extent((rows, columns), settings), settings)
    view = _look((), bodies, (rows, columns), 0.0, settings)
    light = uneven_light(chance.light, (rows, columns), settings)
    image = expose(chance.noise, light * view.light, settings)
    return _sample(image, "YX", [view.truth], (), settings, seed)


def crystal_stack(
    seed: Seed = 0,
    shape: tuple[int, int, int] = (13, 256, 256),
    settings: CrystalSettings = DEFAULT,
) -> Sample:
    """Make a focal stack: one layer, photographed with the focal plane at several depths.

    Parameters
    ----------
    seed : int or numpy Generator
        The same whole number gives equal pixels; a generator goes on from where it is.
    shape : (int, int, int)
        Focal planes, rows and columns; the planes are spread evenly over the layer.
    settings : CrystalSettings
        What is in the liquid, and the camera.

    Returns
    -------
    Sample
        Axes ``ZYX``. An object is part of the truth of those planes where it is sharp enough.

    Raises
    ------
    InputError
        For a seed or a shape that makes no image.

    Examples
    --------
    >>> sample = crystal_stack(seed=1, shape=(3, 64, 64))
    >>> sample.axes, sample.z_step_um
    ('ZYX', 100.0)
    """
    planes, rows, columns = _check_shape(shape, 3)
    chance = _Chance.of(seed)
    bodies = draw_bodies(chance.bodies, _extent((rows, columns), settings), settings)
    light = uneven_light(chance.light, (rows, columns), settings)
    step = settings.layer_um / planes
    focal = (np.arange(planes) - (planes - 1) / 2) * step
    views = [_look((z,), bodies, (rows, columns), at, settings) for z, at in enumerate(focal)]
    image = np.stack([expose(chance.noise, light * view.light, settings) for view in views])
    truths = [view.truth for view in views]
    return replace(_sample(image, "ZYX", truths, (planes,), settings, seed), z_step_um=step)


def crystal_movie(
    seed: Seed = 0,
    shape: tuple[int, int, int] = (8, 256, 256),
    settings: CrystalSettings = DEFAULT,
) -> Sample:
    """Make a movie of drifting objects in brightfield and fluorescence.

    Parameters
    ----------
    seed : int or numpy Generator
        The same whole number gives equal pixels; a generator goes on from where it is.
    shape : (int, int, int)
        Frames, rows and columns.
    settings : CrystalSettings
        What is in the liquid, how it flows, and the camera.

    Returns
    -------
    Sample
        Axes ``TCYX`` with two channels; the truth has axes ``TYX``. An object keeps its id.

    Raises
    ------
    InputError
        For a seed or a shape that makes no image.

    Examples
    --------
    >>> sample = crystal_movie(seed=1, shape=(2, 64, 64))
    >>> sample.image.shape, sample.classes.shape, sample.channels
    ((2, 2, 64, 64), (2, 64, 64), ('brightfield', 'fluorescence'))
    """
    frames, rows, columns = _check_shape(shape, 3)
    chance = _Chance.of(seed)
    extent = _extent((rows, columns), settings)
    bodies = draw_bodies(chance.bodies, extent, settings, upstream_um=frames * settings.flow_um)
    light = uneven_light(chance.light, (rows, columns), settings)
    images, truths = [], []
    for frame in range(frames):
        view = _look((frame,), bodies, (rows, columns), 0.0, settings)
        glowing = _fluorescence(frame, bodies, (rows, columns), settings)
        both = (light * view.light, light * glowing)
        images.append(np.stack([expose(chance.noise, one, settings) for one in both]))
        truths.append(view.truth)
        bodies = drifted(bodies, chance.bodies, settings)
    sample = _sample(np.stack(images), "TCYX", truths, (frames,), settings, seed)
    return replace(sample, channels=("brightfield", "fluorescence"))


@dataclass(frozen=True, slots=True)
class _Chance:
    """Separate sources, so that a noisier camera does not move the crystals."""

    bodies: np.random.Generator
    light: np.random.Generator
    noise: np.random.Generator

    @classmethod
    def of(cls, seed: Seed) -> _Chance:
        if isinstance(seed, np.random.Generator):
            return cls(*seed.spawn(3))
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
            raise InputError(
                "a seed of 0 or more, or a numpy Generator", repr(seed), "Choose a whole number."
            )
        return cls(*np.random.default_rng(int(seed)).spawn(3))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """One plane before the camera: light relative to the empty liquid, and the truth."""

    light: Real
    truth: PlaneTruth


def _look(
    index: tuple[int, ...],
    bodies: Sequence[Body],
    shape: tuple[int, int],
    focal_um: float,
    settings: CrystalSettings,
) -> _View:
    light = np.ones(shape)
    seen = []
    for body in sorted(bodies, key=lambda body: body.z):
        defocus = body.z - focal_um
        patch = absorption(body, shape, defocus, settings)
        if patch is not None:
            light[patch.slices] *= 1 + patch.values
            focus = focus_at(defocus, settings)
            seen.append(Seen(body, patch.slices, patch.depth >= 0, defocus, focus))
    return _View(light, plane_truth(index, seen, shape, settings))


def _fluorescence(
    frame: int, bodies: Sequence[Body], shape: tuple[int, int], settings: CrystalSettings
) -> Real:
    light = np.zeros(shape)
    for body in bodies:
        patch = glow(body, shape, body.z, settings)
        if patch is not None:
            light[patch.slices] += patch.values
    return _DARK + (1 - _BLEACHING) ** frame * light


def _sample(
    image: Array,
    axes: str,
    truths: Sequence[PlaneTruth],
    leading: tuple[int, ...],
    settings: CrystalSettings,
    seed: Seed,
) -> Sample:
    shape = leading + truths[0].ids.shape
    return Sample(
        image=image,
        axes=axes,
        pixel_size_um=settings.pixel_size_um,
        z_step_um=None,
        classes=np.stack([truth.classes for truth in truths]).reshape(shape),
        ids=np.stack([truth.ids for truth in truths]).reshape(shape),
        overlap=np.stack([truth.overlap for truth in truths]).reshape(shape),
        focus=np.stack([truth.focus for truth in truths]).reshape(shape),
        table=tuple(row for truth in truths for row in truth.rows),
        masks=tuple(mask for truth in truths for mask in truth.masks),
        channels=("brightfield",),
        seed=None if isinstance(seed, np.random.Generator) else int(seed),
    )


def _check_shape(shape: tuple[int, ...], axes: int) -> tuple[int, ...]:
    if len(shape) != axes or min(shape) < 1:
        raise InputError(
            f"a shape of {axes} whole numbers from 1", f"{shape}", "Name the size of each axis."
        )
    return tuple(int(length) for length in shape)


def _extent(shape: tuple[int, int], settings: CrystalSettings) -> tuple[float, float]:
    return shape[0] * settings.pixel_size_um, shape[1] * settings.pixel_size_um
