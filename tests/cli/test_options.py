"""Several values after one flag."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from napari_segloop.cli import options
from napari_segloop.cli.options import Computing, Reading, channel_numbers, spread

FLAGS = {"--images", "--labels"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("--images a b --labels c", "--images a --images b --labels c", id="lists"),
        pytest.param("--images a --images b", "--images a --images b", id="repeated"),
        pytest.param("m x --images a b", "m x --images a --images b", id="after arguments"),
        pytest.param("--images a -- m x", "--images a -- m x", id="ended by two dashes"),
        pytest.param("--seed 1 x y", "--seed 1 x y", id="other options are left alone"),
        pytest.param("--images=a b", "--images=a b", id="with an equals sign: one value"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_lists_become_what_click_understands(typed: str, expected: str) -> None:
    assert spread(typed.split(), FLAGS) == expected.split()


@pytest.mark.parametrize("typed", ["--images", "--images --labels a", "--labels a --images --"])
def test_an_empty_list_is_refused(typed: str) -> None:
    with pytest.raises(click.UsageError, match="--images needs at least one value"):
        spread(typed.split(), FLAGS)


@pytest.mark.parametrize(("text", "numbers"), [("0", (0,)), ("2,0", (2, 0)), ("1, 3", (1, 3))])
def test_channels_are_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert channel_numbers(text) == numbers


@pytest.mark.parametrize("text", ["", "-1", "red", "0,,1", "1.5"])
def test_other_channels_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="counted from 0"):
        channel_numbers(text)


def test_shared_options_arrive_as_frozen_values() -> None:
    got = {}

    @click.command(cls=options.ListCommand)
    @click.argument("inputs", nargs=-1, type=options.PATH)
    @options.path_list("--checked", "")
    @options.reading
    @options.computing
    def command(**request: object) -> int:
        got.update(request)
        return 0

    typed = "a b --channels 0,2 --channels 5 --axes CYX --threads 3 --device cpu --checked c d"
    done = CliRunner().invoke(command, typed.split(), catch_exceptions=False)
    assert done.exit_code == 0
    assert got == {
        "inputs": (Path("a"), Path("b")),
        "checked": (Path("c"), Path("d")),
        "reading": Reading("CYX", (0, 2, 5)),
        "computing": Computing("cpu", 3),
    }
