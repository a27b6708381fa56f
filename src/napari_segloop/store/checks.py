"""Values of a record that may have been written by others: checked one by one, then frozen.

A check takes the name and the value of a field and returns the value as it is kept. Ranges and
lengths are bounded, so that nothing read from a file can ask for more memory than its own size.
Which fields there are is not known here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from napari_segloop.core.errors import InputError
from napari_segloop.store.errors import StoreError, damaged

Check = Callable[[str, object], Any]
DEEPEST: Final = 8
MANY: Final = 1_000_000


def integer(low: int, high: int) -> Check:
    """Accept whole numbers of a range, both ends included.

    Parameters
    ----------
    low, high : int
        The range.

    Returns
    -------
    callable
        The check.
    """

    def check(name: str, value: object) -> int:
        if type(value) is not int or not low <= value <= high:
            raise damaged(f"{name} as a whole number from {low} to {high}", value)
        return value

    return check


def real(low: float = -math.inf, high: float = math.inf) -> Check:
    """Accept finite numbers of a range, both ends included.

    Parameters
    ----------
    low, high : float
        The range.

    Returns
    -------
    callable
        The check; it returns a float.
    """

    def check(name: str, value: object) -> float:
        if type(value) not in (int, float) or not low <= _float(value) <= high:
            raise damaged(f"{name} as a number from {low:g} to {high:g}", value)
        return _float(value)

    return check


def text(longest: int, pattern: str | None = None) -> Check:
    """Accept text.

    Parameters
    ----------
    longest : int
        Characters.
    pattern : str, optional
        Regular expression that all of it has to match.

    Returns
    -------
    callable
        The check.
    """

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise damaged(f"{name} as a text of at most {longest} characters", value)
        if pattern is not None and not re.fullmatch(pattern, value):
            raise damaged(f"{name} like {pattern}", value)
        return value

    return check


def one_of(*words: str) -> Check:
    """Accept one of some words.

    Parameters
    ----------
    *words : str
        The words.

    Returns
    -------
    callable
        The check.
    """

    def check(name: str, value: object) -> object:
        if not isinstance(value, str) or value not in words:
            raise damaged(f"{name} among {', '.join(words)}", value)
        return value

    return check


def truth(name: str, value: object) -> bool:
    """Accept true and false.

    Parameters
    ----------
    name : str
        Of the field.
    value : object
        Its value.

    Returns
    -------
    bool
        The value.
    """
    if not isinstance(value, bool):
        raise damaged(f"{name} as true or false", value)
    return value


def optional(check: Check) -> Check:
    """Accept None as well.

    Parameters
    ----------
    check : callable
        For what is not None.

    Returns
    -------
    callable
        The check.
    """
    return lambda name, value: None if value is None else check(name, value)


def each(check: Check, most: int = MANY, least: int = 0) -> Check:
    """Accept lists, and keep them as tuples.

    Parameters
    ----------
    check : callable
        For every item.
    most, least : int
        How many there may be.

    Returns
    -------
    callable
        The check.
    """

    def check_all(name: str, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or not least <= len(value) <= most:
            raise damaged(f"{name} as a list of {least} to {most} items", value)
        return tuple(check(name, item) for item in value)

    return check_all


def table(key: Check, check: Check, most: int = MANY) -> Check:
    """Accept JSON objects with one kind of value.

    Parameters
    ----------
    key, check : callable
        For every key and for every value.
    most : int
        How many there may be.

    Returns
    -------
    callable
        The check.
    """

    def check_all(name: str, value: object) -> dict[str, Any]:
        if not isinstance(value, Mapping) or len(value) > most:
            raise damaged(f"{name} as an object of at most {most} entries", value)
        return {key(name, word): check(name, item) for word, item in value.items()}

    return check_all


def or_else(check: Check, instead: Callable[[], object]) -> Check:
    """Accept anything: what makes no sense is passed over, because it can be made again.

    Parameters
    ----------
    check : callable
        For what makes sense.
    instead : callable
        Returns what the field is otherwise.

    Returns
    -------
    callable
        The check.
    """

    def check_or(name: str, value: object) -> object:
        try:
            return check(name, value)
        except StoreError:
            return instead()

    return check_or


def document(name: str, value: object) -> dict[str, Any]:
    """Accept any JSON object that is not nested too deep.

    Parameters
    ----------
    name : str
        Of the field.
    value : object
        Its value.

    Returns
    -------
    dict
        A copy of it; tuples have become lists.
    """
    if not isinstance(value, Mapping):
        raise damaged(f"{name} as an object", value)
    copied = _plain(name, value, DEEPEST)
    return dict(copied)


def by_core(read: Callable[[Mapping[str, object]], object]) -> Check:
    """Accept a JSON object that a reader of the core understands.

    Parameters
    ----------
    read : callable
        Raises `InputError`.

    Returns
    -------
    callable
        The check; it returns the object as it was.
    """

    def check(name: str, value: object) -> dict[str, Any]:
        checked = document(name, value)
        try:
            read(checked)
        except (InputError, TypeError, ValueError) as error:
            raise damaged(name, str(error)) from error
        return checked

    return check


def _float(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # int or float, asked before
    except OverflowError:
        return math.nan


def _plain(name: str, value: object, depth: int) -> Any:  # noqa: ANN401  # any JSON
    if depth == 0:
        raise damaged(f"{name} nested at most {DEEPEST} deep", value)
    if isinstance(value, Mapping):
        return {text(1000)(name, key): _plain(name, item, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, item, depth - 1) for item in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    return real()(name, value)


FAR: Final = 1 << 53
COUNT: Final = integer(0, FAR)
NUMBER: Final = integer(1, FAR)
NAME: Final = text(1000)
TIME: Final = text(64)
SHARE: Final = optional(real(0, 1))
PIXEL_SIZE: Final = optional(each(real(0, 1e9), 2, 2))
SNAPSHOT: Final = text(40, "[0-9A-Z]+")
TASK: Final = one_of("classes", "objects")
