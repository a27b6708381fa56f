"""Check every public docstring of the package against numpydoc, on the living objects.

numpydoc's own ``lint`` reads the source only and takes a property for a function and a dataclass
for a class without parameters; the imported objects know better. Which checks count stands in
``pyproject.toml``.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from numpydoc.validate import validate

import napari_segloop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

SETTINGS = Path(__file__).parents[1] / "pyproject.toml"


def modules() -> Iterator[ModuleType]:
    """Import the package's modules one by one.

    Yields
    ------
    module
        Each of them, rooms included.
    """
    yield napari_segloop
    for found in pkgutil.walk_packages(napari_segloop.__path__, "napari_segloop."):
        yield importlib.import_module(found.name)


def members(module: ModuleType) -> Iterator[str]:
    """Name what a module defines itself.

    Parameters
    ----------
    module : module
        An imported module.

    Yields
    ------
    str
        Its functions and classes, and the classes' methods and properties. That modules have a
        docstring is ruff's business.
    """
    for name, member in vars(module).items():
        own = getattr(member, "__module__", None) == module.__name__
        if own and inspect.isfunction(member) and member.__name__ == name:  # else: made elsewhere
            yield f"{module.__name__}.{name}"
        if own and inspect.isclass(member):
            yield f"{module.__name__}.{name}"
            for part, value in vars(member).items():
                if inspect.isfunction(value) or isinstance(value, property | classmethod):
                    yield f"{module.__name__}.{name}.{part}"


def excused(name: str, code: str, message: str) -> bool:
    """Say whether a check does not fit an object.

    Parameters
    ----------
    name : str
        The object's full name.
    code : str
        numpydoc's name of the check.
    message : str
        What it found.

    Returns
    -------
    bool
        True for parameters that are private, for dataclasses whose one line says enough of their
        fields, and for classes that have their parameters from a base or, as protocols, none.
    """
    if code != "PR01":
        return False
    module, _, attribute = name.rpartition(".")
    thing = getattr(sys.modules.get(module), attribute, None)
    private = all(parameter.startswith("_") for parameter in re.findall(r"'(.+?)'", message))
    return private or (inspect.isclass(thing) and not documents_parameters(thing))


def documents_parameters(thing: type) -> bool:
    """Say whether a class has parameters of its own to document.

    Parameters
    ----------
    thing : type
        A class.

    Returns
    -------
    bool
        True when it began to document them, or has an ``__init__`` that somebody wrote.
    """
    generated = dataclasses.is_dataclass(thing) or getattr(thing, "_is_protocol", False)
    return "Parameters\n" in (thing.__doc__ or "") or ("__init__" in vars(thing) and not generated)


def faults() -> Iterator[str]:
    """Validate everything public.

    Yields
    ------
    str
        File, line, name, code and message of each fault.
    """
    settings = tomllib.loads(SETTINGS.read_text("utf-8"))["tool"]["numpydoc_validation"]
    left_out = re.compile("|".join(settings["exclude"]))
    names = [name for module in modules() for name in members(module)]
    for name in names:
        if left_out.search(name):
            continue
        found = validate(name)
        for code, message in found["errors"]:
            if code in settings["checks"] and not excused(name, code, message):
                yield f"{found['file']}:{found['file_line']}: {name} {code} {message}"


def main() -> int:
    """Print the faults.

    Returns
    -------
    int
        0 when there are none.
    """
    found = list(faults())
    print("\n".join(found) or "Docstrings: no faults.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
