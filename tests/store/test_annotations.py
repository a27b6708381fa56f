"""Annotations on the disk: what is saved is there, of any snapshot, and nowhere else."""

from __future__ import annotations

import datetime
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import icechunk
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numcodecs.zstd import Zstd
from zarr.core.buffer import cpu
from zarr.core.sync import sync

from napari_segloop.store import documents, layout
from napari_segloop.store.annotations import Annotations, PlaneChunk, Save
from napari_segloop.store.chunkguard import GuardedStore, frame_size
from napari_segloop.store.errors import ProjectBusy, StoreError
from napari_segloop.store.layout import spec
from napari_segloop.store.records import ImageShape
from tests.store.painting import ARRAYS, SMALL, digest, image, piece, project, same

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HUGE = ImageShape((), 141_000, 141_000, 3, "uint8")
CORNERS = tuple((y, x) for y in (0, 256) for x in (0, 256, 512))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Annotations]:
    with Annotations.create(tmp_path / "a.segloop") as made:
        yield made


@pytest.fixture
def begun(store: Annotations) -> Annotations:
    store.save(Save(project(), (image(),)))
    return store


def reopened(store: Annotations) -> Annotations:
    return Annotations.open(store.folder, read_only=True)


def test_a_new_project_has_one_snapshot_and_no_record(store: Annotations) -> None:
    assert [each.kind for each in store.history()] == ["begin"]
    assert store.images() == {}
    with pytest.raises(StoreError, match="record of a project"):
        store.project()


def test_what_was_saved_is_there_after_opening_again(
    begun: Annotations, rng: np.random.Generator
) -> None:
    chunks = tuple(piece(rng, y, x, index=(z,)) for y, x in CORNERS for z in (0, 1))
    begun.save(Save(chunks=chunks))
    again = reopened(begun)
    assert all(same(again, chunk) for chunk in chunks)
    assert again.project() == project()
    assert again.images() == {1: image()}


@pytest.mark.parametrize("name", [*ARRAYS, "content"])
def test_what_is_not_given_stays(begun: Annotations, rng: np.random.Generator, name: str) -> None:
    first, second = piece(rng), piece(rng, names=(name,))
    begun.save(Save(chunks=(first,)))
    begun.save(Save(chunks=(second,)))
    window = slice(0, 256), slice(0, 256)
    found = begun.window(1, (0,), *window)
    for each in ARRAYS:
        assert np.array_equal(found[each], getattr(second if each == name else first, each)), each
    pixels = (second if name == "content" else first).content
    assert np.array_equal(begun.content(1, (0,), *window)[0], pixels)


def test_the_rest_of_a_plane_is_zero_and_its_content_unknown(
    begun: Annotations, rng: np.random.Generator
) -> None:
    begun.save(Save(chunks=(piece(rng, 256, 512),)))
    for pixels in begun.plane(1, (0,)).values():
        assert pixels.shape == (300, 520)
        assert not pixels[:256].any()
        assert not pixels[:, :512].any()
    pixels, known = begun.content(1, (0,), slice(200, 300), slice(400, 520))
    assert np.array_equal(np.argwhere(known)[[0, -1]], [[56, 112], [99, 119]])
    assert not pixels[:, ~known].any()


