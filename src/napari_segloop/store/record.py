"""One JSON document that becomes a frozen value, and back.

A record checks each of its fields when it is made, whoever made it. Where the document lies is not
known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from napari_segloop.store.errors import damaged

if TYPE_CHECKING:
    from napari_segloop.store.checks import Check
    from napari_segloop.store.errors import StoreError

LARGEST_RECORD: Final = 1 << 26
"""Bytes of one JSON document."""


@dataclass(frozen=True, slots=True)
class Record:
    """A frozen value that is kept as one JSON object and checks itself.

    Raises
    ------
    StoreError
        When a field has another type or range than its check says.
    """

    checks: ClassVar[Mapping[str, Check]] = {}

    def __post_init__(self) -> None:
        for name, check in self.checks.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready data.

        Returns
        -------
        dict
            What `from_dict` reads.
        """
        return {each.name: _json(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Read a record that may have been written by others, or by another version.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned; unknown keys are passed over, fields that older versions did
            not write have their default.

        Returns
        -------
        Record
            Checked.

        Raises
        ------
        StoreError
            When a field is missing or makes no sense.
        """
        values = {each.name: data[each.name] for each in fields(cls) if each.name in data}
        for each in fields(cls):
            needed = each.default is MISSING and each.default_factory is MISSING
            if needed and each.name not in values:
                raise damaged(f"{each.name} in the {cls.__name__}", "nothing")
        return cls(**values)

    def to_bytes(self) -> bytes:
        """Return the record as one JSON document.

        Returns
        -------
        bytes
            UTF-8, keys sorted: equal records have equal bytes.
        """
        return json.dumps(
            self.to_dict(), allow_nan=False, ensure_ascii=False, sort_keys=True
        ).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Parameters
        ----------
        data : bytes
            One JSON document.

        Returns
        -------
        Record
            Checked.

        Raises
        ------
        StoreError
            When it is no JSON, or a field makes no sense.
        """
        return cls.from_dict(parse(data, f"a {cls.__name__}"))


def parse(data: bytes, what: str) -> dict[str, Any]:
    """Read one JSON object of bounded size.

    Parameters
    ----------
    data : bytes
        The document.
    what : str
        Names it in the message.

    Returns
    -------
    dict
        The object.

    Raises
    ------
    StoreError
        When it is too large, no JSON, or no object.
    """
    if len(data) > LARGEST_RECORD:
        raise damaged(f"{what} of at most {LARGEST_RECORD} bytes", f"{len(data)}")
    try:
        found = json.loads(data.decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise damaged(f"{what} as JSON", str(error)) from error
    if not isinstance(found, dict):
        raise damaged(f"{what} as a JSON object", found)
    return found


def _refuse(word: str) -> StoreError:
    raise damaged("finite numbers", word)


def record(kind: type[Record]) -> Check:
    """Accept a record, or the JSON object that it was written as.

    Parameters
    ----------
    kind : type
        Which record.

    Returns
    -------
    callable
        The check.
    """

    def check(name: str, value: object) -> Record:
        if isinstance(value, kind):
            return value
        if not isinstance(value, Mapping):
            raise damaged(f"{name} as an object", value)
        return kind.from_dict(value)

    return check


def _json(value: object) -> object:
    if isinstance(value, Record):
        return value.to_dict()
    return [_json(item) for item in value] if isinstance(value, tuple) else value
