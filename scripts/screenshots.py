"""Makes the pictures of the dock in ``docs/images`` from the embedded crystals, in both themes.

A real window of 1366 x 768 pixels goes through the whole loop; run it as
``python -m scripts.screenshots`` in the root of the repository. Two minutes.
"""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from qtpy.QtCore import QBuffer, QIODevice, QPoint

from benchmarks.loop import Loop
from benchmarks.window import on_a_screen, open_dock, open_viewer, wait, wait_until
from napari_segloop.samples.crystals import crystals
from napari_segloop.store import recent
from napari_segloop.store.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari import Viewer
    from numpy.typing import NDArray

    from napari_segloop.core.images import Labels

FOLDER = Path(__file__).parents[1] / "docs" / "images"
THEMES = "dark", "light"
HALF, LARGEST = 128, 150_000  # of a picture: half of its colours, and its bytes
PLAIN = Image.Dither.NONE
STEPS = (1, 4, 8, 12, 16, 24, 32)  # between values of a channel
CRYSTAL = 1
PLACES, WINDOW = 8, 128
SECONDS = 60.0
LATE = 0.5  # of a training


def main() -> None:
    """Go through the loop and take all pictures; nobody's projects are touched."""
    on_a_screen("scripts.screenshots")
    with TemporaryDirectory() as folder:
        recent.data_folder = lambda: Path(folder)
        go_through_the_loop()
        come_back()
        meet_damage()


def go_through_the_loop() -> None:
    """Take the pictures of every station."""
    viewer = open_viewer()
    sample = crystals(seed=0)
    loop = Loop(viewer)
    loop.session.window = WINDOW
    loop.wait_for_engine()
    layer = viewer.add_image(sample.image, name="crystals")
    loop.put_on_list(layer)
    take(viewer, "question")
    loop.answer()
    loop.session.rename_class(1, "crystal")
    loop.make_first_masks()
    visit(loop, "Segment")
    take(viewer, "first-masks")
    truth: Mapping[int, Labels] = defaultdict(lambda: (sample.classes == CRYSTAL).astype(np.uint8))
    loop.correct_places(truth, PLACES)
    visit(loop, "Train")
    in_training(loop, lambda: take(viewer, "train"))
    loop.settle()
    loop.session.start_checking()
    wait_until(lambda: loop.session.queue.at is not None)
    visit(loop, "Check")
    take(viewer, "check")
    loop.correct_places(truth, PLACES)
    loop.session.snapshot("before the holidays")
    loop.train(SECONDS)
    loop.settle()
    viewer.reset_view()
    loop.session.predict("plane")
    loop.settle()
    visit(loop, "Predict")
    loop.dock.panel.predict.uncertainty.setChecked(True)
    take(viewer, "predict")
    loop.dock.panel.predict.uncertainty.setChecked(False)
    show_section(loop, "History")
    loop.dock.panel.history.snapshots.table.selectRow(1)
    take(viewer, "history")
    viewer.close()


def come_back() -> None:
    """Take the picture of the dock when napari is opened again."""
    viewer = open_viewer()
    open_dock(viewer)
    wait(0.3)
    take(viewer, "continue")
    viewer.close()


def meet_damage() -> None:
    """Take the picture of the dock when the project cannot be read as it is."""
    (last, *_) = recent.recent()
    folder = Path(last.path)
    with Project.open(folder, read_only=True) as project:
        for snapshot in project.history():
            if snapshot.message == "before the holidays":
                break
            (folder / "annotations" / "snapshots" / snapshot.id).write_bytes(b"not what it was")
    viewer = open_viewer()
    panel = open_dock(viewer).panel
    panel.recent.go_on.click()
    wait_until(panel.damaged.isVisible)
    take(viewer, "damaged")
    viewer.close()


def in_training(loop: Loop, act: Callable[[], None]) -> None:
    """Do something in the second half of a training, and wait for its end.

    Parameters
    ----------
    loop : Loop
        The dock.
    act : callable
        What to do.
    """
    loop.ask_to_train(SECONDS)

    def is_late() -> bool:
        training = loop.session.running("train")
        return training is None or (training.done or 0) > LATE

    wait_until(is_late)
    act()


