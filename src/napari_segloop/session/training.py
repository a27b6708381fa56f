"""Teach a network on everything that is checked, and keep the better version."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from napari_segloop.core.comparing import TOO_FEW, facts_of
from napari_segloop.core.errors import InputError, TruthError
from napari_segloop.core.events import Notice, StepDone, Suspicious, TrainingPlanned, Validated
from napari_segloop.core.magnification import agreed
from napari_segloop.engine.requests import TrainAnswer, TrainItem, TrainRequest
from napari_segloop.session.errands import Errand
from napari_segloop.session.facts import begun_with, made_by
from napari_segloop.session.sources import check_channels
from napari_segloop.session.state import Curve, Version
from napari_segloop.session.teaching import Truth, checked_truth, nothing_checked, truth_of_now
from napari_segloop.session.versions import Facts, Origin
from napari_segloop.session.words import counted, percent, points

if TYPE_CHECKING:
    from napari_segloop.core.classes import ClassTable
    from napari_segloop.core.errors import SegLoopError
    from napari_segloop.core.events import Event, Suspicion
    from napari_segloop.core.settings import TrainSettings
    from napari_segloop.engine.requests import ModelBlob
    from napari_segloop.session.desk import Desk, Key, Pixels
    from napari_segloop.store.snapshots import Snapshot


class Training(Errand):
    """Train one version.

    Parameters
    ----------
    desk : Desk
        What is worked on.
    settings : TrainSettings
        How to train.
    table : ClassTable
        The classes, which decide what of the truth still counts.
    """

    kind = "train"

    def __init__(self, desk: Desk, settings: TrainSettings, table: ClassTable) -> None:
        super().__init__(desk, "Training")
        self._settings, self._table = settings, table
        self._left = list[Truth]()
        self._items = list[TrainItem]()
        self._parent = desk.versions.current
        self._since = desk.versions.renumberings
        self._losses = list[float]()
        self._scores = list[tuple[int, float]]()
        self._plan = (0, 0, 0)
        self._taught = list["Key"]()
        self.suspicious = list[tuple["Key", "Suspicion"]]()
        self.version: Version | None = None
        self.snapshot: str | None = None

    @property
    def curve(self) -> Curve:
        """Losses and scores so far."""
        return Curve(tuple(self._losses), tuple(self._scores), *self._plan)

    def set_snapshot(self, taught_by: Snapshot) -> None:
        """Take note of the annotations that teach.

        Parameters
        ----------
        taught_by : Snapshot
            Of the moment when the training began.
        """
        self.snapshot = taught_by.id

    def begin(self) -> None:
        """Copy the truth of this moment, check it, and read its pixels.

        Training goes on with these copies whatever the user paints meanwhile.
        """
        used = set(self.desk.images.teaching())
        taken = truth_of_now(self.desk, self._table, used)
        self.reading += 1
        work = partial(checked_truth, taken, self._table)
        self.desk.reader.ask(work, self._gathered, self.fail)

    def _gathered(self, found: list[Truth]) -> None:
        self.reading -= 1
        if self.is_over or self.is_stopping:
            self.finish_if_idle()
            return
        self._left = found
        self.title = f"Training on {counted(len(self._left), 'plane')}"
        self._show()
        self._read_next()

    def on_event(self, event: Event) -> None:
        """Follow the training.

        Parameters
        ----------
        event : Event
            Of `fit`.
        """
        if isinstance(event, Notice):
            self.desk.tell(event.text, "info")
        elif isinstance(event, TrainingPlanned):
            self._plan = (event.steps, event.teach_regions, event.test_regions)
        elif isinstance(event, StepDone):
            self._losses.append(event.loss)
            if event.steps:
                self.estimate(event.step / event.steps, event.seconds_left)
        elif isinstance(event, Validated):
            self._scores.append((event.step, event.score))
        elif isinstance(event, Suspicious):
            self.suspicious += [(self._taught[each.number], each) for each in event.regions]
        self.desk.changed.add("curve")

    def on_done(self, job: int, answer: object) -> None:
        """Keep the new version; it takes over unless it lost.

        Parameters
        ----------
        job : int
            The engine's number.
        answer : TrainAnswer
            The winner, and the loser if there is one.
        """
        if isinstance(answer, TrainAnswer):
            try:
                self._keep(answer)
            except (InputError, TruthError) as error:
                self.desk.tell(error)
        super().on_done(job, answer)

    def on_unread(self, key: Key, error: SegLoopError) -> None:
        """Learn without an image that was taken off the list; any other failure is the end.

        Parameters
        ----------
        key : (int, tuple of int)
            Image and index.
        error : SegLoopError
            Why.
        """
        if key[0] in self.desk.images:
            self.fail(error)
        elif self._left or self._items:
            self._read_next()
        else:
            self.fail(nothing_checked())

    def _read_next(self) -> None:
        if not self._left:
            start = self._start()
            self.submit(TrainRequest(tuple(self._items), self._settings, start))
            self._items.clear()
            return
        key, labels, truth = self._left.pop(0)

        def take(pixels: Pixels) -> None:
            stack = self.desk.images.state(key[0]).name if key[1] else None
            name = f"{self.desk.images.state(key[0]).name} {key[1] or ''}".strip()
            if self._items:
                check_channels(name, pixels.plane.shape[0], self._items[0].image.shape[0])
            size = self.desk.images.source(key[0]).pixel_size
            drawn = self.desk.spots.never_teach(key)
            self._items.append(
                TrainItem(name, pixels.plane, labels, truth, pixels.statistics, size, stack, drawn)
            )
            self._taught.append(key)
            self._read_next()

        self.read(key, take)

    def has_more(self) -> bool:
        """Say whether planes are left to read.

        Returns
        -------
        bool
            While truth is being gathered.
        """
        return bool(self._left)

    def _start(self) -> ModelBlob | None:
        """Return the version to improve or to beat; another task or channels start anew."""
        facts, blob = self.desk.versions.facts, self.desk.versions.blob()
        if facts is None or blob is None:
            return None
        fits = facts.task == self._settings.task and all(
            item.image.shape[0] == facts.channels for item in self._items
        )
        return blob if fits else None

    def _keep(self, answer: TrainAnswer) -> None:
        new = answer.model if answer.candidate is None else answer.candidate
        steps, teach, test = len(self._losses), *self._plan[1:]
        note = "" if self._parent else begun_with(new.data)
        version = Version(
            0, new.id, self._parent, _score_of(answer), answer.start_score, answer.accepted, "",
            steps, teach, test, note, afresh=self._settings.afresh, **facts_of(answer.verdict),
        )  # fmt: skip
        facts = Facts(self._settings.task, self._channels, answer.values, self._pixel_size)
        self.version = self.desk.versions.add(
            new, facts, version, self._origin(answer, new), self._since
        )
        self.desk.changed |= {"versions", "primary"}
        self.desk.tell(in_words(self.version, stopped=answer.stopped), "info")

    def _origin(self, answer: TrainAnswer, new: ModelBlob) -> Origin:
        dice = {
            str(value): score
            for value, score in zip(answer.values, answer.dice, strict=False)
            if score is not None
        }
        versions, start = made_by(new.data)
        return Origin(
            self.snapshot, _plain(self._settings) | start, self._settings.seed, answer.seconds,
            answer.device, dice, versions,
        )  # fmt: skip

    def submit(self, request: TrainRequest) -> int:  # type: ignore[override]  # its only request
        """Hand over the request and remember what images it teaches.

        Parameters
        ----------
        request : TrainRequest
            With all items.

        Returns
        -------
        int
            The job's number.
        """
        self._channels = int(request.items[0].image.shape[0])
        self._pixel_size = agreed(item.pixel_size for item in request.items)
        return super().submit(request)


def _score_of(answer: TrainAnswer) -> float | None:
    """Return the score on the test regions; None where nothing but background is in them."""
    return answer.score if any(each is not None for each in answer.dice[1:]) else None


def _plain(settings: TrainSettings) -> dict[str, object]:
    return {name: value for name, value in asdict(settings).items() if value is not None}


def in_words(version: Version, *, stopped: bool) -> str:
    """Say how a training went.

    Parameters
    ----------
    version : Version
        What came out.
    stopped : bool
        Whether the user stopped it.

    Returns
    -------
    str
        One or two sentences with before and after.
    """
    begin = "Stopped. " if stopped else ""
    if version.score is None and not version.accepted:
        return f"{begin}Training did not settle: version {version.parent} stays in use."
    if version.score is None:
        return (
            f"{begin}Version {version.number} is in use. There were no test regions with "
            "anything marked to score it."
        )
    now = f"agrees with you on {percent(version.score)} of the test regions (never trained on)"
    if version.start_score is None:
        return f"{begin}Version {version.number} {now}."
    before = percent(version.start_score)
    if version.verdict == TOO_FEW:
        return (
            f"{begin}Version {version.number} {now}, version {version.parent} on {before}: too few "
            f"test regions to tell: {version.judged}. The new one is in use; the choice is yours."
        )
    if version.accepted:
        return f"{begin}Version {version.number} {now}; before it was {before}{points(version)}."
    return (
        f"{begin}Version {version.number} {now}, which may be worse than {before} before"
        f"{points(version)}: version {version.parent} stays in use."
    )
