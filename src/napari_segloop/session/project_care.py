"""What else can be done with a project: take in a colleague's, move it, make it smaller, delete it.

Everything that takes long is done on the writing thread, while saving waits.
"""

from __future__ import annotations

import datetime
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from napari_segloop.core.errors import InputError, OutputError
from napari_segloop.session.expiry import AUTOSAVES
from napari_segloop.session.opening import read_project
from napari_segloop.session.rescue_actions import RescueActions
from napari_segloop.session.standstill import Standstill
from napari_segloop.session.words import counted, percent
from napari_segloop.store.recent import forget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_segloop.session.opening import Found
    from napari_segloop.session.sources import ImageSource
    from napari_segloop.store.agreement import Merged
    from napari_segloop.store.project import Project
    from napari_segloop.store.pruning import Pruned
    from napari_segloop.store.snapshots import Snapshot

T = TypeVar("T")
WORK = "train", "predict", "first_mask", "import"
"""Errands that would go on with what a project was before."""


class _Taken(NamedTuple):
    """What was made of another project: its name, the figure, and what to go back to."""

    name: str
    before: str
    merged: Merged
    found: Found


class ProjectCare(RescueActions):
    """Merging, and what a project's owner does with it as a whole."""

    def merge_project(self, path: Path) -> None:
        """Take in what a colleague has checked; where both did, the own labels stay.

        Where the two disagree are places to check, before all others; `told` says the figure.

        Parameters
        ----------
        path : Path
            The colleague's project; it stays as it is.
        """
        with self.acting():
            folder, project = Path(path), self._quiet()
            if folder.resolve() == project.folder.resolve():
                raise InputError("another project", "the one that is open", "Choose another one.")
            sources = {state.id: self.source(state.id) for state in self.desk.images.states}
            errand = Standstill(
                self.desk,
                self.saver,
                "merge",
                f"Taking in {folder.name}",
                lambda: _merge(project, folder, sources),
                self._merged,
                lambda taken: project.annotations.restore(taken.before),
            )
            self.run(errand)

    def rename_project(self, name: str) -> None:
        """Give the project and its folder another name.

        Parameters
        ----------
        name : str
            The new one.
        """
        with self.acting():
            project = self._writable()
            before = project.folder
            self._still(
                "rename", "Renaming", lambda: project.rename(name), lambda _: self._went(before)
            )

    def move_project(self, to: Path) -> None:
        """Bring the project to another folder, perhaps on another disk.

        Parameters
        ----------
        to : Path
            In which its own folder will lie.
        """
        with self.acting():
            project, title = self._writable(), f"Moving the project to {to}"
            before = project.folder
            self._still("move", title, lambda: project.move(to), lambda _: self._went(before))

    def _went(self, before: Path) -> None:
        """Take note that the project lies elsewhere; its second copy stays where it is."""
        mirror = self.saver.mirroring.folder
        with suppress(OutputError):  # a convenience
            forget(before)
        self._remember()
        if mirror is not None:
            self.saver.mirroring.choose(mirror)
        self.saver.show_project()
        self.look_for_recent()

    def delete_project(self, trash: Callable[[Path], bool] | None = None) -> None:
        """Delete the project, and begin with an empty list; images are not touched.

        Parameters
        ----------
        trash : callable, optional
            Brings a folder to the trash, on any thread, and says whether that was possible; when
            not given, it is deleted for good.
        """
        with self.acting():
            project = self._quiet()
            title = f"Deleting {project.name}"
            self._still("delete", title, lambda: project.delete(trash), self._deleted, waits=False)

    def _deleted(self, is_gone: bool) -> None:  # as the trash says
        project = self._writable()
        if not is_gone:
            remedy = "Delete it for good instead, or move it elsewhere."
            self.desk.tell("The trash did not take it: nothing was deleted.", "warning", remedy)
            return
        with suppress(OutputError):  # a convenience
            forget(project.folder)
        self.desk.versions.discard()
        self._begin_empty()
        self.desk.tell(f"{project.name} was deleted. No image was touched.", "info")

    def measure_project(self) -> None:
        """Look how many bytes the project takes."""
        with self.acting():
            if self.project is not None:
                self.saver.writer.ask(self.project.size, self.saver.show_project, lambda _: None)

    def weigh_project(self, then: Callable[[Pruned], None]) -> None:
        """Find out how much smaller the project can be made.

        Parameters
        ----------
        then : callable
            Called with it by a later `pump`.
        """
        with self.acting():
            project = self._writable()
            self._still("weigh", "Measuring the project", lambda: _weigh(project), then)

    def prune_project(self) -> None:
        """Delete models of versions that are neither in use nor kept, and old autosaves."""
        with self.acting():
            project = self._writable()
            self._still("prune", "Making it smaller", lambda: _prune(project), self._pruned)

    def _pruned(self, done: tuple[Pruned, tuple[Snapshot, ...], int]) -> None:
        gone, history, size = done
        self.desk.versions.let_go(gone.models)
        self._took_history(history)
        self.saver.show_project(size)
        self.note("versions")
        models, states = counted(len(gone.models), "model"), counted(gone.snapshots, "old autosave")
        text = f"{models} and {states} are gone: {gone.bytes / 1e6:,.1f} MB less."
        self.desk.tell(text, "info")

    def keep_version(self, number: int, is_kept: bool) -> None:  # two states
        """Keep the model of a version when the project is made smaller.

        Parameters
        ----------
        number : int
            Its number.
        is_kept : bool
            Whether to keep it.
        """
        with self.acting():
            self._writable()
            self.desk.versions.pin(number, is_kept)
            self.note("versions")

    def _merged(self, taken: _Taken) -> None:
        self._opened(taken.found)
        self.desk.tell(in_words(taken.name, taken.merged), "info")
        self.publish()

    def _quiet(self) -> Project:
        """Return the project, unless something goes on that would not know what happens to it."""
        self.look_everywhere()
        project = self._writable()
        for kind in WORK:
            if (running := self.running(kind)) is not None:
                remedy = "Wait until it is done, or stop it, then try again."
                raise InputError("no work under way", running.title, remedy)
        return project


