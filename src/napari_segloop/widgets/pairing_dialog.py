"""Mask files of another tool: which belongs to which image of the list, and what to trust.

Goes by names; reads no pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QWidget

from napari_segloop.core.errors import InputError
from napari_segloop.session.words import counted
from napari_segloop.widgets.part import button, in_column, in_row, prose
from napari_segloop.widgets.rows import Column, Rows
from napari_segloop.widgets.table import Table
from napari_segloop.widgets.theme import em
from napari_segloop.widgets.trust_question import TrustQuestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_segloop.session.state import ImageState
    from napari_segloop.widgets.trust_question import Trust, Zero

RULE = (
    "Masks are paired with images by name: cell.tif goes with cell.png, cell_mask.tif, "
    "cell_labels.tif or cell_cp_masks.png."
)


@dataclass(frozen=True, slots=True)
class PairRow:
    """An image of the list, and its mask file if there is one."""

    image: int
    name: str
    masks: Path | None = None


@dataclass(frozen=True, slots=True)
class MaskFiles:
    """What the user wants to take over.

    Parameters
    ----------
    pairs : tuple of (int, Path)
        Number of each image, and its mask file.
    trust : {"all", "painted", "nothing"}
        What counts as checked.
    zero : {"background", "unknown"}
        What 0 means.
    """

    pairs: tuple[tuple[int, Path], ...]
    trust: Trust
    zero: Zero


def pair_rows(images: Sequence[ImageState], masks: Sequence[Path]) -> tuple[PairRow, ...]:
    """Pair the images of the list with mask files.

    Parameters
    ----------
    images : sequence of ImageState
        Those that are files take part.
    masks : sequence of Path
        Files and folders.

    Returns
    -------
    tuple of PairRow
        One for each image that takes part.

    Raises
    ------
    InputError
        No pair, masks without an image, or two with one name.
    """
    from napari_segloop.files.pairing import pair  # noqa: PLC0415  # slow import

    files = {
        Path(image.where): image
        for image in images
        if image.where != "open layer" and image.status not in ("missing", "excluded")
    }
    if not files:
        raise InputError("images that are files", "none in the list", "Add the image files first.")
    found = {each.image: each.labels for each in pair(list(files), masks).pairs}
    return tuple(PairRow(image.id, image.name, found.get(path)) for path, image in files.items())


class PairingDialog(QDialog):
    """Choose mask files, look at the pairs, answer what to trust.

    Parameters
    ----------
    images : sequence of ImageState
        Of the list.
    parent : QWidget, optional
        Its parent.
    """

    def __init__(self, images: Sequence[ImageState], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Take masks from files")
        self.setMinimumWidth(em(self, 30))
        self._images = tuple(images)
        self.rows: Rows[PairRow] = Rows(
            (
                Column("Image", lambda row: row.name),
                Column("Masks", lambda row: row.masks.name if row.masks else "none", tooltip=_tip),
            ),
            lambda row: row.image,
        )
        self.table = Table(self.rows, "Pairs of images and masks", lines=(5, 10))
        self.table.set_hint("Choose mask files or a folder of them.")
        self.told = prose(RULE)
        self.question = TrustQuestion()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.show_masks([])

    def _lay_out(self) -> None:
        column, gap = in_column(self), em(self, 0.7)
        column.setContentsMargins(gap, gap, gap, gap)
        files = button("Mask files…", "Choose mask files", self._choose_files)
        folder = button("Folder of masks…", "Choose a folder of mask files", self._choose_folder)
        column.addLayout(in_row(files, folder))
        for widget in (self.told, self.table, self.question, self.buttons):
            column.addWidget(widget)

    def show_masks(self, masks: Sequence[Path]) -> None:
        """Show which masks go with which image.

        Parameters
        ----------
        masks : sequence of Path
            Files and folders; empty for none yet.
        """
        words = RULE
        rows: tuple[PairRow, ...] = ()
        if masks:
            try:
                rows = pair_rows(self._images, masks)
                words = f"{counted(sum(bool(r.masks) for r in rows), 'pair')}. {RULE}"
            except InputError as error:
                words = str(error)
        self.rows.set_rows(rows)
        self.told.setText(words)
        ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if ok is not None:
            ok.setEnabled(bool(self.choice().pairs))

    def choice(self) -> MaskFiles:
        """Return what was chosen.

        Returns
        -------
        MaskFiles
            Images without masks are left out.
        """
        pairs = tuple((row.image, row.masks) for row in self.rows.rows if row.masks)
        return MaskFiles(pairs, self.question.trust, self.question.zero)

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Mask files")
        if names:
            self.show_masks([Path(name) for name in names])

    def _choose_folder(self) -> None:
        if name := QFileDialog.getExistingDirectory(self, "Folder of masks"):
            self.show_masks([Path(name)])


def _tip(row: PairRow) -> str:
    return str(row.masks) if row.masks else "No file has this name"
