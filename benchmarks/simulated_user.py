"""A simulated user who goes three rounds through the dock: places, corrections, training.

Myelinated axons in electron micrographs. Whoever corrects knows the truth of the places that are
offered and of nothing else. Each version is scored on animals that it never saw, by the command
line.
"""

from __future__ import annotations

import multiprocessing
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.command import call
from benchmarks.document import Column, Section, number, update, value
from benchmarks.harness import Row, Run, open_run
from benchmarks.loop import Loop
from benchmarks.sets import RealSet, made_set, open_set
from benchmarks.window import load, on_a_screen, open_viewer, wait_until

NAME = "simulated_user"
SET = "ads_sem_myelin"
CLASSES = "axon", "myelin"
SEEDS = (0, 1, 2)
IMAGES, ROUNDS, PLACES = 3, 3, 8
WINDOW, SMOKE_WINDOW = 128, 32
SECONDS, SMOKE_SECONDS = 120.0, 1.0
GAIN, LOSS = 0.05, 0.02
LONG = 900.0


@dataclass(frozen=True, slots=True)
class Task:
    """What one simulated user is given."""

    real: RealSet
    seed: int
    smoke: bool


def main() -> None:
    """Measure every seed that has not all rows, then write the table."""
    on_a_screen(f"benchmarks.{NAME}")
    with open_run(NAME, "Go three rounds through the dock with a simulated user.") as run:
        seeds = SEEDS[:1] if run.quick else SEEDS
        real = made_set(run.scratch / SET, 6, 160) if run.smoke else open_set(SET)
        left = {int(str(key["seed"])) for key in run.missing(_keys(seeds))}
        if real is None:
            run.say(f"{SET} is not there, see SEGLOOP_DATA; its rows stay missing")
        for seed in sorted(left) if real is not None else ():
            _measure(run, Task(real, seed, run.smoke))
        update(run, section(seeds if run.smoke else SEEDS))


def section(seeds: tuple[int, ...]) -> Section:
    """Describe this program's part of the document."""
    return Section(
        NAME,
        "A simulated user in the dock",
        f"{SET}: three images drawn from the training split with the seed. First masks by "
        f"threshold, then {ROUNDS} rounds: the user corrects {PLACES} offered places of "
        f"{WINDOW} px to the truth in the masks layer, presses A at each, and trains "
        f"{SECONDS:g} s; rounds 1 and 2 with Train and Improve, round 3 with *Learn again from "
        "all*, which takes over only where it is not worse on the test regions. The version in "
        "use is scored by `segloop predict` and `segloop evaluate` on the test split, other "
        "animals: Dice pooled over all pixels per class, mean over axon and myelin. *Round* is "
        "the time from Train to the new masks and the next places (R4). Targets: round 3 at "
        f"least {GAIN:g} above round 1, no round more than {LOSS:g} below the one before. "
        "*Load* is the machine's over five minutes; above its number of processors, others took "
        "steps away.",
        (
            Column("seed", value("seed")),
            Column("round", value("round")),
            Column("mean Dice", number("dice", 3)),
            Column("axon", number("dice_1", 3)),
            Column("myelin", number("dice_2", 3)),
            Column("against the round before", _signed("gain")),
            Column("against round 1", _signed("since_first")),
            Column("on its own test regions", number("own_score", 3)),
            Column("taken over", value("accepted")),
            Column("steps", value("steps")),
            Column("round, s", number("seconds", 0)),
            Column("pixels corrected", value("corrected")),
            Column("load", number("load", 1)),
        ),
        tuple(_keys(seeds)),
    )


def _signed(name: str) -> object:
    return lambda row: "" if row.get(name) is None else f"{row[name]:+.3f}"


def _keys(seeds: tuple[int, ...]) -> list[Row]:
    return [
        {"set": SET, "seed": seed, "round": number}
        for seed in seeds
        for number in range(1, ROUNDS + 1)
    ]