def visit(loop: Loop, station: str) -> None:
    """Click on a station.

    Parameters
    ----------
    loop : Loop
        The dock.
    station : str
        One of the words on top.
    """
    loop.dock.panel.visit(station)
    wait(0.3)


def show_section(loop: Loop, name: str) -> None:
    """Unfold one section and fold all others.

    Parameters
    ----------
    loop : Loop
        The dock.
    name : str
        Of the section.
    """
    for other, section in loop.dock.panel.sections.items():
        section.unfold(other == name)
    wait(0.3)


def take(viewer: Viewer, name: str) -> None:
    """Take a picture of the window in both themes.

    Parameters
    ----------
    viewer : napari.Viewer
        What is shown.
    name : str
        What it shows.
    """
    for theme in THEMES:
        viewer.theme = theme
        wait(0.6)
        path = FOLDER / f"{name}-{theme}.png"
        path.write_bytes(small(window(viewer), canvas(viewer)))
        print(path.name, path.stat().st_size)
    viewer.theme = THEMES[0]
    wait(0.3)


def window(viewer: Viewer) -> Image.Image:
    """Return what the window shows.

    Parameters
    ----------
    viewer : napari.Viewer
        Shown.

    Returns
    -------
    PIL.Image.Image
        RGB.
    """
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.ReadWrite)
    viewer.window._qt_window.grab().save(buffer, "PNG")  # noqa: SLF001  # no other way
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGB")


def canvas(viewer: Viewer) -> tuple[slice, slice]:
    """Return rows and columns of the canvas in the window.

    Parameters
    ----------
    viewer : napari.Viewer
        Shown.

    Returns
    -------
    (slice, slice)
        In pixels.
    """
    native = viewer.window._qt_viewer.canvas.native  # noqa: SLF001  # no other way
    corner = native.mapTo(viewer.window._qt_window, QPoint(0, 0))  # noqa: SLF001
    x, y = corner.x(), corner.y()
    return slice(y, y + native.height()), slice(x, x + native.width())


def small(picture: Image.Image, noisy: tuple[slice, slice]) -> bytes:
    """Return a picture as a PNG file of at most 150 kB.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB.
    noisy : (slice, slice)
        Where values may be rounded.

    Returns
    -------
    bytes
        Content of the file; values are rounded as far as the noise of the image needs it.
    """
    pixels = np.asarray(picture, np.uint16)
    for step in STEPS:
        rounded = pixels.copy()
        rounded[noisy] = np.minimum((pixels[noisy] + step // 2) // step * step, 255)
        file = io.BytesIO()
        with_palette(rounded.astype(np.uint8), noisy).save(file, "PNG", optimize=True)
        if file.tell() <= LARGEST:
            break
    return file.getvalue()


def with_palette(pixels: NDArray[np.uint8], noisy: tuple[slice, slice]) -> Image.Image:
    """Return a picture of 256 colours, half of them for the canvas.

    Parameters
    ----------
    pixels : (Y, X, 3) ndarray of uint8
        RGB.
    noisy : (slice, slice)
        The canvas. Around it an octree keeps the colours of small swatches, which the median cut
        would drop.

    Returns
    -------
    PIL.Image.Image
        With a palette.
    """
    around = pixels.copy()
    around[noisy] = 0
    parts = (
        Image.fromarray(around).quantize(HALF, Image.Quantize.FASTOCTREE, dither=PLAIN),
        Image.fromarray(pixels[noisy]).quantize(HALF, Image.Quantize.MEDIANCUT, dither=PLAIN),
    )
    numbers = np.array(parts[0])
    numbers[noisy] = np.asarray(parts[1]) + HALF
    colours = [(part.getpalette() or [])[: 3 * HALF] for part in parts]
    picture = Image.fromarray(numbers)
    picture.putpalette([*colours[0], *[0] * (3 * HALF - len(colours[0])), *colours[1]])
    return picture


if __name__ == "__main__":
    main()
