"""A session that is killed: a warm program that forks one for each line on its input.

Each life opens the project, paints, judges places, makes and restores snapshots, trains, expires
and keeps a second copy. Before anything can be saved it says which state the session is in, and
later which state the session calls saved; so whoever killed it knows what may be found.
"""

from __future__ import annotations

import datetime
import hashlib
import os
import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_segloop.core.regions import Region
from napari_segloop.session import expiry, pace
from napari_segloop.session.books import without_time, write_books
from napari_segloop.session.loop import LoopSession
from napari_segloop.session.projecting import beginning
from napari_segloop.session.state import Place, QueueState
from napari_segloop.store import annotations, mirror, project, recent  # warm before the fork
from tests.session.conftest import discs
from tests.session.projects import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_segloop.store.annotations import Annotations
    from napari_segloop.store.records import ImageRecord, ProjectRecord

WARM = (annotations, mirror, project)
SIDE = 320
"""Pixels: four chunks."""
FIRST_ID = 1000


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def stroke(number: int) -> tuple[int, tuple[slice, slice]]:
    """Return the image and the window of a stroke; its pixels become an object of this number."""
    rng = np.random.default_rng(number)
    y, x = rng.integers(0, SIDE - 40, 2)
    height, width = rng.integers(3, 40, 2)
    return 1 + number % 2, (slice(y, y + height), slice(x, x + width))


def of_session(session: LoopSession) -> str:
    """Everything that a session would save, as one number."""
    found = dict[tuple[object, ...], np.ndarray]()
    for key, plane in session.desk.truths.to_read():
        found |= {(*key, name): getattr(plane, name) for name in NAMES}
        unsure = session.desk.truths.uncertainty(key)
        if unsure is not None:
            found[(*key, "uncertainty")] = unsure
    books = write_books(session)
    return _digest(found, books.project, books.images)


def of_project(store: Annotations, snapshot: str | None = None) -> str:
    """Everything that a project shows, as one number; equal to that of the session that saved."""
    record = store.project(snapshot)
    images = [store.image(number, snapshot) for number in record.images]
    found = {
        (image.number, index, name): pixels
        for image in images
        for index in image.planes
        for name, pixels in store.plane(image.number, index, snapshot).items()
    }
    return _digest(found, record, images)


def _digest(
    found: dict[tuple[object, ...], np.ndarray],
    record: ProjectRecord,
    images: Iterable[ImageRecord],
) -> str:
    total = hashlib.sha256(without_time(record).to_bytes())
    for image in images:
        total.update(image.to_bytes())
    for key in sorted(found, key=str):
        if found[key].any():
            total.update(str(key).encode())
            total.update(np.ascontiguousarray(found[key], "<u4"))
    return total.hexdigest()[:20]


