"""Every benchmark runs from its command to its table; rows are kept, found again and shown."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from benchmarks.harness import Run

    Done = Future[subprocess.CompletedProcess[str]]
    Stamps = dict[Path, int]

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
PROGRAMS = sorted(
    path.stem for path in FOLDER.glob("*.py") if "__main__" in path.read_text("utf-8")
)
HERE = {
    "commit": "abc1234",
    "source": "0123456789ab",
    "processor": "a processor",
    "device": "cpu",
    "threads": 2,
    "torch": "2.10",
}
# Minutes each; tests/widgets drives the same window.
IN_A_WINDOW = {"viewer", "simulated_user", "stations"}
KEYS = ({"arm": "ours"}, {"arm": "theirs"})


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(ROOT))
    names = ("clocks", "document", "harness")
    return SimpleNamespace(**{name: import_module(f"benchmarks.{name}") for name in names})


@pytest.fixture
def run(benchmarks: SimpleNamespace, tmp_path: Path) -> Run:
    places = {
        "results": tmp_path / "rows.jsonl",
        "document": tmp_path / "tables.md",
        "scratch": tmp_path,
    }
    asked = dict.fromkeys(("quick", "smoke", "again", "table"), False)
    return benchmarks.harness.Run("speed", **asked, **places, stamp=HERE)


def section(benchmarks: SimpleNamespace, name: str = "speed") -> object:
    column = benchmarks.document.Column("Mpx/s", benchmarks.document.number("speed", 1))
    return benchmarks.document.Section(name, f"About {name}", "What it is.", (column,), KEYS)


def test_there_are_programs() -> None:
    wanted = {"predict_speed", "seams", "training_speed", "learning", *IN_A_WINDOW}
    assert wanted <= set(PROGRAMS)


@pytest.mark.parametrize("program", sorted(IN_A_WINDOW))
def test_a_program_in_a_window_says_what_it_does(program: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{program}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "--quick" in done.stdout


@pytest.fixture(scope="module")
def rows_before() -> Stamps:
    return stamps()


def stamps() -> Stamps:
    return {path: path.stat().st_mtime_ns for path in (FOLDER / "results").glob("*")}


@pytest.fixture(scope="module")
def smoke_runs(request: pytest.FixtureRequest, rows_before: Stamps) -> Iterator[dict[str, Done]]:
    """The programs that are going to be looked at, two at a time."""
    wanted = [
        item.callspec.params["program"]
        for item in request.session.items
        if getattr(item, "originalname", "") == "test_a_program_measures_every_row_of_its_table"
    ]
    with ThreadPoolExecutor(2) as pool:
        yield {program: pool.submit(smoke, program) for program in wanted}


def smoke(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{program}", "--smoke"],
        cwd=ROOT,
        env=os.environ
        | {"SEGLOOP_DEVICE": "cpu", "SEGLOOP_DATA": "nowhere", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("program", sorted(set(PROGRAMS) - IN_A_WINDOW))
def test_a_program_measures_every_row_of_its_table(
    program: str, smoke_runs: dict[str, Done]
) -> None:
    done = smoke_runs[program].result()
    assert done.returncode == 0, done.stderr
    assert f"<!-- end of {program} -->" in done.stdout
    assert "rows are there." in done.stdout


@pytest.mark.slow
def test_smoke_runs_leave_no_rows(rows_before: Stamps, smoke_runs: dict[str, Done]) -> None:
    for run in smoke_runs.values():
        run.result()
    assert stamps() == rows_before


@pytest.mark.parametrize(
    ("old", "asked", "left"),
    [
        pytest.param({}, {}, ["theirs"], id="same source and machine"),
        pytest.param({"source": "ba9876543210"}, {}, ["ours", "theirs"], id="other source"),
        pytest.param({"commit": "fed4321"}, {}, ["theirs"], id="only documents changed"),
        pytest.param({"threads": 16}, {}, ["ours", "theirs"], id="other machine"),
        pytest.param({}, {"again": True}, ["ours", "theirs"], id="asked for again"),
        pytest.param({}, {"table": True}, [], id="table only"),
    ],
)
def test_rows_that_exist_are_not_measured_again(
    run: Run, old: dict, asked: dict, left: list
) -> None:
    replace(run, stamp=HERE | old).add(arm="ours", speed=1.0)
    assert [key["arm"] for key in replace(run, **asked).missing(KEYS)] == left


@pytest.mark.parametrize(("quick", "left"), [(True, 1), (False, 2)])
def test_a_quick_row_does_for_quick_runs_only(run: Run, quick: bool, left: int) -> None:
    replace(run, quick=True).add(arm="ours", speed=1.0)
    assert len(replace(run, quick=quick).missing(KEYS)) == left


def test_a_row_cannot_deny_where_it_comes_from(run: Run) -> None:
    with pytest.raises(ValueError, match="threads"):
        run.add(arm="ours", threads=64)


def test_the_document_shows_the_newest_row_and_names_missing_ones(
    benchmarks: SimpleNamespace, run: Run
) -> None:
    run.add(arm="ours", speed=1.0)
    run.add(arm="ours", speed=2.0)
    benchmarks.document.update(run, section(benchmarks))
    text = run.document.read_text("utf-8")
    assert "| 2.0 | abc1234 | 012345 |" in text
    assert "| 1.0 |" not in text
    assert "1 of 2 rows are missing: theirs." in text
    assert "a processor, cpu, 2 threads; torch 2.10." in text


def test_a_section_is_replaced_where_it_stands(benchmarks: SimpleNamespace, run: Run) -> None:
    for name in ("speed", "seams", "speed"):
        benchmarks.document.update(run, section(benchmarks, name))
    text = run.document.read_text("utf-8")
    assert text.count("## About speed") == text.count("## About seams") == 1
    assert text.index("## About speed") < text.index("## About seams")


def test_arms_take_turns(benchmarks: SimpleNamespace) -> None:
    called: list[str] = []
    arms = {name: lambda name=name: called.append(name) for name in "AB"}
    times = benchmarks.clocks.interleave(arms, rounds=3)
    assert "".join(called) == "AB" * 4
    assert {name: len(each) for name, each in times.items()} == {"A": 3, "B": 3}


def test_a_ratio_is_the_median_within_rounds(benchmarks: SimpleNamespace) -> None:
    clocks = benchmarks.clocks
    slow, fast = ([clocks.Timed(wall, 0.0) for wall in walls] for walls in ([2, 40, 6], [1, 20, 1]))
    assert clocks.ratio(slow, fast) == 2


def test_the_tracked_document_has_a_section_for_every_program() -> None:
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert [name for name in PROGRAMS if f"<!-- end of {name} -->" not in text] == []


def test_targets_are_computed_from_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    targets = import_module("benchmarks.curvetargets")
    scores = {
        "our loop": ((0, 0, 0.4), (1, 10, 0.8), (3, 20, 0.9)),
        "random": ((0, 0, 0.4), (1, 10, 0.6), (3, 30, 0.7)),
        "random forest": ((1, 0, 0.75), (3, 0, 0.8)),
        "everything labelled": ((1, 0, 0.9),),
    }
    origin = HERE | {"quick": False, "time": "now", "set": "crystals", "seed": 0}
    rows = [
        origin | {"arm": arm, "round": n, "seconds": s, "dense_seconds": 2 * s, "dice": dice}
        for arm, points in scores.items()
        for n, s, dice in points
    ]
    found, mean = targets.derived(rows, [("crystals", 0), ("absent", 0)])
    assert found["ours"] == pytest.approx(11)  # 0.81 lies a tenth of the way to the next round
    assert found["ratio"] == pytest.approx(30 / 11)
    assert found["ratio_anew"] == pytest.approx(60 / 11)
    assert found["ratio_bound"] == targets.AT_LEAST  # random places never got there
    ours, theirs = (6 + 8.5) / 20, (5 + (0.6 + 0.65) / 2 * 10) / 20
    assert found["area_random"] == pytest.approx(ours / theirs)
    assert found["area_entropy"] is None
    assert (found["forest_1"], found["removed_3"]) == pytest.approx((0.05, 0.5))
    assert mean["set"] == "mean"
    assert mean["area_random"] == pytest.approx(found["area_random"])


def test_a_target_that_our_loop_misses_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    targets = import_module("benchmarks.curvetargets")
    scores = {
        "our loop": ((0, 0, 0.4), (1, 20, 0.7)),
        "random": ((0, 0, 0.4), (1, 10, 0.9)),
        "everything labelled": ((1, 0, 0.9),),
    }
    origin = HERE | {"quick": False, "time": "now", "set": "crystals", "seed": 0, "source": "new"}
    rows = [
        origin | {"arm": arm, "round": n, "seconds": s, "dense_seconds": s, "dice": dice}
        for arm, points in scores.items()
        for n, s, dice in points
    ]
    rows += [row | {"source": "old", "dice": 1.0} for row in rows if row["arm"] == "random"]
    found, mean = targets.derived(rows, [("crystals", 0)])
    assert found["ratio"] == pytest.approx(8.2 / 20)
    assert found["ratio_bound"] == mean["ratio_bound"] == targets.AT_MOST


def test_flips_are_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    work = import_module("benchmarks.confidencework")
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    seen = [work.flipped(image, flip) for flip in range(work.FLIP_COUNT)]
    assert len({(each.shape, each.tobytes()) for each in seen}) == 8
    for flip, each in enumerate(seen):
        assert np.array_equal(work.unflipped(each, flip), image)


def test_several_passes_doubt_the_label_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    work = import_module("benchmarks.confidencework")
    sure, contrary = np.array([[[205]], [[50]]], np.uint8), np.array([[[5]], [[250]]], np.uint8)
    assert work.doubt_in(np.array([[0]]), [sure, contrary]) == [[150]]


def test_confidence_is_compared_and_averaged_over_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    means = import_module("benchmarks.confidencemeans")
    found = {"entropy": (0.8, 0.9), "ours, fast": (0.9, 0.92)}
    rows = [
        HERE
        | {"quick": False, "time": f"{seed}", "set": name, "seed": seed, "round": 1}
        | {"estimator": estimator, "auroc": aurocs[seed] - (0.1 if name == "b" else 0)}
        for estimator, aurocs in found.items()
        for name, seeds in (("a", (0, 1)), ("b", (0,)))
        for seed in seeds
    ]
    rows.insert(0, rows[2] | {"source": "old", "auroc": 0.1, "time": "-"})
    keys = [{"set": name, "round": 1, "estimator": "ours, fast"} for name in ("a", "b", "all")]
    first, _, mean = means.means(rows, keys)
    assert first["auroc"] == [0.9, 0.92]
    assert first["minus_entropy"] == pytest.approx([0.1, 0.02])
    assert first["of_entropy"] == pytest.approx([0.5, 0.8])
    assert mean["seeds"] == [0]  # the other one lacks a set
    assert mean["auroc"] == pytest.approx([0.85])
    assert means.spread("auroc")(first) == "0.910 (0.900 to 0.920)"
    assert means.spread("auroc")({"auroc": [0.8, 0.9, 1.0]}) == "0.900 \u00b1 0.248"


def test_what_teaches_is_of_other_animals_than_what_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    draw = import_module("benchmarks.unlikedraw").draw
    known = [SimpleNamespace(source=source) for source in "aaabbc"]
    for seed in range(9):
        teach, unseen = draw(known, 2, np.random.default_rng(seed))
        assert len({one.source for one in teach}) == len(teach) == 2
        assert {one.source for one in teach}.isdisjoint(one.source for one in unseen)
    teach, unseen = draw(known[2:5], 3, np.random.default_rng(0))
    assert unseen, "a kind of two animals still has one that does not teach"


def test_flagged_shares_are_of_the_newest_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))
    unlike = import_module("benchmarks.unlike")
    shares = dict.fromkeys((*unlike.CHANGES, "others"), 1.0)
    origin = HERE | {"quick": False, "time": "now", "set": "myelin", "taught": 1, "rule": "in use"}
    rows = [
        origin | shares | {"source": source, "seed": seed, "same": same}
        for source, seed, same in (("old", 0, 0.9), ("new", 0, 0.0), ("new", 1, 0.2))
    ]
    kind, mean = unlike.means(rows)
    assert (kind["same"], kind["worst"]) == pytest.approx((0.1, 0.2))
    assert mean["set"] == "mean"
    assert mean["same"] == pytest.approx(0.1)
