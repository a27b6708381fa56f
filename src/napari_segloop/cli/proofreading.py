"""Judging given masks before any model exists, for ``segloop rank starter --masks``.

All files are looked at twice: once to learn what their masks have in common, then one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from napari_segloop.cli.judges import GivenFile, Judged
from napari_segloop.cli.prediction import Planes, Stopped
from napari_segloop.cli.report import drain
from napari_segloop.core.errors import InputError
from napari_segloop.core.givenmasks import GivenMasks
from napari_segloop.core.normalize import from_file, measure
from napari_segloop.core.proofreading import Proofreader
from napari_segloop.core.reasons import OTHERS
from napari_segloop.core.truth import class_values
from napari_segloop.files.images import open_image
from napari_segloop.files.training import label_index, read_marks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_segloop.cli.marks import Marks
    from napari_segloop.cli.options import Computing, Reading
    from napari_segloop.cli.report import Reporter
    from napari_segloop.core.events import TileDone
    from napari_segloop.core.images import Labels, ShouldStop
    from napari_segloop.core.normalize import Normalization
    from napari_segloop.files.images import ImageFile, LabelFile

Index = tuple[int, ...]
STARTER = "starter"


class OfStarter:
    """Judges given masks by what they have in common, as the starter network sees the images.

    Parameters
    ----------
    masks : mapping of Path to Path
        Mask file of each image.
    marks : Marks
        What is checked in them.
    objects : bool
        Whether labels are ids.
    reading : Reading
        How images are read.
    computing : Computing
        Where to compute.
    should_stop : callable
        Asked at every tile.
    reporter : Reporter
        Told of tiles.
    """

    name = STARTER

    def __init__(
        self,
        masks: Mapping[Path, Path],
        marks: Marks,
        *,
        objects: bool,
        reading: Reading,
        computing: Computing,
        should_stop: ShouldStop,
        reporter: Reporter,
    ) -> None:
        self.objects, self.unlike = objects, list["Path"]()
        self.seldom: tuple[int, ...] = ()
        self.masks, self._marks, self._reading = masks, marks, reading
        self._should_stop, self._reporter = should_stop, reporter
        self._reader = Proofreader(
            objects=objects, device=computing.device, threads=computing.threads
        )
        self._planes = dict["Path", list[Index]]()
        self._numbers = dict[tuple["Path", Index], int]()
        self.damaged = dict["Path", InputError]()

    def open(self, path: Path) -> ImageFile:
        """Open an image.

        Parameters
        ----------
        path : Path
            The image.

        Returns
        -------
        ImageFile
            Open.
        """
        return open_image(path, self._reading.axes, self._reading.channels)

    def learn(self) -> None:
        """Learn what all masks have in common.

        Raises
        ------
        Stopped
            When the user asked for it.
        InputError
            When not a single file can be read, or there are not at least two classes.
        """
        self._planes = {path: self._indices(path) for path in self.masks}
        self._check_some_are_left()
        while self._find_damaged_one():
            self._check_some_are_left()

    def _indices(self, path: Path) -> list[Index]:
        """Return the planes of an image with masks that fit; none where they do not."""
        try:
            with self.open(path) as image:
                GivenFile(image, self.masks[path], self._reading.axes)
                return list(image.indices())
        except InputError as error:
            self.damaged[path] = error
            return []

    def _check_some_are_left(self) -> None:
        if len(self.damaged) == len(self.masks):
            raise next(iter(self.damaged.values()))

    def _find_damaged_one(self) -> bool:
        """Learn of all files that are not known to be damaged; say whether one more of them is."""
        sound = (path for path in self._planes if path not in self.damaged)
        planes = [(path, index) for path in sound for index in self._planes[path]]
        self._numbers = {plane: number for number, plane in enumerate(planes)}
        known = len(self.damaged)
        try:
            with ExitStack() as opened:
                given = _AllMasks(planes, self, opened)
                work = self._reader.learn(given, self._should_stop)
                is_whole = drain(work, lambda event: self._tell(event, "learning from the masks"))
        except InputError as error:
            for path in self._planes:  # pixels are read later than masks
                if str(path) == error.file:
                    self.damaged[path] = error
            if len(self.damaged) == known:
                raise
            return True
        if not is_whole:
            raise Stopped
        return False

    def judge(self, image: ImageFile) -> Iterator[Judged]:
        """Judge the masks of an image.

        Parameters
        ----------
        image : ImageFile
            Open.

        Yields
        ------
        Judged
            Each plane.

        Raises
        ------
        Stopped
            When the user asked for it.
        InputError
            When it is damaged.
        """
        if image.path in self.damaged:
            raise self.damaged[image.path]
        file = self.source(image)
        for index in image.indices():
            given = file.plane(index)
            number = self._numbers[image.path, index]
            work = self._reader.doubt(number, given, self._should_stop)
            wrong = drain(work, lambda event: self._tell(event, image.path.name))
            if wrong is None:
                raise Stopped
            yield Judged(index, given.labels, wrong, others=OTHERS)

    def source(self, image: ImageFile) -> MaskedFile:
        """Open the masks of an image.

        Parameters
        ----------
        image : ImageFile
            Open.

        Returns
        -------
        MaskedFile
            Gives its planes.
        """
        masks = GivenFile(image, self.masks[image.path], self._reading.axes)
        numbers = from_file(measure(Planes(image)), "file")
        return MaskedFile(image, masks, self._marks.open(image), numbers)

    def _tell(self, event: TileDone, what: str) -> None:
        self._reporter.event(event)
        self._reporter.progress(f"{what}: tile {event.tile} of {event.tiles}")


@dataclass(frozen=True, slots=True, eq=False)
class MaskedFile:
    """An image with its masks.

    Parameters
    ----------
    image : ImageFile
        Open.
    masks : GivenFile
        Its masks.
    marks : LabelFile or None
        What is checked in them.
    numbers : Normalization
        Of the image.
    """

    image: ImageFile
    masks: GivenFile
    marks: LabelFile | None
    numbers: Normalization

    def plane(self, index: Index) -> GivenMasks:
        """Read the masks of a plane.

        Parameters
        ----------
        index : tuple of int
            The plane.

        Returns
        -------
        GivenMasks
            With its pixels, which are read later.
        """
        checked, marks = None, self.marks
        if marks is not None:
            checked = read_marks(marks, label_index(self.image, marks, index))
        return GivenMasks(self.image.plane(index), self.masks.read(index), self.numbers, checked)


class _AllMasks(Sequence[GivenMasks]):
    """All planes with masks, read when they are asked for and closed together."""

    def __init__(
        self, planes: Sequence[tuple[Path, Index]], judge: OfStarter, opened: ExitStack
    ) -> None:
        self._planes, self._judge, self._opened = planes, judge, opened
        self._files = dict["Path", MaskedFile]()

    def __len__(self) -> int:
        return len(self._planes)

    @overload
    def __getitem__(self, number: int) -> GivenMasks: ...

    @overload
    def __getitem__(self, number: slice) -> list[GivenMasks]: ...

    def __getitem__(self, number: int | slice) -> GivenMasks | list[GivenMasks]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        path, index = self._planes[number]
        try:
            return self._read(path, index)
        except InputError as error:
            self._judge.damaged[path] = error
            raise

    def _read(self, path: Path, index: Index) -> GivenMasks:
        if path not in self._files:
            image = self._opened.enter_context(self._judge.open(path))
            self._files[path] = self._judge.source(image)
        given = self._files[path].plane(index)
        if not self._judge.objects:
            _check_classes(given.labels, self._judge.masks[path])
        return given


def _check_classes(labels: Labels, file: Path) -> None:
    """Say of masks whose values can be no classes which file they are of."""
    try:
        class_values([labels])
    except InputError as error:
        error.file = str(file)
        raise
