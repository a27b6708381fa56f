"""Damages copies of a project, opens each, and says what happened: an error, or the right content.

A program of its own, so that memory and time can be bounded by the system: what hangs or takes too
much ends it.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import random
import resource
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import icechunk
import numpy as np
import zarr
from safetensors.numpy import save

from napari_segloop.core.modelheader import KEY
from napari_segloop.core.modelinfo import ModelInfo
from napari_segloop.core.normalize import Normalization
from napari_segloop.store import documents, layout
from napari_segloop.store.annotations import Save
from napari_segloop.store.chunkguard import GuardedStore
from napari_segloop.store.errors import StoreError
from napari_segloop.store.project import Project
from napari_segloop.store.records import VersionRecord
from napari_segloop.store.sums import Sums
from tests.store.painting import ARRAYS, digest, image, piece, project

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = 1 << 30
"""Bytes that reading a damaged project may take beyond what the program has."""
SECONDS = 20
ABSURD = (
    *(None, -1, 10**12, 2**63, 1e300, float("nan"), float("-inf"), True),
    *("", "x" * 5000, "../../etc", "\0", [], [[[]]], {}, [10**12], [-1, -1]),
)
MODEL = "a" * 64


def begin(folder: Path) -> str:
    """Make a project with a history and a model; what its newest state shows."""
    rng = np.random.default_rng(0)
    versions = (VersionRecord(1, MODEL),)
    with Project.create(folder) as made:
        made.models.put(MODEL, weights(rng))
        store = made.annotations
        store.save(Save(project(), (image(planes=((0,),)),), (piece(rng),)))
        for y, x in ((0, 256), (256, 512), (0, 0)):
            store.save(Save(project(seconds=y), (), (piece(rng, y, x),)), "", "round")
        store.keep(store.history()[1].id, "kept")
        store.expire(datetime.datetime.now(datetime.UTC))
        last = piece(rng, 256, 0, names=("labels",))
        store.save(Save(project(seconds=9, versions=versions), (), (last,)))
    return use(folder, and_save=False)


def weights(rng: np.random.Generator) -> bytes:
    """A model file without a network that would take it."""
    tensors = {"stem": rng.normal(size=(8, 9)).astype(np.float32), "bias": np.ones(8, np.float32)}
    numbers = Normalization("training", (0.0,), (1.0,))
    info = ModelInfo("classes", "resnet18", 3, 1, (0, 1), numbers)
    return save(tensors, metadata={KEY: info.to_json()})


def cut(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(max(1, path.stat().st_size))])


def flip(path: Path, chance: random.Random) -> None:
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 1, 1, 8)) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, chance: random.Random) -> None:
    size = chance.choice((0, 1, path.stat().st_size, 1 << 16))
    path.write_bytes(chance.randbytes(size) if chance.random() < 0.5 else bytes(size))


def lose(path: Path, chance: random.Random) -> None:
    path.unlink()


def swap(path: Path, chance: random.Random) -> None:
    if path.parent.name == "chunks":  # nothing swaps names that were drawn at random
        return
    other = chance.choice(sorted(path.parent.iterdir()))
    if other.is_file():
        path.write_bytes(other.read_bytes())


def grow(path: Path, chance: random.Random) -> None:
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + (1 << 34))  # takes no space on the disk


def turn(path: Path, chance: random.Random) -> None:
    path.unlink()
    path.mkdir()


def on_a_file(folder: Path, chance: random.Random) -> str:
    """Damage one file, or all of a kind; sums, lists and chunks, the card, models."""
    damage: Callable[[Path, random.Random], None] = chance.choice(
        (cut, flip, flip, flip, overwrite, lose, swap, grow, turn)
    )
    kinds = dict[tuple[str, ...], list[Path]]()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        kinds.setdefault(path.relative_to(folder).parts[:2], []).append(path)
    kind = chance.choice(sorted(kinds))
    files = kinds[kind]
    for path in files if chance.random() < 0.2 else [chance.choice(files)]:
        damage(path, chance)
    return f"{damage.__name__} {'/'.join(kind)}"


def in_a_record(folder: Path, chance: random.Random) -> str:
    """Put an absurd value into a record, by the rules of the storage."""

    def change(inside: GuardedStore) -> str:
        path = chance.choice((documents.PROJECT, layout.record(1)))
        data = json.loads(documents.read_document(inside, path))
        place, key = _somewhere(data, chance)
        place[key] = chance.choice(ABSURD)
        documents.write_document(inside, path, json.dumps(data).encode())
        return f"{path} {key}"

    return _tampered(folder, change)


def in_an_array(folder: Path, chance: random.Random) -> str:
    """Put another array where one belongs."""

    def change(inside: GuardedStore) -> str:
        name = chance.choice((*ARRAYS, "record"))
        sizes = (1, 2, 300, 520, 10**6, 10**12)
        shape = tuple(chance.choice(sizes) for _ in range(chance.randrange(1, 5)))
        chunks = tuple(min(side, chance.choice(sizes)) for side in shape)
        dtype = chance.choice(("u1", "u4", "f8", "i8"))
        path = f"images/0001/{name}"
        zarr.create_array(
            inside, name=path, shape=shape, chunks=chunks, dtype=dtype, overwrite=True
        )
        return f"{name} {shape} {chunks} {dtype}"

    return _tampered(folder, change)


def in_the_card(folder: Path, chance: random.Random) -> str:
    """Put an absurd value into what the project says of itself."""
    path = folder / "project.json"
    data = json.loads(path.read_bytes())
    place, key = _somewhere(data, chance)
    place[key] = chance.choice(ABSURD)
    path.write_text(json.dumps(data))
    return f"card {key}"


def in_a_model(folder: Path, chance: random.Random) -> str:
    """Put an absurd value into the header of a model, or say that it is enormous."""
    path = folder / "models" / f"{MODEL}.safetensors"
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, rest = json.loads(content[8 : 8 + length]), content[8 + length :]
    place, key = _somewhere(header, chance)
    place[key] = chance.choice(ABSURD)
    text = json.dumps(header).encode()
    said = chance.choice((len(text), len(text), len(text), 1 << 62, len(text) + 1))
    path.write_bytes(said.to_bytes(8, "little") + text + rest)
    return f"model {key} {said}"


def by_a_link(folder: Path, chance: random.Random) -> str:
    """Put a link in place of a file or a folder, to the same content outside."""
    paths = sorted(path for path in folder.rglob("*") if path.name != "lock")
    path, outside = chance.choice(paths), folder.with_name("outside")
    shutil.rmtree(outside, ignore_errors=True)
    outside.mkdir()
    path.rename(outside / path.name)
    path.symlink_to(outside / path.name)
    return f"link {path.relative_to(folder)}"


def _somewhere(data: dict | list, chance: random.Random) -> tuple[Any, Any]:
    keys = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = chance.choice(keys)
    inner = data[key]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
        return _somewhere(inner, chance)
    return data, key


def _tampered(folder: Path, change: Callable[[GuardedStore], str]) -> str:
    """Commit a change as another program would, with the sums that belong to it."""
    place = folder / "annotations"
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(str(place)))
    session = repository.writable_session("main")
    said = change(GuardedStore(session.store))
    if session.has_uncommitted_changes:
        Sums(place).write(repository, session.commit("", {"kind": "manual"}))
    return said


def use(folder: Path, *, and_save: bool = True) -> str:
    """Read all of a project, and go on with it, as its owner would."""
    with Project.open(folder) as opened:
        store = opened.annotations
        opened.history()
        store.check()
        shown = hashlib.sha256(digest(store).encode())
        for version in store.project().versions:
            shown.update(opened.models.get(version.model))
        if and_save:
            store.save(Save(project(seconds=11)))
        return shown.hexdigest()


WAYS = (*(on_a_file,) * 5, *(in_a_record,) * 2, *(in_an_array,) * 2)
OTHERS = (in_the_card, in_a_model, by_a_link)


def trial(seed: int, intact: Path, place: Path, shown: str) -> dict[str, Any]:
    """Damage one copy; what came of it."""
    chance = random.Random(seed)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(intact, place)
    damage = chance.choice((*WAYS, *OTHERS))
    said = damage(place, chance)
    signal.alarm(SECONDS)
    try:
        found = "right" if use(place) == shown else "other"
        error = ""
    except StoreError as fault:
        found, error = "error", str(fault)
    signal.alarm(0)
    if found == "other" and damage is in_a_record:
        found = "plausible"  # a value that an owner could have saved
    if found == "right" and damage is by_a_link:
        found = "other"  # nothing outside may be read
    return {"seed": seed, "damage": said, "found": found, "error": error}


def main() -> None:
    """Damage as many copies as asked for; one line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    intact = asked.folder / "intact.segloop"
    shown = begin(intact)
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    taken = pages * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, resource.RLIM_INFINITY))
    for seed in range(asked.first, asked.first + asked.trials):
        told = trial(seed, intact, asked.folder / "copy.segloop", shown)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