def test_records_of_many_images_are_read_together_and_not_too_many(
    store: Annotations, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tuple(image(number) for number in range(1, 41))
    store.save(Save(project(images=tuple(range(1, 41)), next_image=41), images))
    asked, read = list[int](), GuardedStore.read
    count = lambda self, keys, *rest: asked.append(len(keys)) or read(self, keys, *rest)  # noqa: E731
    monkeypatch.setattr(GuardedStore, "read", count)
    assert tuple(store.images().values()) == images
    assert sorted(asked) == [1, 1, 40, 40]
    monkeypatch.setattr(documents, "LARGEST_DOCUMENTS", 2000)
    with pytest.raises(StoreError, match="documents of at most 2000 bytes together"):
        store.images()


def test_black_pixels_are_known(begun: Annotations) -> None:
    black = PlaneChunk(1, (0,), 0, 0, content=np.zeros((2, 256, 256), np.uint16))
    begun.save(Save(chunks=(black,)))
    assert begun.content(1, (0,), slice(0, 256), slice(0, 256))[1].all()


def test_a_prediction_is_kept_as_what_differs(begun: Annotations, rng: np.random.Generator) -> None:
    labels = rng.integers(0, 4, (256, 256)).astype(np.uint8)
    begun.save(Save(chunks=(PlaneChunk(1, (0,), 0, 0, labels=labels, prediction=labels),)))
    assert begun._repository.look().written("images/0001/prediction") == []
    assert np.array_equal(begun.plane(1, (0,))["prediction"][:256, :256], labels)


@pytest.mark.parametrize(
    ("task", "largest", "dtype"),
    [("classes", 3, "u1"), ("classes", 70_000, "u4"), ("objects", 3, "u4")],
)
def test_labels_are_as_wide_as_they_need_to_be(
    store: Annotations, task: str, largest: int, dtype: str
) -> None:
    store.save(Save(project(task=task), (image(),)))
    labels = np.full((256, 256), largest, np.int64)
    store.save(Save(chunks=(PlaneChunk(1, (0,), 0, 0, labels=labels),)))
    found = store.plane(1, (0,))
    assert found["labels"].dtype == dtype
    assert found["labels"].max() == largest
    assert not found["prediction"].any()


def test_labels_that_become_wider_keep_what_was_there(
    begun: Annotations, rng: np.random.Generator
) -> None:
    chunks = [piece(rng, y, x, names=("labels", "prediction")) for y, x in CORNERS[:5]]
    begun.save(Save(chunks=tuple(chunks)))
    wide = PlaneChunk(1, (0,), 256, 512, labels=np.full((44, 8), 1 << 31, np.uint32))
    begun.save(Save(chunks=(wide,)))
    assert all(same(begun, chunk) for chunk in (*chunks, wide))


def test_an_old_snapshot_shows_what_was_then(begun: Annotations, rng: np.random.Generator) -> None:
    chunks = [piece(rng) for _ in range(3)]
    made = [begun.save(Save(project(seconds=n), (), (c,))).id for n, c in enumerate(chunks)]
    for n, (snapshot, chunk) in enumerate(zip(made, chunks, strict=True)):
        assert same(begun, chunk, snapshot)
        assert begun.project(snapshot).seconds == n


def test_an_image_that_is_removed_is_still_in_older_snapshots(
    begun: Annotations, rng: np.random.Generator
) -> None:
    chunk = piece(rng)
    old = begun.save(Save(chunks=(chunk,)))
    begun.save(Save(project(images=()), removed=(1,)))
    assert begun.images() == {}
    with pytest.raises(StoreError, match="record of image 1"):
        begun.plane(1, (0,))
    assert same(begun, chunk, old.id)


def test_an_image_of_20_gigapixels_takes_what_was_painted(
    store: Annotations, rng: np.random.Generator
) -> None:
    store.save(Save(project(), (image(shape=HUGE),)))
    places = (0, 0), (70_400, 100_096), (140_800, 140_800)
    chunks = tuple(piece(rng, y, x, index=(), shape=HUGE) for y, x in places)
    before = store.size()
    store.save(Save(chunks=chunks))
    assert all(same(reopened(store), chunk) for chunk in chunks)
    assert store.size() - before < 3 * (256 * 256 * (3 + 6)) + 20_000
    with pytest.raises(StoreError, match="window by window"):
        store.plane(1, ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"y": 3}, "grid", id="off the grid"),
        pytest.param({"y": 512}, "grid", id="below the image"),
        pytest.param({"index": (2,)}, "plane", id="no such plane"),
        pytest.param({"index": ()}, "plane", id="too few axes"),
        pytest.param({"image": 7}, "record of image 7", id="no such image"),
        pytest.param({"labels": np.zeros((3, 3), np.uint8)}, "shape", id="wrong shape"),
        pytest.param({"labels": np.full((256, 256), -1)}, "labels", id="negative"),
        pytest.param({"checked": np.full((256, 256), 256)}, "checked", id="too large"),
        pytest.param({"content": np.zeros((2, 256, 256))}, "uint16", id="wrong dtype"),
    ],
)
def test_a_piece_that_makes_no_sense_changes_nothing(
    begun: Annotations, rng: np.random.Generator, change: dict, words: str
) -> None:
    before, history = digest(begun), begun.history()
    good = piece(rng, 0, 256)
    known = {"image": 1, "index": (0,), "y": 0, "x": 0, "labels": np.ones((256, 256), np.uint8)}
    with pytest.raises(StoreError, match=words):
        begun.save(Save(project(seconds=1), (), (good, PlaneChunk(**known | change))))
    assert digest(begun) == before
    assert begun.history() == history


def test_an_image_keeps_its_shape(begun: Annotations) -> None:
    with pytest.raises(StoreError, match="as a new one"):
        begun.save(Save(images=(image(shape=HUGE),)))


def test_a_save_of_nothing_is_no_snapshot_unless_it_was_asked_for(begun: Annotations) -> None:
    before = begun.history()
    assert begun.save(Save()) == before[0]
    assert begun.history() == before
    made = begun.save(Save(), "before lunch", "manual", {"images": 1}, 3)
    assert begun.history() == (made, *before)
    assert (made.message, made.counts, made.version) == ("before lunch", {"images": 1}, 3)
    assert made.parent == before[0].id


