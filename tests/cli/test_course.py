"""How a training goes, in sentences and in JSON."""

from __future__ import annotations

from io import StringIO

import pytest

from napari_segloop.cli.course import Course
from napari_segloop.cli.report import Reporter
from napari_segloop.core.events import Suspicion, Suspicious

SWAPPED = "your correction disagrees with 9 similar ones: 0 and 1 seem swapped"
EVENT = Suspicious((Suspicion(2, "a.tif", (3, 0), 160, 320, 160, 150, "swapped", SWAPPED, "ab"),))


@pytest.mark.parametrize("json", [False, True])
def test_suspicious_regions_are_said_and_kept(json: bool) -> None:
    out, err = StringIO(), StringIO()
    course = Course(Reporter(json=json, out=out, err=err))
    course.tell(EVENT)
    assert course.suspicious == list(EVENT.regions)
    place = "a.tif, plane 3;0, row 160, column 320 (160 x 150 px)"
    assert err.getvalue() == ("" if json else f"{place}: {SWAPPED}.\n")
    assert ('"event": "suspicious"' in out.getvalue()) == json
