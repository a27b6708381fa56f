"""Carries out what the user chose in a dialog: layers, labels and mask files to take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels

from napari_segloop.core.errors import InputError, SegLoopError
from napari_segloop.session.sources import indices
from napari_segloop.widgets.imagelayers import stored_shape
from napari_segloop.widgets.layer_chooser import LayerOffer
from napari_segloop.widgets.other_ways import OtherWays
from napari_segloop.widgets.sources import LayerSource, find_channel_axis, in_remembered_order
from napari_segloop.widgets.userlabels import copy_labels

if TYPE_CHECKING:
    from napari.layers import Layer
    from qtpy.QtWidgets import QWidget

    from napari_segloop.widgets.layer_chooser import ImageChoice, LabelsChoice
    from napari_segloop.widgets.pairing_dialog import MaskFiles
    from napari_segloop.widgets.stage import Stage


class Choices:
    """What is offered in the dialogs, and what is done with the answers.

    Parameters
    ----------
    stage : Stage
        Knows viewer and session.
    owner : QWidget
        Over which dialogs open.
    """

    def __init__(self, stage: Stage, owner: QWidget) -> None:
        self._stage = stage
        self._channels: tuple[str, ...] = ()  # names of the layers chosen together last
        self.ways = OtherWays(stage.session, owner)
        self.ways.image_layers = lambda: self._offers(Image)
        self.ways.labels_layers = lambda: self._offers(Labels)
        self.ways.images_chosen.connect(self._add_images)
        self.ways.labels_chosen.connect(self._take_labels)
        self.ways.files_chosen.connect(self._take_files)

    def _offers(self, kind: type[Layer]) -> list[LayerOffer]:
        opened = self._stage.opened
        ours = () if opened is None or opened.link is None else opened.link.layers.all()
        layers = [
            layer
            for layer in self._stage.viewer.layers
            if isinstance(layer, kind) and all(layer is not own for own in ours)
        ]
        return [
            LayerOffer(layer, layer.name, stored_shape(layer), _axis(layer))
            for layer in in_remembered_order(layers, self._channels)
        ]

    def _add_images(self, choice: ImageChoice) -> None:
        session, viewer = self._stage.session, self._stage.viewer
        groups = [choice.keys] if choice.together else [(key,) for key in choice.keys]
        for layers in groups:
            try:
                source = LayerSource(layers, viewer, choice.channel_axis)
                session.add_source(source)
                self._channels = source.channel_names if choice.together else self._channels
            except SegLoopError as error:
                session.desk.tell(error)
        session.publish()

    def _take_labels(self, choice: LabelsChoice) -> None:
        session = self._stage.session
        try:
            self._import(choice)
        except SegLoopError as error:
            session.desk.tell(error)
            session.publish()

    def _import(self, choice: LabelsChoice) -> None:
        session, opened = self._stage.session, self._stage.opened
        if opened is None:
            raise InputError("an open image", "none", "Click an image in the list first.")
        source = session.source(opened.image)
        shape = (*source.leading, *source.plane_shape)
        layer: Labels = choice.key
        values = copy_labels(layer, shape, objects=session.desk.objects)
        planes = {i: values[i] for i in indices(source) if np.any(values[i]) or not i}
        session.import_planes(opened.image, planes, choice.trust, choice.zero)
        session.look_for_places()
        session.publish()

    def _take_files(self, choice: MaskFiles) -> None:
        self._stage.session.import_files(choice.pairs, choice.trust, choice.zero)


def _axis(layer: Layer) -> int | None:
    return find_channel_axis(layer) if isinstance(layer, Image) else None
