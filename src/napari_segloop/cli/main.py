"""The command ``segloop``: finds the subcommand, and turns what went wrong into an exit code.

Subcommands are imported when they are called and neither numpy nor torch is imported here, so that
``segloop --help`` answers at once. What a command does is not known here.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from napari_segloop import __version__
from napari_segloop.cli.failures import in_words
from napari_segloop.cli.report import Reporter
from napari_segloop.core.errors import SegLoopError

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, SOME_FAILED, NOTHING_STARTED, STOPPED = 0, 1, 2, 130
COMMANDS = ("train", "predict", "rank", "evaluate", "project", "simulate", "demo", "doctor")


class LazyGroup(click.Group):
    """A group that imports the module of a subcommand only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the loop."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return ``command`` of ``napari_segloop.cli.NAME``."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"napari_segloop.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="segloop", message="%(prog)s %(version)s")
def segloop() -> None:
    """Segment microscope images by teaching a U-Net.

    Predict, look where the network is probably wrong, correct, train again.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given, Reporter(json="--json" in given)))


def run(arguments: Sequence[str], reporter: Reporter) -> int:
    """Run one command line and return its exit code.

    Parameters
    ----------
    arguments : sequence of str
        What follows ``segloop``.
    reporter : Reporter
        Where events, results and errors go.

    Returns
    -------
    int
        0 done; 1 started and something failed; 2 nothing started; 130 stopped by Ctrl-C.
    """
    try:
        code = segloop.main(
            list(arguments), prog_name="segloop", standalone_mode=False, obj=reporter
        )
        return code if isinstance(code, int) else DONE
    except click.UsageError as error:
        reporter.usage_error(error)
        return NOTHING_STARTED
    except (click.Abort, KeyboardInterrupt):  # click turns most of them into the first
        reporter.interrupted()
        return STOPPED
    except SegLoopError as error:
        return _fail(error, reporter)
    except OSError as error:
        return _fail(in_words(error), reporter)


def _fail(error: SegLoopError, reporter: Reporter) -> int:
    reporter.error(error)
    return SOME_FAILED if reporter.started else NOTHING_STARTED


if __name__ == "__main__":
    main()