def test_restoring_brings_back_everything_and_loses_nothing(
    begun: Annotations, rng: np.random.Generator
) -> None:
    old = begun.save(Save(project(seconds=1), (), (piece(rng),)), "good", "round")
    shown = digest(begun)
    late = begun.save(Save(project(images=(1, 2)), (image(2),), (piece(rng), piece(rng, 256))))
    later = digest(begun)
    made = begun.restore(old.id)
    assert digest(begun) == shown
    assert (made.kind, made.parent) == ("restore", late.id)
    assert reopened(begun).history() == begun.history()
    kept = next(each for each in begun.history() if each.id == late.id)
    assert kept.is_kept
    begun.expire(datetime.datetime.now(datetime.UTC))
    assert digest(begun, late.id) == later
    begun.save(Save(project(seconds=2), (), (piece(rng, 256),)))
    assert begun.restore(late.id)
    assert digest(begun) == later


def test_only_old_autosaves_that_nobody_kept_expire(
    begun: Annotations, rng: np.random.Generator
) -> None:
    made = [
        begun.save(Save(chunks=(piece(rng),)), f"{n}", kind)
        for n, kind in enumerate(["autosave", "round", "autosave", "manual", "autosave"])
    ]
    begun.keep(made[2].id, "schön")
    shown = {each.id: digest(begun, each.id) for each in made}
    before = datetime.datetime.now(datetime.UTC)
    made.append(begun.save(Save(chunks=(piece(rng),))))
    size = begun.size()
    assert begun.expire(before) == 3  # the first two autosaves and the one that began
    left = {each.id: each for each in begun.history()}
    assert [each.id in left for each in made] == [False, True, True, True, False, True]
    assert left[made[2].id].message == "schön"
    assert all(digest(begun, each) == shown[each] for each in left if each in shown)
    assert begun.size() < size
    assert begun.check(deep=True) == []
    assert reopened(begun).history() == begun.history()
    with pytest.raises(StoreError):
        begun.plane(1, (0,), made[0].id)


def test_the_last_message_of_a_kept_snapshot_counts(begun: Annotations) -> None:
    for message in ("one", "two", "one", "ö" * 200):
        begun.keep(begun.history()[0].id, message)
    assert begun.history()[0].message == "ö" * 45


def test_a_snapshot_that_is_not_there_is_said(begun: Annotations) -> None:
    for ask in (begun.keep, begun.restore, begun.plane):
        arguments = (1, (0,), "0" * 20) if ask == begun.plane else ("0" * 20,)
        with pytest.raises(StoreError, match="snapshot"):
            ask(*arguments)


def test_a_second_writer_is_refused_and_may_read(begun: Annotations) -> None:
    with pytest.raises(ProjectBusy, match="read-only"):
        Annotations.open(begun.folder)
    reader = reopened(begun)
    begun.save(Save(project(seconds=7)))
    assert reader.project().seconds == 0  # one state, whatever another one writes
    assert reopened(begun).project().seconds == 7
    for forbidden in (
        lambda: reader.save(Save(project())),
        lambda: reader.keep(begun.history()[0].id),
        lambda: reader.restore(begun.history()[0].id),
        lambda: reader.expire(datetime.datetime.now(datetime.UTC)),
    ):
        with pytest.raises(StoreError, match="read-only"):
            forbidden()


def test_the_lock_ends_with_its_holder(begun: Annotations) -> None:
    begun.close()
    code = (
        "import sys, pathlib; from napari_segloop.store.annotations import Annotations;"
        "opened = Annotations.open(pathlib.Path(sys.argv[1])); print('open', flush=True);"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, begun.folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline().strip() == b"open"
        with pytest.raises(ProjectBusy):
            Annotations.open(begun.folder)
        child.kill()
    Annotations.open(begun.folder).close()


def test_nothing_opens_where_nothing_is(tmp_path: Path, begun: Annotations) -> None:
    for folder in (tmp_path / "none", tmp_path):
        with pytest.raises(StoreError):
            Annotations.open(folder)
    with pytest.raises(StoreError, match="there already"):
        begun.close() or Annotations.create(begun.folder)
    assert Annotations.open(begun.folder).project() == project()


def tampered(store: Annotations, change: object) -> None:
    """Commit what this program would never write."""
    session = store._repository.begin()
    change(GuardedStore(session.store))
    store._repository.commit(session, "", {"kind": "manual"})


@pytest.mark.parametrize(
    ("found", "words"), [(2, "Update napari-segloop"), ("1", "format"), (0, "format")]
)
def test_a_newer_format_is_refused_and_an_absurd_one_too(
    begun: Annotations, found: object, words: str
) -> None:
    def change(inside: GuardedStore) -> None:
        zarr.open_group(inside, mode="r+").attrs["format"] = found

    tampered(begun, change)
    with pytest.raises(StoreError, match=words):
        reopened(begun)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"shape": (2, 300, 521)}, id="shape"),
        pytest.param({"chunks": (2, 1 << 20, 1 << 20)}, id="huge chunks"),
        pytest.param({"dtype": "f8"}, id="dtype"),
        pytest.param({"fill_value": 1}, id="fill"),
        pytest.param({"compressors": zarr.codecs.BloscCodec()}, id="codec"),
        pytest.param({"shards": (2, 512, 512)}, id="shards"),
    ],
)
def test_an_array_that_we_would_not_make_is_not_read(begun: Annotations, wrong: dict) -> None:
    plain = {"shape": (2, 300, 520), "chunks": (1, 256, 256), "dtype": "u1", "fill_value": 0}
    tampered(begun, lambda s: zarr.create_array(s, name="images/0001/checked", **plain | wrong))
    with pytest.raises(StoreError, match="images/0001/checked"):
        begun.plane(1, (0,))
    assert begun.check() != []


