"""Pixel sizes: read from files, kept in models, and said when a model is used on other pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import tifffile

from napari_segloop.session.filesource import FileSource
from tests.session.conftest import photo

if TYPE_CHECKING:
    from pathlib import Path

    from tests.session.conftest import Loop


def resolved(path: Path, seed: int, micrometres: float | None) -> Path:
    per_cm = None if micrometres is None else (10_000 / micrometres,) * 2
    tifffile.imwrite(path, photo(seed), resolution=per_cm, resolutionunit="CENTIMETER")
    return path


@pytest.mark.parametrize("micrometres", [None, 0.2])
def test_a_file_source_knows_the_pixel_size_once_it_was_opened(
    tmp_path: Path, micrometres: float | None
) -> None:
    source = FileSource(resolved(tmp_path / "a.tif", 0, micrometres))
    assert source.channels == 1
    expected = None if micrometres is None else pytest.approx((micrometres, micrometres))
    assert source.pixel_size == expected


def test_a_version_knows_its_pixels_and_says_when_others_are_predicted(loop: Loop) -> None:
    session = loop.session
    session.settings = replace(session.settings, author="Ada Lovelace")
    paths = [
        resolved(loop.folder / f"image{number}.tif", number, size)
        for number, size in enumerate((0.2, 0.21, 0.5))
    ]
    session.add_files(paths)
    images = session.desk.images
    loop.until(lambda: len(images) == 3 and all(state.planes for state in images.states))
    session.answer_task("classes")
    session.set_view(1, (), (0, 0, 160, 160))
    loop.check_truth(1)
    loop.train()
    version = session.desk.versions.current
    assert version is not None
    assert session.desk.versions.facts.pixel_size == pytest.approx((0.2, 0.2))
    loop.told.clear()
    session.set_view(2, (), (0, 0, 160, 160))
    session.predict()
    loop.rest()
    assert not any("pixels of" in text for text in loop.told)
    session.set_view(3, (), (0, 0, 160, 160))
    session.predict()
    loop.rest()
    said = [text for text in loop.told if "pixels of" in text]
    assert said[0].startswith("image2: The model was taught on pixels of 0.2 um, these are of 0.5")
    session.save_model(version, loop.folder / "model.segloop")
    loop.rest()
    cards = []
    session.card_read.connect(cards.append)
    session.card(loop.folder / "model.segloop")
    loop.rest()
    assert cards[0].info.author == "Ada Lovelace"
    assert cards[0].info.pixel_size == pytest.approx((0.2, 0.2))
    assert cards[0].info.example is not None
