"""An image unlike what a version learnt is named in the list, and so are its places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tifffile

from napari_segloop.core.reasons import NOVEL
from tests.session.conftest import SIZE

if TYPE_CHECKING:
    from tests.session.conftest import Loop


def test_noise_is_named_and_an_image_of_the_same_kind_is_not(loop: Loop) -> None:
    first, second = loop.add(2)
    noise = np.random.default_rng(0).normal(120, 60, (SIZE, SIZE)).clip(0, 255)
    path = loop.folder / "noise.tif"
    tifffile.imwrite(path, noise.astype(np.uint8))
    session = loop.session
    session.add_files([path])
    loop.until(lambda: len(session.desk.images) == 3 and session.desk.images.states[-1].planes)
    third = session.desk.images.states[-1].id
    loop.check_truth(first)
    loop.train(3)
    session.predict("all")
    loop.rest()
    told = {state.id: state.unlike for state in session.desk.images.states}
    assert told[third]
    assert not told[first]
    assert not told[second]
    assert {region.reason for region in session.desk.truths.places[third, ()]} <= {NOVEL}
    assert all(r.reason != NOVEL for r in session.desk.truths.places[second, ()])
