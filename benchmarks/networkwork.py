"""The second half of a round through the dock: teach, stop, predict, and what follows.

As in `benchmarks.dockwork`, each station returns what it saw or raises `UnexpectedError`.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import dockwork
from benchmarks.visitor import expect
from napari_segloop.widgets.predict_section import SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.dockwork import Work
    from benchmarks.visitor import Visitor
    from napari_segloop.widgets.predict_section import Scope

    Act = Callable[[Visitor, Work], str]

CLICKS = 60  # on the primary button until it offers to train
STEPS = 3  # of a training before Stop
LONG = 600.0  # seconds of a training that is stopped


def walk(visitor: Visitor, _work: Work) -> str:
    """Click the primary button until it offers to train, then *Stop checking*."""
    actions = [visitor.shown.action]
    while actions[-1] == "next_place" and len(actions) < CLICKS:
        visitor.primary()
        actions.append(visitor.shown.action)
    seen = ", ".join(f"{name} x {len(list(each))}" for name, each in groupby(actions))
    expect(actions[-1] == "train", seen)
    if visitor.session.queue.at is not None:  # else new places would move the view
        visitor.unfold("Check")
        visitor.click(visitor.panel.check.stop)
    return f"{seen}: {visitor.shown.text}"


def train(visitor: Visitor, work: Work) -> str:
    """Train with the primary button; a version comes into use."""
    session = visitor.session
    session.seconds = work.seconds
    visitor.primary()
    visitor.until(lambda: session.state.curve.losses)
    expect(visitor.panel.jobs.isVisible(), "no row of the job")
    visitor.until(lambda: session.running("train") is None)
    visitor.settle()
    expect(session.state.version == 1, _told(visitor))
    made = session.state.versions[-1]
    agrees = "not tested" if made.score is None else f"agrees {made.score:.0%}"
    return f"{made.steps} steps, {made.teach} teach, {made.test} test, {agrees}"


def stop(visitor: Visitor, _work: Work) -> str:
    """Learn again from all, and press Stop: the best so far becomes a version."""
    session, before = visitor.session, len(visitor.session.state.versions)
    visitor.unfold("Train")
    visitor.panel.train.minutes.setValue(LONG / 60)
    visitor.click(visitor.panel.train.again)
    visitor.until(lambda: session.running("train") and session.state.curve.losses)
    visitor.until(lambda: len(session.running("train").curve.losses) >= STEPS)
    rows = visitor.panel.jobs.rows.values()
    visitor.click(next(row for row in rows if row.title.text().startswith("Training")).stop)
    began = time.perf_counter()
    visitor.until(lambda: session.running("train") is None)
    seconds = time.perf_counter() - began
    visitor.settle()
    expect(len(session.state.versions) == before + 1, _told(visitor))
    return f"after {seconds:.1f} s; {_told(visitor)}"


def predict(visitor: Visitor, _work: Work, scope: Scope) -> str:
    """Predict; what is checked by the user stays."""
    by_user, labels = visitor.checked.data == 1, visitor.masks.data.copy()
    visitor.unfold("Predict")
    visitor.click(visitor.panel.predict.buttons[scope])
    expect(visitor.session.running("predict"), "nothing runs")
    visitor.settle()
    link = visitor.stage.opened.link
    expect(np.array_equal(visitor.checked.data == 1, by_user), "other pixels are checked")
    changed = int(np.count_nonzero((visitor.masks.data != labels) & by_user))
    expect(not changed, f"{changed} px that are checked changed")
    unsure = link.layers.uncertainty.data
    wanted = unsure if scope == "stack" else unsure[link.index][np.newaxis]
    bare = [i for i, plane in enumerate(wanted.reshape(-1, *wanted.shape[-2:])) if not plane.any()]
    expect(not bare, f"planes {bare} have no uncertainty")
    now = int(np.count_nonzero(visitor.masks.data != labels))
    return f"{now} px changed; {visitor.panel.predict.costs[scope].text()}"


def uncertainty(visitor: Visitor, _work: Work) -> str:
    """Hide and show the uncertainty with its box; the legend is in Check."""
    layer, box = visitor.stage.opened.link.layers.uncertainty, visitor.panel.predict.uncertainty
    expect(layer in visitor.viewer.layers and layer.visible, "it is not shown")
    visitor.unfold("Predict")
    for is_shown in (False, True):
        visitor.click(box)
        expect(layer.visible is is_shown, f"visible: {layer.visible}")
    visitor.unfold("Check")
    legend = visitor.panel.check.legend
    visitor.panel.area.ensureWidgetVisible(legend)
    visitor.turn()
    expect(not legend.visibleRegion().isEmpty(), "no legend")
    return f"from {layer.data.min()} to {layer.data.max()}"


def use_again(visitor: Visitor, _work: Work) -> str:
    """Use another version again with its row and the button."""
    session, section = visitor.session, visitor.panel.history.versions
    others = [v.number for v in session.state.versions if v.number != session.state.version]
    expect(others, "there is no other version")
    visitor.unfold("History")
    visitor.click_row(section.table, [v.number for v in section.rows.rows].index(others[0]))
    visitor.click(section.use)
    visitor.until(lambda: session.state.version == others[0])
    visitor.settle()
    return f"version {others[0]} of {len(session.state.versions)}"


def exclude(visitor: Visitor, _work: Work) -> str:
    """Exclude the last image with its menu: no place of it is offered, nothing is predicted."""
    session, last = visitor.session, len(visitor.images) - 1
    opened = session.desk.images.opened
    visitor.choose_in_menu(last, "Exclude")
    image = visitor.images[last]
    expect(image.status == "excluded", image.status)
    expect(session.desk.images.opened == opened, "another image is open")
    offered = [place for place in session.queue.places if place.image == image.id]
    expect(not offered, f"{len(offered)} places of it are offered")
    planes = sum(image.planes for image in visitor.images[:last])
    cost = session.predict_cost("all")
    expect(cost.startswith(f"{planes} "), cost)
    return cost


def no_torch(_visitor: Visitor, _work: Work) -> str:
    """Torch was never in the viewer's process."""
    expect("torch" not in sys.modules, "it is")
    return ""


def _told(visitor: Visitor) -> str:
    told = visitor.session.state.told
    return "nothing was told" if told is None else f"{told.text} {told.remedy}".strip()


STATIONS: dict[str, Act] = {
    "add images": dockwork.add_images,
    "first question": dockwork.answer,
    "first masks of the plane": dockwork.first_masks,
    "first masks of all images": dockwork.all_first_masks,
    "open another image": dockwork.open_another,
    "paint a stroke": dockwork.paint,
    "undo": dockwork.undo,
    "redo": dockwork.redo,
    "fill": dockwork.fill,
    "brush checked over background": dockwork.brush,
    "peek": dockwork.peek,
    "A: all correct": dockwork.accept,
    "S: can't tell": dockwork.cant_tell,
    "N: later": dockwork.later,
    "W: back": dockwork.back,
    "primary button to Train": walk,
    "train": train,
    **{f"predict: {text}": partial(predict, scope=scope) for scope, (text, _) in SCOPES.items()},
    "uncertainty": uncertainty,
    "Stop": stop,
    "use a version again": use_again,
    "exclude an image": exclude,
    "no torch": no_torch,
}
"""In the order of the loop; what each one expects is in its docstring."""
