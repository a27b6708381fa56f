"""What the session lets the engine do: first masks, training, predicting; versions and models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from napari_segloop.core.magnification import mismatch
from napari_segloop.core.schedule import AGAIN
from napari_segloop.core.settings import TrainSettings
from napari_segloop.session.agreed import USEFUL
from napari_segloop.session.exporting import Exporting
from napari_segloop.session.firstmasking import FirstMasking, Previewing
from napari_segloop.session.import_actions import ImportActions
from napari_segloop.session.predicting import Predicting, seconds_for
from napari_segloop.session.suspecting import places_of
from napari_segloop.session.training import Training, in_words
from napari_segloop.session.words import about, counted, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from napari_segloop.core.firstmasks import FirstMaskSettings
    from napari_segloop.core.images import Array
    from napari_segloop.session.desk import Key
    from napari_segloop.session.state import Version

    Scope = Literal["view", "plane", "stack", "all"]

FOLLOWED = 16  # planes that are predicted by themselves after a training
SECONDS = 48.0  # so that new masks come within a minute, starting and drawing included


class JobActions(ImportActions):
    """First masks, training, predicting, versions."""

    settings = TrainSettings(seconds=SECONDS)
    seconds = SECONDS

    def preview_first_mask(self, plane: Array, settings: FirstMaskSettings | None = None) -> None:
        """Threshold what the user sees; `preview` tells the answer.

        Parameters
        ----------
        plane : (Y, X) ndarray
            One channel of the visible part.
        settings : FirstMaskSettings, optional
            Suggested when not given.
        """
        with self.acting():
            for errand in self.errands:
                if isinstance(errand, Previewing):
                    errand.stop()
            self.run(Previewing(self.desk, plane, settings, self.preview.emit))

    def make_first_masks(
        self, settings: FirstMaskSettings | None = None, scope: Literal["plane", "all"] = "plane"
    ) -> None:
        """Threshold planes and look for places to check in the result.

        Parameters
        ----------
        settings : FirstMaskSettings, optional
            Suggested for the first plane when not given.
        scope : {"plane", "all"}
            The plane in view, or all planes of all images.
        """
        with self.acting():
            if self.running("first_mask"):
                return
            keys = self._keys("plane" if scope == "plane" else "all")
            if not self._has(keys):
                return
            self.saver.hurry()
            errand = FirstMasking(self.desk, keys, settings, self.table.values[0])
            errand.at_end = lambda is_well: self.look_for_places() if errand.ended else None
            self.run(errand)

    def train(self, *, again: bool = False, seconds: float | None = None) -> None:
        """Teach a network on everything that is checked.

        Parameters
        ----------
        again : bool
            Learn again from all instead of improving the version in use.
        seconds : float, optional
            How long *Improve* takes, as the preferences say when not given; learning again takes
            two and a half times as long.
        """
        with self.acting():
            if self.running("train"):
                return
            self._make_way()
            self.look_everywhere()
            settings = replace(
                self.settings,
                task=self.task or "classes",
                seconds=(seconds or self.seconds) * (AGAIN if again else 1),
                afresh=again,
            )
            self.desk.sums.want(s.id for s in self.desk.images.states if s.checked_pixels)
            errand = Training(self.desk, settings, self.table)
            self.saver.ask("round", "Before training", errand.set_snapshot)
            accepted = self.accepted
            errand.at_end = lambda is_well: self._trained(errand, accepted)
            self.run(errand)

    def _make_way(self) -> None:
        """Stop judging masks of another tool: what is asked for now needs the same child."""
        if running := self.running("proofread"):
            running.stop()

    def _trained(self, errand: Training, accepted: int) -> None:
        self.curve = errand.curve
        if errand.version is None:
            return
        self.accepted = max(0, self.accepted - accepted)
        self.note("curve", "versions")
        told = in_words(errand.version, stopped=errand.is_stopping)
        self.saver.ask("round", told, lambda made: None)
        doubtful = self.offer_suspicious(places_of(errand.suspicious), errand.version.model)
        if doubtful:
            named = counted(doubtful, "place")
            self.desk.tell(f"{told} Check first: {named} may be labelled wrongly.", "warning")
        if errand.version.accepted:
            self._follow_if_useful(errand.version, stopped=errand.is_stopping)

    def _follow_if_useful(self, version: Version, *, stopped: bool) -> None:
        """Do not replace masks by those of a network that has hardly learnt anything."""
        if version.score is None or version.score >= USEFUL:
            self._follow()
            return
        begin = "Stopped. " if stopped else ""
        agrees = f"{begin}Version {version.number} agrees with you on only {percent(version.score)}"
        self.desk.tell(f"{agrees}: masks stay.", "warning", "Check more places.")

    def _follow(self) -> None:
        """Predict what is in view, then the other planes that are known, with a new version."""
        here, known = self._keys("plane"), self.desk.truths.keys()
        used = set(self.desk.images.used())
        others = [key for key in known if key not in here and key[0] in used]
        if here or others:
            self._predict([*here, *others][:FOLLOWED])

    def predict(self, scope: Scope = "plane") -> None:
        """Predict with the version in use.

        Parameters
        ----------
        scope : {"view", "plane", "stack", "all"}
            What is visible, its plane, its whole image, or all images of the list.
        """
        with self.acting():
            keys = self._keys(scope)
            if self._has(keys):
                self._predict(keys, view_only=scope == "view" and not self._sees_all())

    def _sees_all(self) -> bool:
        """Say whether a whole plane is in view."""
        if self.view is None:
            return False
        image, _, (top, left, bottom, right) = self.view
        rows, columns = self.source(image).plane_shape
        return top <= 0 and left <= 0 and bottom >= rows and right >= columns

    def _predict(self, keys: Sequence[Key], *, view_only: bool = False) -> None:
        blob, version = self.desk.versions.blob(), self.desk.versions.current
        if blob is None or version is None:
            self.desk.tell("There is no taught model yet: check some places and train.", "warning")
            return
        if running := self.running("predict"):
            running.stop()
        self._make_way()
        view = None if self.view is None or self.view[:2] != keys[0] else self.view[2]
        title = "Predicting the view" if view_only else f"Predicting {counted(len(keys), 'plane')}"
        self.tell_unlike(dict.fromkeys(key[0] for key in keys))
        self.saver.hurry()
        errand = Predicting(self.desk, title, keys, blob, version, view, view_only=view_only)
        errand.on_seen = lambda key, box: self.look_for_places([key], within=box)
        unranked: list[Key] = []
        errand.on_plane = lambda key: self._rank_meanwhile(key, unranked)
        errand.at_end = lambda is_well: self.look_for_places(unranked) if unranked else None
        self.run(errand)

    def _rank_meanwhile(self, key: Key, unranked: list[Key]) -> None:
        """Add a plane's places as soon as it is whole; at the end while the user walks."""
        if self.queue.here is None:
            self.look_for_places([key])
        else:
            unranked.append(key)

    def tell_unlike(self, images: Iterable[int]) -> None:
        """Say when the version in use was taught on pixels of another size.

        Parameters
        ----------
        images : iterable of int
            Images that it is used on; the first that differs is named.
        """
        facts = self.desk.versions.facts
        taught = None if facts is None else facts.pixel_size
        for image in images:
            if text := mismatch(taught, self.source(image).pixel_size):
                self.desk.tell(f"{self.desk.images.state(image).name}: {text}", "warning")
                return

    def predict_cost(self, scope: Scope) -> str:
        """Say what predicting takes, before it starts.

        Parameters
        ----------
        scope : {"view", "plane", "stack", "all"}
            As for `predict`.

        Returns
        -------
        str
            Number of planes and time; only the number while no speed is known.
        """
        keys = self._keys(scope)
        if not keys:
            return "nothing is open"
        planes = "the view" if scope == "view" else counted(len(keys), "plane")
        seconds = seconds_for(self.desk, self._pixels(keys, scope))
        return planes if seconds is None else f"{planes}, {about(seconds)}"

    def _pixels(self, keys: Sequence[Key], scope: Scope) -> int:
        if scope == "view" and self.view is not None:
            top, left, bottom, right = self.view[2]
            return max(0, bottom - top) * max(0, right - left)
        planes = Counter(image for image, _ in keys)
        return sum(prod(self.source(image).plane_shape) * n for image, n in planes.items())

    def stop(self, number: int | None = None) -> None:
        """Stop what runs; the best weights and all finished planes are kept.

        Parameters
        ----------
        number : int, optional
            `JobState.id` of the job to stop; all when not given.
        """
        with self.acting():
            for errand in self.errands:
                if errand.is_shown and not errand.is_over and number in {None, errand.number}:
                    errand.stop()

    def restart(self) -> None:
        """Start the engine anew after it did not answer."""
        with self.acting():
            for lane in ("light", "heavy"):
                self.desk.engine.restart(lane)
            self.desk.tell("The computing process starts anew; jobs that wait go on.", "info")

    def save_masks(self, folder: Path) -> None:
        """Write the masks of all images, and what is checked in them, as files.

        Parameters
        ----------
        folder : Path
            Gets two folders, ``masks`` and ``checked``, as ``segloop train`` reads them.
        """
        with self.acting():
            self.look_everywhere()
            known = {key[0] for key in self.desk.truths.keys()}  # noqa: SIM118  # no mapping
            images = [image for image in self.desk.images.used() if image in known]
            if images:
                self.run(Exporting(self.desk, images, Path(folder), self._saved_as()))
            else:
                self.desk.tell("There are no masks to save yet.", "warning")

    def _saved_as(self) -> dict[str, object]:
        """Return which project and snapshot hold what is here, and whether it changed since."""
        project, past = self.saver.project, self.saver.snapshots
        if project is None or not past:
            return {}
        is_newer = not self.saver.is_idle
        return {"project": project.id, "snapshot": past[0].id, "changed since": is_newer}

    def _keys(self, scope: Scope) -> list[Key]:
        if scope == "all":
            return self.desk.all_keys()
        if self.view is None or self.view[0] not in self.desk.images:
            return []
        image, index, _ = self.view
        if scope == "stack":
            return [key for key in self.desk.all_keys() if key[0] == image]
        return [(image, index)]

    def _has(self, keys: Sequence[Key]) -> bool:
        if self.task is None:
            self.desk.tell("Say first what you want to find: areas or single objects.", "warning")
        elif not keys and self.desk.images.opened is not None:
            self.desk.tell("It is too large: make a work area of the part in view.", "warning")
        elif not keys:
            self.desk.tell("No image is open: click one in the list.", "warning")
        return bool(keys) and self.task is not None