def test_a_chunk_that_would_unpack_to_too_much_is_refused(begun: Annotations) -> None:
    wanted = spec(1, "checked", SMALL)
    bomb = Zstd(level=1).encode(bytes(1 << 26))
    assert len(bomb) < 10_000

    def change(inside: GuardedStore) -> None:
        layout.make(inside, wanted, "|u1")
        sync(inside.set(f"{wanted.path}/c/0/0/0", cpu.Buffer.from_bytes(bomb)))

    tampered(begun, change)
    with pytest.raises(StoreError, match="65536 bytes"):
        begun.plane(1, (0,))


def test_chunks_outside_a_project_are_never_read(begun: Annotations, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(range(256)) * 256)
    place = begun.folder / "annotations"
    config = icechunk.RepositoryConfig.default()
    files = icechunk.local_filesystem_store(str(tmp_path))
    address = f"file://{tmp_path}/"
    config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(address, files))
    storage = icechunk.local_filesystem_storage(str(place))
    foreign = icechunk.Repository.open(
        storage, config, authorize_virtual_chunk_access={address: None}
    )
    session = foreign.writable_session("main")
    layout.make(GuardedStore(session.store), spec(1, "checked", SMALL), "|u1")
    key = "images/0001/checked/c/0/0/0"
    session.store.set_virtual_ref(key, f"{address}secret", offset=0, length=65536)
    made = session.commit("", {"kind": "manual"})
    begun._repository._sums.write(foreign, made)
    with pytest.raises(StoreError, match="checked"):
        reopened(begun).plane(1, (0,))


@given(
    size=st.integers(1, 1 << 20),
    level=st.integers(1, 5),
    checksum=st.booleans(),
    junk=st.booleans(),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_size_of_a_frame_is_what_it_unpacks_to(
    size: int, level: int, checksum: bool, junk: bool
) -> None:
    frame = Zstd(level=level, checksum=checksum).encode(bytes(size))
    assert frame_size(frame[:18]) == size
    assert frame_size(frame[:5]) is None
    assert frame_size(b"\0" * 18 if junk else b"") is None


def test_a_repository_with_settings_of_its_own_is_refused(begun: Annotations) -> None:
    settings_file = begun.folder / "annotations" / "config.yaml"
    assert not settings_file.exists()
    settings_file.write_text("manifest:\n", "utf-8")
    with pytest.raises(StoreError, match="without settings"):
        reopened(begun)


def test_saves_of_several_threads_follow_each_other(
    begun: Annotations, rng: np.random.Generator
) -> None:
    chunks = [piece(rng, y, x) for y, x in CORNERS]
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda chunk: begun.save(Save(chunks=(chunk,))), chunks))
        seen = list(threads.map(lambda _: len(begun.history()), range(4)))
    assert all(same(begun, chunk) for chunk in chunks)
    assert {each.id for each in made} < {each.id for each in begun.history()}
    assert set(seen) == {len(begun.history())}


def test_an_older_state_can_be_opened_as_if_it_were_the_newest(
    begun: Annotations, rng: np.random.Generator
) -> None:
    chunk = piece(rng)
    old = begun.save(Save(project(seconds=1), (), (chunk,)))
    begun.save(Save(project(seconds=2), (), (piece(rng),)))
    opened = Annotations.open(begun.folder, at=old.id)
    assert opened.is_read_only
    assert opened.project().seconds == 1
    assert same(opened, chunk)
    assert opened.history()[0].id == old.id
    assert opened.check() == []
