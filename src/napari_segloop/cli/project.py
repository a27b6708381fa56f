"""``segloop project``: what may be asked of a project; modules of their own do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from napari_segloop.cli import options
from napari_segloop.cli.outputs import check_file

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogRequest:
    """One call of ``segloop project log``."""

    project: Path


@dataclass(frozen=True, slots=True)
class BackupRequest:
    """One call of ``segloop project backup``; `to` is the folder of the second copy."""

    project: Path
    to: Path


@dataclass(frozen=True, slots=True)
class RestoreRequest:
    """One call of ``segloop project restore``; `to` takes it to a new project."""

    project: Path
    snapshot: str | None
    to: Path | None


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """One call of ``segloop project verify``; `project` may be an export or a second copy."""

    project: Path


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One call of ``segloop project export``."""

    project: Path
    output: Path
    snapshot: str | None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """One call of ``segloop project import``; `project` is made."""

    export: Path
    project: Path


@dataclass(frozen=True, slots=True)
class MergeRequest:
    """One call of ``segloop project merge``; `csv` gets the places where the two disagree."""

    project: Path
    other: Path
    csv: Path | None


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """One call of ``segloop project prune``."""

    project: Path
    dry_run: bool


@click.group(
    "project", short_help="Look at, copy, check, export or merge projects of the napari dock."
)
def command() -> None:
    """Look at, copy, check, export or merge projects: folders named NAME.segloop."""


_project = click.argument("project", type=options.PATH)


@command.command("log", short_help="List versions of the model and snapshots.")
@_project
@options.json_lines
def log(**request: object) -> int:
    """List the versions of PROJECT's model with what taught them, and its snapshots."""
    return options.start_job("project_history", LogRequest(**request))  # type: ignore[arg-type]


@command.command("backup", short_help="Bring a second copy up to date.")
@_project
@click.option(
    "--to", type=options.PATH, required=True, metavar="DIR", help="A folder on another disk."
)
@options.json_lines
def backup(**request: object) -> int:
    """Bring the second copy of PROJECT in the folder DIR up to date, and compare what is new.

    What is there already is not copied again; after an interruption, call it again.
    """
    return options.start_job("project_history", BackupRequest(**request))  # type: ignore[arg-type]


@command.command("restore", short_help="Go back to a snapshot.")
@_project
@click.argument("snapshot", required=False)
@click.option(
    "--to",
    type=options.PATH,
    metavar="NEW",
    help="Make a new project of it: also of a damaged one, and of a second copy.",
)
@options.json_lines
def restore(**request: object) -> int:
    """Make SNAPSHOT the newest state of PROJECT; the present one is kept in its history first."""
    if request["snapshot"] is None and request["to"] is None:
        raise click.UsageError("a SNAPSHOT is missing (segloop project log lists them), or --to")
    return options.start_job("project_history", RestoreRequest(**request))  # type: ignore[arg-type]


@command.command("verify", short_help="Check that a project or an export is whole.")
@_project
@options.json_lines
def verify(**request: object) -> int:
    """Read everything in PROJECT, an export of one or a second copy, and compare all sums.

    Exit code 1 when a fault is found. Nothing is changed.
    """
    return options.start_job("project_check", VerifyRequest(**request))  # type: ignore[arg-type]


@command.command("export", short_help="Write a project as plain files.")
@_project
@click.option(
    "--output", type=options.PATH, required=True, metavar="DIR", help="A new folder to write to."
)
@click.option("--snapshot", metavar="ID", help="Which state.  [default: the newest]")
@options.json_lines
def export(**request: object) -> int:
    """Write PROJECT as files that anyone can open: TIFF, CSV, JSON, and a list with SHA-256."""
    return options.start_job("project_export", ExportRequest(**request))  # type: ignore[arg-type]


@command.command("import", short_help="Make a project of an export.")
@click.argument("export", type=options.PATH)
@_project
@options.json_lines
def import_(**request: object) -> int:
    """Make the new PROJECT of the folder EXPORT, which segloop project export wrote."""
    return options.start_job("project_import", ImportRequest(**request))  # type: ignore[arg-type]


@command.command("merge", short_help="Take a colleague's project in.")
@_project
@click.argument("other", type=options.PATH)
@click.option(
    "--csv",
    type=options.PATH,
    metavar="FILE",
    help="Also list the places where the two disagree.",
)
@options.json_lines
def merge(**request: object) -> int:
    """Take what only OTHER has checked into PROJECT, and say how far the two agree.

    Where both checked, PROJECT's labels stay; the places where they disagree are offered for
    checking.
    """
    asked = MergeRequest(**request)  # type: ignore[arg-type]
    if asked.csv is not None:
        check_file(asked.csv)
    return options.start_job("project_merge", asked)


@command.command("prune", short_help="Make a project smaller.")
@_project
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@options.json_lines
def prune(**request: object) -> int:
    """Delete models of PROJECT that are neither in use nor kept, and autosaves older than a day.

    The versions stay in the list, with what taught them.
    """
    return options.start_job("project_prune", PruneRequest(**request))  # type: ignore[arg-type]