class Life:
    """One session, up to its death.

    Parameters
    ----------
    home : Path
        Holds the images, and gets projects, models and the second copy.
    seed : int
        Of what it does.
    number : int
        Of the last stroke before.
    """

    def __init__(self, home: Path, seed: int, number: int) -> None:
        self.home, self.chance, self.number = home, random.Random(seed), number
        self.session = LoopSession(home / "models", begin=beginning(home / "projects"))
        settings = self.session.settings
        self.session.settings = replace(settings, encoder="resnet18", patch=64, depth=3, threads=1)
        self.said, self.safe, self.edition, self.models = "", "", -1, set[str]()
        self.books: object = None
        self.made = set[str]()
        self.is_going_back = False
        saver, poll, take_up = (
            self.session.saver,
            self.session.saver.poll,
            self.session.saver.take_up,
        )

        def watched(seconds: float = 0.004) -> None:
            self.say_state()
            poll(seconds)

        def taken_up(project: object, books: object) -> None:
            take_up(project, books)  # type: ignore[arg-type]
            self.said, self.edition = "", -1
            if self.is_going_back:
                say("restored")
            self.is_going_back = False

        saver.poll, saver.take_up = watched, taken_up  # type: ignore[method-assign]

    def say_state(self) -> None:
        """Say which state this is, before it can be on the disk."""
        session = self.session
        books = write_books(session)
        now = without_time(books.project), books.images
        if (session.desk.truths.unsaved.edition, now) == (self.edition, self.books):
            return
        self.edition, self.books = session.desk.truths.unsaved.edition, now
        state = of_session(session)
        if state != self.said:
            self.said = state
            say("state", state)

    def turn(self, turns: int = 1) -> None:
        for _ in range(turns):
            self.session.pump()
            self.tell()
            time.sleep(0.002)

    def tell(self) -> None:
        """Say what the session shows its user."""
        session, saver = self.session, self.session.saver
        self.say_state()
        models = {each.model for each in session.desk.versions.states}
        if models != self.models:
            self.models = models
            say("version")
        for made in session.state.snapshots:
            if made.kind in {"manual", "round"} and made.id not in self.made:
                self.made.add(made.id)
                say("snapshot", made.id)
        is_saved = (
            saver.project is not None and saver.is_idle and session.state.saved.level == "info"
        )
        if is_saved and self.safe != self.said:
            self.safe = self.said
            say("safe", self.said)
            if models:
                say("taught", *models)

    def until(self, is_there: object) -> None:
        while not is_there():  # type: ignore[operator]
            self.turn()

    def begin(self) -> None:
        """Open the project, or begin one; whatever an earlier life could not do is done now."""
        session, images = self.session, self.session.desk.images
        for folder in (self.home / "projects").glob("*.segloop"):
            session.open_project(folder)
            self.until(lambda folder=folder: session.project and session.project.folder == folder)
            say("opened", of_session(session))
        if len(images) < 2:
            session.add_files([self.home / "images"])
        self.until(lambda: len(images) == len(images.identities) == 2)
        self.until(lambda: all(state.planes for state in images.states))
        if session.task is None or not session.desk.truths.keys():
            session.answer_task("objects")
        for image in (1, 2):
            if (image, ()) not in session.desk.truths.keys():  # noqa: SIM118  # no mapping
                session.import_labels(image, (), discs(image, SIDE).astype(np.uint16))
        self.until(lambda: self.session.project)
        if not session.state.saved.mirror:
            session.set_mirror(self.home / "drive")

    def live(self, *, trains: bool) -> None:
        """Do one thing after the other."""
        self.begin()
        if trains:
            say("training")
            self.session.train(seconds=0.5)
        steps = (
            self.paint,
            self.judge,
            self.brush,
            self.rest,
            self.snapshot,
            self.go_back,
        )
        while True:
            self.chance.choices(steps, (12, 3, 3, 5, 1, 1))[0]()
            self.turn(self.chance.randrange(1, 8))

    def paint(self) -> None:
        self.number += 1
        image, window = stroke(self.number)
        say("stroke", self.number)
        plane = self.session.plane(image, ())
        labels = plane.labels.copy()
        labels[window] = FIRST_ID + self.number
        self.session.observe(image, (), labels, plane.checked.copy(), window)

    def brush(self) -> None:
        image, window = stroke(self.chance.randrange(1000))
        plane = self.session.plane(image, ())
        checked = plane.checked.copy()
        checked[window] = self.chance.randrange(1, 4)
        self.session.observe(image, (), plane.labels.copy(), checked, window)

    def judge(self) -> None:
        image, (rows, columns) = stroke(self.chance.randrange(1000))
        size = rows.stop - rows.start, columns.stop - columns.start
        region = Region(int(rows.start), int(columns.start), *map(int, size), 1.0, 2.0, "edge")
        self.session.queue = QueueState((Place(image, region),), 0)
        self.session.accept()
        if self.chance.random() < 0.3:
            self.session.take_back_last()

    def rest(self) -> None:
        """Paint nothing until all is saved."""
        self.until(lambda: self.session.saver.is_idle)

    def snapshot(self) -> None:
        self.session.snapshot(f"After {self.number}")

    def go_back(self) -> None:
        """Return to one of the last states; the present one is saved first."""
        history = self.session.snapshots[:6]
        if not history or self.session.running("train"):
            return
        store, wanted = self.session.project.annotations, self.chance.choice(history).id
        with store._writing:  # not while it expires
            known = wanted in {each.id for each in store.history()}
            say("back", of_project(store, wanted) if known else self.said)
        self.is_going_back = True
        self.session.restore(wanted)
        self.until(lambda: not any(e.kind == "restore" for e in self.session.errands))
        say("stayed" if self.is_going_back else "same", of_session(self.session))
        self.is_going_back = False


def serve(home: Path) -> None:
    """Fork a life for each line; say its number, and when it is over."""
    recent.data_folder = lambda: home / "data"
    expiry.AUTOSAVES, expiry.EVERY = datetime.timedelta(0), 0.3  # type: ignore[misc]
    pace.QUIET, pace.LONGEST = 0.03, 0.3  # type: ignore[misc]  # saves in seconds, not in minutes
    for line in sys.stdin:
        seed, number, trains = map(int, line.split())
        child = os.fork()
        if child == 0:
            Life(home, seed, number).live(trains=bool(trains))
        say("child", child)
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
