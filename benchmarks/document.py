"""Writes docs/benchmarks.md from rows: one section for each program, and what is missing in it.

It knows rows and columns, not what they mean. Every number in the document comes from here.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.harness import MACHINE, Row, has

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.harness import Run

WIDTH = 100
CONDITIONS = ("precision", "encoder", "tile")
PREFACE = """# Benchmarks

Every table is written by the program named below it, from the rows in
`benchmarks/results/`, and says which rows are missing. Ratios are measured side by
side in one run, in turns, and are medians over the turns, because absolute times drift on shared
machines. `CPU` is the time of all threads together. `source` is a hash of the package that was
measured; a row in brackets comes from a `--quick` run.

```sh
python -m benchmarks.predict_speed --quick    # at most ten minutes; without it, all rows
```

Rows that exist are not measured again. Real images are looked for in the folder `SEGLOOP_DATA`, by
default `../shared/data`; programs that need them say so and go on without. `SEGLOOP_DEVICE` chooses
the device (`cpu` when it is not set).
"""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading, and what it shows of a row."""

    heading: str
    show: Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class Section:
    """A program's part of the document.

    Parameters
    ----------
    name : str
        The program.
    title, text : str
        Heading and what is measured.
    columns : tuple of Column
        The table's columns.
    keys : tuple of dict
        All rows that there should be, in order.
    program : str
        Which writes it, where that has another name.
    """

    name: str
    title: str
    text: str
    columns: tuple[Column, ...]
    keys: tuple[Row, ...]
    program: str = ""


def number(name: str, digits: int) -> Callable[[Row], str]:
    """Return a function that shows a number of a row, and nothing where there is none.

    Parameters
    ----------
    name : str
        Of the value.
    digits : int
        After the point.

    Returns
    -------
    callable
        Row to text.
    """
    return lambda row: "" if row.get(name) is None else f"{row[name]:.{digits}f}"


def value(name: str) -> Callable[[Row], str]:
    """Return a function that shows a value of a row as it is.

    Parameters
    ----------
    name : str
        Of the value.

    Returns
    -------
    callable
        Row to text.
    """
    return lambda row: "" if row.get(name) is None else str(row[name])


def update(run: Run, section: Section, rows: list[Row] | None = None) -> None:
    """Write a program's section anew; the others stay as they are.

    Parameters
    ----------
    run : Run
        Where rows and document are.
    section : Section
        What to write.
    rows : list of dict, optional
        Computed from the program's rows; those themselves when not given.
    """
    path = run.document
    text = path.read_text("utf-8") if path.exists() else PREFACE
    begin, end = f"<!-- {section.name} -->", f"<!-- end of {section.name} -->"
    block = "\n".join([begin, *_lines(section, run.rows() if rows is None else rows), end])
    old = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    text = old.sub(lambda _: block, text) if old.search(text) else f"{text}\n{block}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    run.say(f"wrote {path.name}")


def newest(rows: Iterable[Row], keys: Sequence[Row]) -> list[Row]:
    """Return the newest row of each key, in the order of the keys.

    Parameters
    ----------
    rows : iterable of dict
        Oldest first.
    keys : sequence of dict
        What names a row.

    Returns
    -------
    list of dict
        At most one row for each key.
    """
    backwards = list(rows)[::-1]
    found = (next((row for row in backwards if has(row, key)), None) for key in keys)
    return [row for row in found if row]


def _lines(section: Section, rows: list[Row]) -> list[str]:
    """Return a heading, a table for each machine, and the names of missing rows."""
    lines = [
        f"## {section.title}",
        "",
        _wrapped(section.text),
        "",
        f"`python -m benchmarks.{section.program or section.name}`",
    ]
    machines = dict.fromkeys(tuple(row[name] for name in MACHINE) for row in rows)
    for machine in machines:
        here = [row for row in rows if has(row, dict(zip(MACHINE, machine, strict=True)))]
        shown = newest(here, section.keys)
        if shown:
            lines += [
                "",
                _wrapped(_header(shown)),
                "",
                *_table(section.columns, shown),
                "",
                _wrapped(_rest(section, here)),
            ]
    return lines if machines else [*lines, "", _wrapped(_rest(section, []))]


def _header(rows: list[Row]) -> str:
    """Say on what, and in which formats, the rows were measured."""
    first = rows[0]
    parts = [
        f"{first['processor']}, {first['device']}, {first['threads']} threads",
        f"torch {first['torch']}",
    ]
    for name in CONDITIONS:
        found = dict.fromkeys(str(row[name]) for row in rows if row.get(name))
        parts += [f"{name} {', '.join(found)}"] if found else []
    return "; ".join(parts) + "."


def _table(columns: Sequence[Column], rows: Sequence[Row]) -> list[str]:
    heads = [column.heading for column in columns] + ["commit", "source"]
    lines = [_line(heads), _line(["---"] * len(heads))]
    return lines + [_line([*(c.show(row) for c in columns), *_origin(row)]) for row in rows]


def _origin(row: Row) -> tuple[str, str]:
    return (f"({row['commit']})" if row["quick"] else row["commit"]), row["source"][:6]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rest(section: Section, rows: Sequence[Row]) -> str:
    missing = [key for key in section.keys if not any(has(row, key) for row in rows)]
    if not missing:
        return f"All {len(section.keys)} rows are there."
    if len(missing) == len(section.keys):
        return f"None of the {len(missing)} rows is there yet."
    names = "; ".join(_name(key) for key in missing)
    return f"{len(missing)} of {len(section.keys)} rows are missing: {names}."


def _name(key: Mapping[str, object]) -> str:
    return ", ".join(str(item) for item in key.values())


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
