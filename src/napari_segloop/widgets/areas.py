"""Makes work areas: asks with the form, lets the user draw, and opens what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_segloop.core.errors import SegLoopError
from napari_segloop.widgets.drawn_box import DrawnBox
from napari_segloop.widgets.listening import Ear
from napari_segloop.widgets.workarea import area_in_shape, area_in_view, leading_axes

if TYPE_CHECKING:
    from napari_segloop.session.workarea import WorkArea
    from napari_segloop.widgets.area_form import AreaForm, AreaWish
    from napari_segloop.widgets.opened import Opened
    from napari_segloop.widgets.stage import Stage
    from napari_segloop.widgets.workarea import LeadingAxis

LINE = 2
"""Width of the line that is drawn, in pixels of the screen."""


class Areas:
    """The form of one dock and the box of its viewer.

    Parameters
    ----------
    stage : Stage
        Knows viewer, session and the open image.
    form : AreaForm
        Asks.
    """

    def __init__(self, stage: Stage, form: AreaForm) -> None:
        self._stage, self._form = stage, form
        self._for: Opened | None = None
        self.box = DrawnBox(stage.viewer, form.ask)
        self._ears = (
            Ear(form, stage.session.changed, self._follow),
            Ear(form, stage.session.opening, self._leave),
        )
        form.wanted.connect(self._make)
        form.drawing.connect(self._draw)

    def ask(self) -> None:
        """Ask which part of the open image is wanted."""
        self._for = self._stage.opened
        if self._for is not None:
            self._form.start(self._axes(self._for))

    def _leave(self, _image: int | None) -> None:
        """Ask no longer when another image opens."""
        self._form.close_form()

    def _follow(self, part: str) -> None:
        is_asked = part == "view" and self._form.isVisible()
        if is_asked and self._for is not None and self._for is self._stage.opened:
            self._form.follow([axis.at for axis in self._axes(self._for)])

    def _axes(self, opened: Opened) -> tuple[LeadingAxis, ...]:
        return leading_axes(self._stage.viewer, opened.base, opened.base_placement())

    def _draw(self, is_drawn: bool) -> None:  # a Qt slot
        if is_drawn and self._for is not None and self._for is self._stage.opened:
            placement = self._for.base_placement()
            zoom = self._stage.viewer.scene.camera.zoom
            self.box.begin(placement, width=LINE / (zoom * placement.scale[-1]))
        else:
            self.box.end()

    def _make(self, wish: AreaWish) -> None:
        session, opened = self._stage.session, self._stage.opened
        if opened is None or opened is not self._for:
            return
        try:
            area = self._area(opened, wish)
            self._form.close_form()
            session.open(session.add_source(area))
        except SegLoopError as error:
            session.desk.tell(error)
        session.publish()

    def _area(self, opened: Opened, wish: AreaWish) -> WorkArea:
        where = opened.base, opened.base_placement(), wish.ranges
        if wish.is_drawn:
            return area_in_shape(self.box.layer, *where)
        return area_in_view(self._stage.viewer, *where)
