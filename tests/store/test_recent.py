"""Recent projects: remembered, never more than a list, never the cause of a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_segloop.core.errors import InputError
from napari_segloop.store import recent

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(recent, "data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


def names() -> list[str]:
    return [each.name for each in recent.recent()]


def test_the_last_one_comes_first_and_once(tmp_path: Path) -> None:
    for name in ("a", "b", "a"):
        recent.note_opened(tmp_path / f"{name}.segloop")
    assert names() == ["a", "b"]
    assert not recent.recent()[0].exists


def test_so_many_are_remembered(tmp_path: Path) -> None:
    for number in range(recent.MOST + 5):
        recent.note_opened(tmp_path / f"{number}.segloop")
    assert len(names()) == recent.MOST
    assert names()[0] == str(recent.MOST + 4)


def test_the_second_copy_of_a_project_is_remembered(tmp_path: Path) -> None:
    project = tmp_path / "a.segloop"
    recent.set_mirror(project, tmp_path / "stick")
    recent.note_opened(project, "Nuclei", "2026-01-01T00:00:00", 12)
    assert recent.mirror_of(project) == tmp_path / "stick"
    recent.set_mirror(project, None)
    assert recent.mirror_of(project) is None
    assert recent.recent()[0].bytes == 12


def test_one_can_be_forgotten(tmp_path: Path) -> None:
    recent.note_opened(tmp_path / "a.segloop")
    recent.forget(tmp_path / "a.segloop")
    assert names() == []


@pytest.mark.parametrize(
    "content", ["", "[]", '{"projects": 3}', '{"projects": [{"path": 1}]}', "{" * 10_000]
)
def test_a_damaged_list_is_an_empty_one(data: Path, tmp_path: Path, content: str) -> None:
    data.mkdir()
    (data / "recent.json").write_text(content)
    assert recent.recent() == ()
    recent.note_opened(tmp_path / "a.segloop")
    assert names() == ["a"]


def test_a_free_name_is_found_whatever_the_case(tmp_path: Path) -> None:
    assert recent.new_name(tmp_path / "none") == "Project"
    for name in ("project", "Project 2", "a-b"):
        (tmp_path / f"{name}.segloop").mkdir()
    assert recent.new_name(tmp_path) == "Project 3"
    assert recent.new_name(tmp_path, "a/b") == "a-b 2"
    assert recent.new_name(tmp_path, "..") == "Project 3"


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", ".hidden", "a\nb", "x" * 101, "end."])
def test_what_cannot_be_a_folder_is_no_name(name: str) -> None:
    with pytest.raises(InputError, match="a name of 1 to 100"):
        recent.check_name(name)


def test_projects_lie_where_the_user_prefers(tmp_path: Path, data: Path) -> None:
    assert recent.default_folder() == data / "projects"
    assert recent.default_folder(tmp_path) == tmp_path
