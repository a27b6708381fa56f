"""Two hundred damaged projects: a clear error or the right content, in bounded time and memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRIALS = 200

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded by the system")


@pytest.mark.slow
def test_a_damaged_project_says_so_or_shows_what_was_painted(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.damaging", tmp_path, "--trials", str(TRIALS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout.splitlines()[-1:]}\n{done.stderr[-2000:]}"
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == TRIALS
    assert [row for row in rows if row["found"] == "other"] == []
    counts = Counter(row["found"] for row in rows)
    assert counts["error"] > TRIALS // 4
    assert counts["right"] > TRIALS // 20
    ways = {row["damage"].split()[0] for row in rows}
    assert {"cut", "flip", "grow", "lose", "swap", "turn", "link", "card", "model"} <= ways
    for row in rows:
        assert len(row["error"]) < 2000
        assert "\n" not in row["error"]
