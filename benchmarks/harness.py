"""What every benchmark shares: its options, its rows, and clocks that alternate between arms.

A program measures; this module says on which machine and from which source, what was measured
before, and appends rows. It is free of torch, so that memory can be measured beside it.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
FEATURES = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")  # best first, as Linux names them
FEWEST_ROUNDS = 3
QUICK_SECONDS = 600
MACHINE = ("processor", "device", "threads", "torch")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a program.

    Parameters
    ----------
    program : str
        Its name.
    quick : bool
        At most ten minutes: fewer images, rounds and seeds.
    smoke : bool
        Tiny inputs, only to see that the program works; nothing is kept.
    again : bool
        Whether rows are measured that exist.
    results, document, scratch : Path
        The file of rows, the document with the tables, and a folder for what may be deleted.
    stamp : dict
        Commit, source and machine, for every row.
    began : float
        On the clock of `time.monotonic`.
    """

    program: str
    quick: bool
    smoke: bool
    again: bool
    results: Path
    document: Path
    scratch: Path
    stamp: Row
    began: float = field(default_factory=time.monotonic)

    def rows(self) -> list[Row]:
        """Return all rows of the program, oldest first."""
        if not self.results.exists():
            return []
        return [json.loads(line) for line in self.results.read_text("utf-8").splitlines()]

    def missing(self, keys: Sequence[Mapping[str, object]]) -> list[Row]:
        """Return the keys that this source and machine have no row for; quick rows are not full.

        Parameters
        ----------
        keys : sequence of mapping
            What names a row, for example arm, set and seed.

        Returns
        -------
        list of dict
            What is left to measure.
        """
        wanted = {name: self.stamp[name] for name in ("source", *MACHINE)}
        rows = [row for row in self.rows() if has(row, wanted) and (self.quick or not row["quick"])]
        left = [key for key in keys if self.again or not any(has(row, key) for row in rows)]
        self.say(f"{len(keys) - len(left)} of {len(keys)} rows exist")
        return [dict(key) for key in left]

    def add(self, **values: object) -> None:
        """Append a row, and print it.

        Parameters
        ----------
        **values : object
            Its key and what was measured.

        Raises
        ------
        ValueError
            When a value has the name of one that every row has.
        """
        origin = self.stamp | {"time": _now(), "quick": self.quick}
        if origin.keys() & values.keys():
            msg = f"{origin.keys() & values.keys()} say where a row comes from"
            raise ValueError(msg)
        row = origin | values
        self.results.parent.mkdir(parents=True, exist_ok=True)
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
        self.say(json.dumps(values))

    def has_time(self, seconds: float) -> bool:
        """Return whether a quick run may still begin something; a full one always may.

        Parameters
        ----------
        seconds : float
            How long it will take.

        Returns
        -------
        bool
            False when the ten minutes would not suffice.
        """
        return not self.quick or time.monotonic() - self.began + seconds <= QUICK_SECONDS

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(f"{self.program}: {text}", file=sys.stderr, flush=True)


