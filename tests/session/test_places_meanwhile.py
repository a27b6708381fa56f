"""Places of what is in view are offered while the rest is still being predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile

from tests.session.conftest import photo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.session.desk import Key
    from tests.session.conftest import Loop

VIEW = (100, 200, 400, 500)


def taught_with_large_image(loop: Loop) -> int:
    """Teach a little on one image and add a large one, of which a part is in view."""
    first = loop.add(1)[0]
    loop.check_truth(first)
    loop.train(2)
    path = loop.folder / "large.tif"
    tifffile.imwrite(path, np.tile(photo(1), (8, 8)))
    session = loop.session
    session.add_files([path])
    loop.until(lambda: len(session.desk.images) == 2 and session.desk.images.states[-1].planes)
    large = session.desk.images.states[-1].id
    session.open(large)
    session.set_view(large, (), VIEW)
    return large


def test_places_in_view_come_first_and_are_refined(loop: Loop) -> None:
    large = taught_with_large_image(loop)
    _the_view_alone(loop, large)
    session, calls = loop.session, list[tuple[Any, ...]]()
    session.stop_checking()
    look = session.look_for_places

    def spy(keys: Sequence[Key] | None = None, **more: Any) -> None:  # noqa: ANN401
        calls.append((keys, more.get("within"), (large, ()) in session.desk.predicted))
        look(keys, **more)

    session.look_for_places = spy  # type: ignore[method-assign]
    session.predict("plane")
    loop.rest()
    assert calls == [([(large, ())], VIEW, False), ([(large, ())], None, True)]
    places = session.desk.truths.places[large, ()]
    assert any(r.y >= VIEW[2] or r.x >= VIEW[3] for r in places), "refined by the whole plane"
    session.start_checking()
    here = session.queue.here
    session.predict("all")
    loop.rest()
    assert session.queue.here == here, "the view stays where the user works"
    whole = [keys for keys, within, _ in calls[2:] if within is None]
    assert [sorted(keys) for keys in whole] == [[(1, ()), (large, ())]]


def _the_view_alone(loop: Loop, large: int) -> None:
    """Check that predicting only the view offers places in it, known as the version's."""
    session = loop.session
    session.set_limit(0)  # it has hardly learnt anything, whatever it thinks of itself
    session.predict("view")
    loop.rest()
    top, left, bottom, right = VIEW
    places = session.desk.truths.places[large, ()]
    assert places
    assert all(top <= r.y and r.y + r.height <= bottom for r in places)
    assert all(left <= r.x and r.x + r.width <= right for r in places)
    session.start_checking()
    session.accept()
    offered = session.offers.of(large)[0]
    assert offered.kind == "ranked"
    assert offered.model == session.desk.versions.states[-1].model
