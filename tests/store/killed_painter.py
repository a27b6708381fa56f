"""A painter that is killed: a warm program that forks one painter for each line on its input.

It says a line before and after each thing that it does, with what the project will show; so whoever
killed it knows which states may be found.
"""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path

import numpy as np

from napari_segloop.store.annotations import Annotations, Save
from tests.store.painting import ARRAYS, SMALL, image, piece, project

WORDS = ("will", "done", "kept")
PLACES = [(y, x) for y in (0, 256) for x in (0, 256, 512)]


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def marker(store: Annotations) -> int:
    """What the newest state says of itself; the number of the stroke that made it."""
    return int(store.project().seconds)


def stroke(number: int) -> Save:
    """The same number, the same stroke."""
    rng = np.random.default_rng(number)
    places = rng.permutation(len(PLACES))[: rng.integers(1, 4)]
    names = tuple(rng.permutation(ARRAYS)[: rng.integers(1, 6)])
    index = (int(rng.integers(2)),)
    chunks = tuple(piece(rng, *PLACES[at], index=index, names=names) for at in places)
    return Save(project(seconds=number), (image(planes=((0,), (1,))),), chunks)


def paint(folder: Path, seed: int, first: int) -> None:
    """Paint, keep, restore and expire until the end comes."""
    rng, number = np.random.default_rng(seed), first
    store = Annotations.open(folder)
    say("open", marker(store))
    while True:
        number += 1
        what = rng.random()
        if what < 0.75:
            say("will", number, store._repository.newest)
            made = store.save(stroke(number), f"{number}")
            say("done", number, made.id)
        elif what < 0.85:
            newest = store._repository.newest
            store.keep(newest, f"{number}")
            say("kept", newest)
        elif what < 0.9:
            old = store.history()[-1 if rng.random() < 0.5 else 0]
            if old.kind != "begin":
                say("back", old.id)
                say("done", marker(store), store.restore(old.id).id)
        else:
            store.expire(datetime.datetime.now(datetime.UTC))
            say("expired")


def serve(folder: Path) -> None:
    """Fork a painter for each line; say its number, and when it is dead."""
    for line in sys.stdin:
        seed, first = map(int, line.split())
        child = os.fork()
        if child == 0:
            paint(folder, seed, first)
        say("child", child)
        os.waitpid(child, 0)
        say("dead")


if __name__ == "__main__":
    assert SMALL.rows == 300
    serve(Path(sys.argv[1]))