def has(row: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    """Return whether a row has these values.

    Parameters
    ----------
    row, wanted : mapping
        Values by name.

    Returns
    -------
    bool
        False also when one is not there at all.
    """
    return all(row.get(name) == value for name, value in wanted.items())


@contextmanager
def open_run(program: str, purpose: str) -> Iterator[Run]:
    """Read the command line of a program.

    Parameters
    ----------
    program : str
        Its name.
    purpose : str
        One sentence for ``--help``.

    Yields
    ------
    Run
        With ``--smoke``, one whose files lie in a folder that is deleted at the end.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=purpose)
    parser.add_argument("--quick", action="store_true", help="take at most ten minutes")
    parser.add_argument("--smoke", action="store_true", help="only see that it works; keep nothing")
    parser.add_argument("--again", action="store_true", help="measure rows that exist once more")
    asked = parser.parse_args()
    quick = asked.quick or asked.smoke
    if not asked.smoke:
        folder = ROOT / "benchmarks" / "results"
        document, scratch = ROOT / "docs" / "benchmarks.md", ROOT / "scratch" / "benchmarks"
        scratch.mkdir(parents=True, exist_ok=True)
        results = folder / f"{program}.jsonl"
        yield Run(program, quick, False, asked.again, results, document, scratch, stamp())
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        results, document = place / f"{program}.jsonl", place / "benchmarks.md"
        yield Run(program, quick, True, asked.again, results, document, place, stamp())
        print(document.read_text("utf-8"))


def stamp() -> Row:
    """Return what every row says of where it comes from.

    Returns
    -------
    dict
        Commit, source and machine. The source is a hash of the package's Python files: a commit
        that changes only documents does not make a row old.
    """
    return {
        "commit": commit(),
        "source": source(),
        "processor": processor(),
        "device": os.environ.get("SEGLOOP_DEVICE", "cpu"),
        "threads": threads(),
        "torch": importlib.metadata.version("torch"),
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the short hash of HEAD, with ``-dirty`` when the package differs from it."""
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    if not (ROOT / ".git").exists():
        return "unknown"
    head = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True)
    changed = subprocess.check_output([*git, "status", "--porcelain", "--", "src"])
    return head.strip() + ("-dirty" if changed else "")


def source() -> str:
    """Return the first digits of a hash over the package's Python files."""
    digest = hashlib.sha256()
    for path in sorted(SOURCE.rglob("*.py")):
        digest.update(f"{path.relative_to(SOURCE).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def processor() -> str:
    """Return the processor's name and the best of its instruction sets that matter here."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text("utf-8").splitlines() if described.exists() else []
    values = dict(reversed([[part.strip() for part in x.split(":", 1)] for x in lines if ":" in x]))
    name = values.get("model name") or platform.processor() or platform.machine()
    flags = values.get("flags", "").split()
    best = next((feature for feature in FEATURES if feature in flags), None)
    return f"{name} ({best})" if best else name


def threads() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of one call: on the wall, and of all this process's threads together."""

    wall: float
    cpu: float


def timed(call: Callable[[], object], settle: Callable[[], None] = lambda: None) -> Timed:
    """Time one call.

    Parameters
    ----------
    call : callable
        What to time.
    settle : callable
        Waits until the device has finished.

    Returns
    -------
    Timed
        Seconds.
    """
    settle()
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    settle()
    return Timed(time.perf_counter() - wall, time.process_time() - cpu)


def interleave(
    arms: Mapping[str, Callable[[], object]],
    rounds: int,
    settle: Callable[[], None] = lambda: None,
    seconds: float = float("inf"),
) -> dict[str, list[Timed]]:
    """Time the arms in turn, A B C A B C, after one round that warms up.

    Parameters
    ----------
    arms : mapping of str to callable
        What to time.
    rounds : int
        How often.
    settle : callable
        Waits until the device has finished.
    seconds : float
        After so long, no round is begun, but for the first three.

    Returns
    -------
    dict of str to list of Timed
        The same number of times for each arm; equal positions were measured side by side.
    """
    for call in arms.values():
        call()
    times: dict[str, list[Timed]] = {name: [] for name in arms}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= FEWEST_ROUNDS and time.perf_counter() - start > seconds:
            break
        for name, call in arms.items():
            times[name].append(timed(call, settle))
    return times


def ratio(slower: Sequence[Timed], faster: Sequence[Timed]) -> float:
    """Return how many times longer one arm took: the median of the ratios within each round.

    Parameters
    ----------
    slower, faster : sequence of Timed
        From one call of `interleave`.

    Returns
    -------
    float
        Above 1 when `faster` was faster.
    """
    return median(a.wall / b.wall for a, b in zip(slower, faster, strict=True))


def typical(times: Sequence[Timed]) -> Timed:
    """Return the median wall and processor times.

    Parameters
    ----------
    times : sequence of Timed
        Of one arm.

    Returns
    -------
    Timed
        Seconds.
    """
    return Timed(median(t.wall for t in times), median(t.cpu for t in times))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