def _weigh(project: Project) -> Pruned:
    from napari_segloop.store.pruning import prunable  # noqa: PLC0415  # slow: zarr

    return prunable(project, datetime.datetime.now(datetime.UTC) - AUTOSAVES)


def _prune(project: Project) -> tuple[Pruned, tuple[Snapshot, ...], int]:
    from napari_segloop.store.pruning import prune  # noqa: PLC0415  # slow: zarr

    gone = prune(project, datetime.datetime.now(datetime.UTC) - AUTOSAVES)
    return gone, project.history(), project.size()


def _merge(project: Project, folder: Path, sources: Mapping[int, ImageSource]) -> _Taken:
    """Take another project in, all of it or nothing; on any thread."""
    from napari_segloop.store.merging import merge  # noqa: PLC0415  # slow: zarr
    from napari_segloop.store.project import Project  # noqa: PLC0415

    kept = project.annotations
    with Project.open(folder, read_only=True) as other:
        before = project.history()[0].id
        try:
            merged = merge(project, other)
            return _Taken(other.name, before, merged, read_project(project, sources))
        except BaseException:
            if project.history()[0].id != before:
                kept.restore(before)
            raise


def in_words(name: str, merged: Merged) -> str:
    """Say how far two people agree, and what came in.

    Parameters
    ----------
    name : str
        Of the other project.
    merged : Merged
        What the merge led to.

    Returns
    -------
    str
        In sentences.

    Examples
    --------
    >>> from napari_segloop.store.agreement import Agreement, Merged
    >>> in_words("Kim", Merged((Agreement(1, "a", 200, 186, 5),)))
    'Kim agrees with you on 93 % of 200 doubly checked pixels. 5 pixels came in.'
    """
    both, taken = (sum(getattr(each, part) for each in merged.images) for part in ("both", "taken"))
    said = f"{name} and you checked nothing twice."
    if merged.agreement is not None:
        said = f"{name} agrees with you on {percent(merged.agreement)} of {both:,} doubly checked"
        said += " pixels."
    came = [counted(taken, "pixel")] if taken else []
    new = sum(each.is_new for each in merged.images)
    came += [counted(new, "image")] if new else []
    places = len(merged.disagreements)
    where = f" Next to check: {counted(places, 'place')} where you disagree." if places else ""
    return f"{said} {' and '.join(came) or 'Nothing new'} came in.{where}"
