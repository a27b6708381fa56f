"""What every benchmark shares: its options, where it runs, and its rows.

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
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
FEATURES = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")  # best first, as Linux names them
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
    again, table : bool
        Whether rows are measured that exist, or none at all.
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
    table: bool
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
        return [] if self.table else [dict(key) for key in left]

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
    parser.add_argument("--table", action="store_true", help="measure nothing, write the table")
    asked = parser.parse_args()
    if not asked.smoke:
        results = ROOT / "benchmarks" / "results" / f"{program}.jsonl"
        scratch = ROOT / "scratch" / "benchmarks"
        scratch.mkdir(parents=True, exist_ok=True)
        yield _run(program, asked, (results, ROOT / "docs" / "benchmarks.md", scratch))
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        run = _run(program, asked, (place / "rows.jsonl", place / "benchmarks.md", place))
        yield run
        print(run.document.read_text("utf-8"))


def _run(program: str, asked: argparse.Namespace, places: tuple[Path, Path, Path]) -> Run:
    results, document, scratch = places
    return Run(
        program=program,
        quick=asked.quick or asked.smoke,
        smoke=asked.smoke,
        again=asked.again,
        table=asked.table,
        results=results,
        document=document,
        scratch=scratch,
        stamp=stamp(),
    )


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


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
