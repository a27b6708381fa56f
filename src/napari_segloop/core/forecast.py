"""What one model says about many images, and how that agrees with truth that taught nobody.

The network is made ready once; plans differ in shape and normalisation only. Who teaches and who
corrects is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_segloop.core.evaluate import DiceTally
from napari_segloop.core.evaluate_objects import ObjectTally
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.normalize import for_file, measure
from napari_segloop.core.planning import make_plan, replan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.prediction import Wanted
from napari_segloop.core.rehearsaldesk import first_labels

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_segloop.core.events import TileDone
    from napari_segloop.core.images import Labels, ShouldStop
    from napari_segloop.core.lesson import TrainingImage
    from napari_segloop.core.modelfile import Model
    from napari_segloop.core.normalize import Normalization
    from napari_segloop.core.prediction import Prediction
    from napari_segloop.core.settings import PredictSettings


class Forecast:
    """Predicts images one after the other with one model.

    Parameters
    ----------
    model : Model
        The model.
    settings : PredictSettings
        Where to compute.
    probabilities : bool
        Whether those of each class are wanted too.
    """

    def __init__(
        self, model: Model, settings: PredictSettings, *, probabilities: bool = False
    ) -> None:
        self._model, self._settings = model, settings
        self._wanted = Wanted(uncertainty=True, probabilities=probabilities)
        self._ready: Predictor | None = None

    def of(
        self, item: TrainingImage, should_stop: ShouldStop = lambda: False
    ) -> Generator[TileDone, None, Prediction | None]:
        """Predict an image.

        Parameters
        ----------
        item : TrainingImage
            Its pixels.
        should_stop : callable
            Asked at every tile.

        Returns
        -------
        Prediction or None
            None when stopped.

        Yields
        ------
        TileDone
            After each tile.

        Raises
        ------
        ModelError
            When the image has other channels than the model.
        """
        plane = ArrayPlane(item.image)
        statistics = item.statistics or measure([plane])
        self._ready = self._predictor(plane, for_file(self._model.info.normalization, statistics))
        return (yield from self._ready.predict(plane, self._wanted, should_stop))

    def _predictor(self, plane: ArrayPlane, numbers: Normalization) -> Predictor:
        if self._ready is None:
            return Predictor(self._model, make_plan(self._model, plane, numbers, self._settings))
        _, rows, columns = plane.shape
        return self._ready.replanned(replan(self._ready.plan, (rows, columns), numbers))


class Score:
    """The images that are only scored.

    Parameters
    ----------
    images : sequence of TrainingImage
        Their labels are the truth, all of it where ``checked`` is None.
    values : sequence of int
        Of the classes, 0 first.
    objects : bool
        Whether labels are ids.
    """

    def __init__(
        self, images: Sequence[TrainingImage], values: Sequence[int], *, objects: bool
    ) -> None:
        self._images, self._values, self._objects = images, tuple(values), objects

    def of_first_masks(self) -> dict[str, Any]:
        """Score thresholds, which is what there is before anything is taught.

        Returns
        -------
        dict
            ``dice``, ``classes`` and ``ap50``.
        """
        masks = [first_labels(i, self._values, objects=self._objects) for i in self._images]
        return self._scores(masks)

    def of(
        self, forecast: Forecast, should_stop: ShouldStop = lambda: False
    ) -> Generator[TileDone, None, dict[str, Any] | None]:
        """Score what a model says.

        Parameters
        ----------
        forecast : Forecast
            The model.
        should_stop : callable
            Asked at every tile.

        Returns
        -------
        dict or None
            ``dice`` (mean over classes without background), ``classes`` and, for objects,
            ``ap50``; None when stopped.

        Yields
        ------
        TileDone
            After each tile.
        """
        masks = list["Labels"]()
        for item in self._images:
            found = yield from forecast.of(item, should_stop)
            if found is None:
                return None
            masks.append(found.labels)
        return self._scores(masks)

    def _scores(self, masks: Sequence[Labels]) -> dict[str, Any]:
        pixels, objects = DiceTally(self._values), ObjectTally()
        for mask, item in zip(masks, self._images, strict=True):
            if self._objects:
                objects.add(mask, item.labels, item.checked)
                pixels.add(_foreground(mask), _foreground(item.labels), item.checked)
            else:
                pixels.add(mask, item.labels, item.checked)
        found = pixels.finish()
        classes = {value: dice for value, dice in found.classes.items() if value}
        precision = objects.finish().scores[0].average_precision if self._objects else None
        return {"dice": found.mean, "classes": classes, "ap50": precision}


def _foreground(ids: Labels) -> Labels:
    return (ids > 0).astype(np.uint8)