def _measure(run: Run, task: Task) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        for row in pool.submit(go, task).result():
            run.add(set=SET, seed=task.seed, **row, load=load())


def go(task: Task) -> list[Row]:
    """Go through all rounds.

    Parameters
    ----------
    task : Task
        What to work on.

    Returns
    -------
    list of dict
        A row for each round.
    """
    viewer = open_viewer()
    user = User(Loop(viewer), task)
    user.begin()
    rows: list[Row] = []
    for round_number in range(1, ROUNDS + 1):
        row = user.go_round(again=round_number % 3 == 0)
        before, first = (rows[-1], rows[0]) if rows else (row, row)
        row |= {"gain": row["dice"] - before["dice"], "since_first": row["dice"] - first["dice"]}
        rows.append({"round": round_number, **row})
        print(rows[-1], file=sys.stderr, flush=True)
    if "torch" in sys.modules:
        msg = "torch is in the viewer's process"
        raise RuntimeError(msg)
    viewer.close()
    return rows


class User:
    """Somebody who knows the truth of the places that are offered.

    Parameters
    ----------
    loop : Loop
        The dock.
    task : Task
        What to work on.
    """

    def __init__(self, loop: Loop, task: Task) -> None:
        self._loop, self._task = loop, task
        self._session = loop.session
        self._names = task.real.draw(IMAGES, task.seed)
        self._truth = [task.real.mask(name) for name in self._names]

    def begin(self) -> None:
        """Add the images, name the classes, make first masks."""
        session = self._session
        session.window = SMOKE_WINDOW if self._task.smoke else WINDOW
        session.settings = replace(session.settings, seed=self._task.seed)
        session.add_files([self._task.real.image_path(name) for name in self._names])
        wait_until(lambda: all(image.planes for image in session.state.images))
        session.answer_task("classes")
        session.rename_class(1, CLASSES[0])
        session.add_class(CLASSES[1])
        wait_until(lambda: session.view is not None)
        session.make_first_masks(scope="all")
        self._loop.settle()

    def go_round(self, *, again: bool) -> Row:
        """Correct places, train, and be scored.

        Parameters
        ----------
        again : bool
            Learn again from all.

        Returns
        -------
        dict
            What came out.
        """
        numbers = [image.id for image in self._session.state.images]
        truth = dict(zip(numbers, self._truth, strict=True))
        self._session.set_limit(0.0)  # so many places in each round, however good it is
        corrected = self._loop.correct_places(truth, PLACES)
        began, before = time.perf_counter(), len(self._session.desk.versions.states)
        self._loop.small = self._task.smoke
        self._loop.train(SMOKE_SECONDS if self._task.smoke else SECONDS, again=again)
        self._loop.settle()
        seconds = time.perf_counter() - began
        versions = self._session.desk.versions.states
        if len(versions) == before:
            raise RuntimeError(str(self._session.desk.told))
        made = versions[-1]
        return {
            **self._score(),
            "own_score": made.score,
            "start_score": made.start_score,
            "accepted": made.accepted,
            "again": again,
            "steps": made.steps,
            "teach": made.teach,
            "test": made.test,
            "seconds": seconds,
            "corrected": corrected,
            "images": self._names,
        }

    def _score(self) -> Row:
        """Score the version in use as a user of the command line does."""
        real = self._task.real
        self._session.desk.versions.finish()
        with tempfile.TemporaryDirectory() as folder:
            out, truth = Path(folder) / "out", Path(folder) / "truth"
            truth.mkdir()
            for name in real.test:
                shutil.copy(real.mask_path(name), truth)
            call("predict", self._loop.model(), *map(real.image_path, real.test), "--output", out)
            scores = call("evaluate", out, truth)
        classes = {int(key): dice for key, dice in scores["classes"].items()}
        dice = {f"dice_{key}": classes[key] for key in sorted(classes) if key}
        return {"dice": scores["dice"], **dice}


if __name__ == "__main__":
    main()
