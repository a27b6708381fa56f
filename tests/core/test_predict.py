"""Prediction against one float32 pass over the whole image, and on images that nobody expects."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.special import softmax

from napari_segloop.core.doubt import error_probability
from napari_segloop.core.errormodel import ErrorModel
from napari_segloop.core.errors import InputError, ModelError, ResourceError
from napari_segloop.core.events import TileDone
from napari_segloop.core.images import ArrayPlane
from napari_segloop.core.lesson import TrainingImage
from napari_segloop.core.modelfile import Model
from napari_segloop.core.normalize import Normalization, for_file, measure
from napari_segloop.core.plan import Plan
from napari_segloop.core.planning import make_plan
from napari_segloop.core.predict import Predictor
from napari_segloop.core.prediction import Prediction, Wanted
from napari_segloop.core.settings import QUALITIES, PredictSettings
from napari_segloop.core.tiling import from_middle
from napari_segloop.core.train import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_segloop.core.images import Array
    from tests.core.conftest import Elsewhere, Taught

    Make = Callable[..., Any]

pytestmark = pytest.mark.usefixtures("one_thread")
PLAIN = PredictSettings(device="cpu", threads=1, precision="float32")
EXACT = PredictSettings(device="cpu", threads=1, exact=True)
ALL = Wanted(uncertainty=True, probabilities=True)
REACH = 96  # more than half of the receptive field of a resnet18 U-Net of depth 3, on the grid


def plan_for(model: Model, image: Array, settings: PredictSettings = PLAIN) -> Plan:
    plane = ArrayPlane(image)
    return make_plan(model, plane, for_file(model.info.normalization, measure([plane])), settings)


def returned(job: Generator[TileDone, None, Prediction | None]) -> Prediction:
    """Run a job to its end."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            if end.value is None:
                pytest.fail("stopped")
            return end.value


def predict(model: Model, image: Array, plan: Plan | None = None) -> Prediction:
    predictor = Predictor(model, plan or plan_for(model, image))
    job = predictor.predict(ArrayPlane(image), ALL)
    return returned(job)


def whole_image_logits(model: Model, image: Array, numbers: Normalization) -> Array:
    """One pass of the plain network over the mirrored image, in float32, unfolded."""
    planes = image.reshape(-1, *image.shape[-2:]).astype(np.float64)
    centre, scale = (np.array(x)[:, None, None] for x in (numbers.centre, numbers.scale))
    values = np.nan_to_num((planes - centre) / scale, nan=0, posinf=10, neginf=-10).clip(-10, 10)
    rows, columns = image.shape[-2:]
    padded = np.pad(values, ((0, 0), (0, -rows % 32), (0, -columns % 32)), mode="reflect")
    with torch.inference_mode():
        logits = model.network(torch.from_numpy(padded[None].astype(np.float32)))
    answer: Array = logits[0, :, :rows, :columns].numpy().astype(float)
    return answer


def margins(logits: Array) -> Array:
    ordered = np.sort(logits, axis=0)
    margin: Array = ordered[-1] - ordered[-2]
    return margin


TILES = {
    "one": ("classes", None, None),
    "two-by-two": ("classes", REACH, (256, 320)),
    "one-by-three": ("classes", REACH, (288, 288)),
    "wide-halo": ("classes", 112, (256, 384)),
    "objects-one": ("objects", None, None),
    "objects-two-by-two": ("objects", REACH, (256, 320)),
}


@pytest.mark.parametrize(("task", "halo", "tile"), TILES.values(), ids=TILES.keys())
def test_tiles_give_what_one_pass_over_the_whole_image_gives(
    task: str, halo: int | None, tile: tuple[int, int] | None, taught: Taught,
    taught_objects: Taught, discs: Make,
) -> None:  # fmt: skip
    model = (taught if task == "classes" else taught_objects).model
    plain = Model(replace(model.info, errors=None), model.network)
    image, _ = discs(7, (265, 430), 20)
    plan = plan_for(plain, image, EXACT)
    if tile:
        plan = replace(plan, halo=halo, tile=tile)
    logits = whole_image_logits(model, image, plan.normalization)
    expected = 255 * softmax(logits / model.info.temperature, axis=0)
    found = predict(plain, image, plan)
    assert found.probabilities is not None
    assert np.abs(found.probabilities - expected).max() <= 1
    if task == "classes":
        sure = margins(logits) > 1e-4 * np.abs(logits).max()
        assert sure.mean() > 0.99
        np.testing.assert_array_equal(found.labels[sure], logits.argmax(0)[sure])
        assert found.uncertainty is not None
        assert np.abs(found.uncertainty - (255 - expected.max(0))).max() <= 1
        stated = predict(model, image, replace(plan, model=model.id)).uncertainty
        assert np.abs(stated - _stated(model, logits))[:-REACH, :-REACH].max() <= 1


def _stated(model: Model, logits: Array) -> Array:
    """Error probability, but for where boxes reach into what is mirrored beyond the image."""
    assert model.info.errors is not None
    doubt = 1 - softmax(logits / model.info.temperature, axis=0).max(0)
    stated = error_probability(torch.from_numpy(doubt).float(), model.info.errors.fast)
    return 255 * stated.numpy()


def test_a_model_without_an_error_model_says_what_the_network_says(
    taught: Taught, discs: Make
) -> None:
    old = Model(replace(taught.model.info, errors=None), taught.model.network)
    image, _ = discs(7, (96, 128), 3)
    plan = plan_for(old, image, EXACT)
    logits = whole_image_logits(old, image, plan.normalization)
    found = predict(old, image, plan)
    expected = 255 * (1 - softmax(logits / old.info.temperature, axis=0).max(0))
    assert np.abs(found.uncertainty - expected).max() <= 1


@pytest.mark.parametrize("task", ["classes", "objects"])
def test_careful_is_the_mean_of_two_looks(
    task: str, taught: Taught, taught_objects: Taught, discs: Make
) -> None:
    taught_one = (taught if task == "classes" else taught_objects).model
    model = Model(replace(taught_one.info, errors=None), taught_one.network)  # always twice
    image, _ = discs(7, (96, 128), 3)
    plan = plan_for(model, image, EXACT)
    first = whole_image_logits(model, image, plan.normalization)
    turned = whole_image_logits(model, image[::-1, ::-1].copy(), plan.normalization)[:, ::-1, ::-1]
    both = [softmax(each / model.info.temperature, axis=0) for each in (first, turned)]
    found = predict(model, image, replace(plan, quality="careful"))
    assert found.probabilities is not None
    assert np.abs(found.probabilities - 255 * np.mean(both, axis=0)).max() <= 1


def test_careful_leaves_sure_tiles_at_one_look(taught: Taught, discs: Make) -> None:
    errors = replace(taught.model.info.errors or ErrorModel(), careful_above=1.0)
    model = Model(replace(taught.model.info, errors=errors), taught.model.network)
    image, _ = discs(7, (96, 128), 3)
    plan = plan_for(model, image, EXACT)
    fast, careful = (predict(model, image, replace(plan, quality=q)) for q in QUALITIES)
    np.testing.assert_array_equal(fast.probabilities, careful.probabilities)
    np.testing.assert_array_equal(fast.uncertainty, careful.uncertainty)


@pytest.mark.parametrize("batch", [1, 4])
def test_the_order_of_tiles_changes_no_pixel(batch: int, taught: Taught, discs: Make) -> None:
    image, _ = discs(8, (297, 441), 20)
    plan = replace(plan_for(taught.model, image), halo=REACH, tile=(256, 320), batch=batch)
    expected = predict(taught.model, image, plan)
    predictor, plane = Predictor(taught.model, plan), ArrayPlane(image)
    canvas, tiles = predictor.canvas(), from_middle(predictor.tiles(), (250, 400, 290, 440))
    assert tiles[0] == predictor.tiles()[-1]
    for done in predictor.fill(canvas, plane, tiles):
        for tile in done:
            block = predictor.block(canvas, tile)
            np.testing.assert_array_equal(block.labels, expected.labels[tile.owned])
    found = predictor.finish(canvas)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.uncertainty, expected.uncertainty)


def test_exact_tiles_of_a_long_image_leave_no_trace(taught: Taught) -> None:
    rng = np.random.default_rng(0)
    image = 1300 + 9000 * ndimage.gaussian_filter(rng.normal(0, 1, (33, 2600)), 4)
    plan = plan_for(taught.model, image, replace(EXACT, largest_tile=512))
    assert plan.tile[1] < 2600
    logits = whole_image_logits(taught.model, image, plan.normalization)
    sure = margins(logits) > 1e-4 * np.abs(logits).max()
    assert 0.02 < logits.argmax(0).mean() < 0.98
    labels = predict(taught.model, image, plan).labels
    np.testing.assert_array_equal(labels[sure], logits.argmax(0)[sure])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_usual_plan_agrees_with_the_whole_image(
    precision: str, taught: Taught, discs: Make
) -> None:
    image, _ = discs(8, (297, 441), 20)
    settings = replace(PLAIN, precision=precision, largest_tile=320)
    plan = plan_for(taught.model, image, settings)
    truth = whole_image_logits(taught.model, image, plan.normalization).argmax(0)
    labels = predict(taught.model, image, plan).labels
    assert (labels & truth).sum() / (labels | truth).sum() > 0.99


def test_new_images_are_segmented_well(taught: Taught, discs: Make) -> None:
    image, ids = discs(9)
    labels = predict(taught.model, image).labels
    assert 2 * (labels * (ids > 0)).sum() / (labels.sum() + (ids > 0).sum()) > 0.9


def test_objects_are_found_one_by_one(taught_objects: Taught, discs: Make) -> None:
    image, ids = discs(9, (200, 260), 25)
    found = predict(taught_objects.model, image)
    assert found.labels.dtype == np.uint16
    assert found.labels.max() == ids.max()
    for number in range(1, ids.max() + 1):
        inside = found.labels[ids == number]
        assert np.mean(inside == np.bincount(inside).argmax()) > 0.7
    assert found.uncertainty is not None
    assert found.uncertainty.shape == ids.shape
    assert found.uncertainty[ids == 0].mean() < 30


@pytest.mark.parametrize(
    "dtype", ["int16", ">u2", ">i4", "uint64", "float32", ">f4", "float64", ">f8"]
)
def test_the_same_values_in_any_dtype_give_the_same_pixels(
    dtype: str, taught: Taught, discs: Make
) -> None:
    image, _ = discs(3, (90, 75), 5)
    wanted, found = predict(taught.model, image), predict(taught.model, image.astype(dtype))
    for name in ("labels", "uncertainty", "probabilities"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def bright_squares(dtype: str, channels: int = 1, top: float = 1) -> Array:
    mask = np.kron(np.random.default_rng(0).random((3, 3)) < 0.5, np.ones((11, 10)))
    mask[0, 0] = 0
    mask[-1, -1] = 1
    pixels: Array = (np.stack([mask] * channels) * top).astype(dtype)
    return pixels


KINDS = {
    "bool": bright_squares("bool"),
    "uint8": bright_squares("uint8", top=200),
    "int8": bright_squares("int8", top=-100),
    "uint16": bright_squares("uint16", top=60_000),
    "int16": bright_squares("int16", top=-30_000),
    "big-endian": bright_squares(">u2", top=4000),
    "uint32": bright_squares("uint32", top=4e9),
    "float16": bright_squares("float16"),
    "float32-tiny": bright_squares("float32", top=1e-11),
    "float64-huge": bright_squares("float64", top=1e30),
    "rgb": bright_squares("uint8", 3, 200),
    "two-channels": bright_squares("uint16", 2, 4000),
    "seven-channels": bright_squares("float32", 7),
}


@pytest.mark.parametrize("image", KINDS.values(), ids=KINDS.keys())
def test_any_kind_of_image_teaches_and_is_predicted(image: Array, quick: Make, run: Make) -> None:
    labels = (image[0] != 0).astype(np.uint8) * 255
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, result = run(fit([TrainingImage("a", image, labels)], quick(steps=1)))
        found = predict(result.model, image)
    assert result.model.info.channels == len(image)
    assert found.labels.shape == labels.shape
    assert set(np.unique(found.labels)) <= {0, 255}
    normalised = result.model.info.normalization
    assert np.isfinite([*normalised.centre, *normalised.scale]).all()


ODD = {
    "constant": np.full((40, 50), 7, np.uint8),
    "zero": np.zeros((40, 50), np.uint16),
    "nan": np.full((40, 50), np.nan),
    "infinite": np.full((40, 50), -np.inf),
    "one-pixel": np.full((1, 1), 1500),
    "one-row": np.arange(1000, 1070)[None],
    "5x7": np.arange(35).reshape(5, 7) * 50.0,
    "33x31": np.arange(33 * 31).reshape(33, 31) * 1.5,
}


@pytest.mark.parametrize("image", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("task", ["classes", "objects"])
def test_odd_images_have_a_result(
    image: Array, task: str, taught: Taught, taught_objects: Taught
) -> None:
    model = (taught if task == "classes" else taught_objects).model
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = predict(model, image)
    assert found.labels.shape == image.shape
    assert found.uncertainty is not None
    assert found.uncertainty.shape == image.shape
    if not np.isfinite(image).all():
        assert not found.labels.any()
        assert not found.uncertainty.any()


def test_an_empty_image_is_refused() -> None:
    with pytest.raises(InputError, match="pixels"):
        ArrayPlane(np.zeros((1, 0, 5)))


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("task", ["classes", "objects"])
def test_pixels_without_a_number_are_background_and_certain(
    odd: float, task: str, taught: Taught, taught_objects: Taught, discs: Make
) -> None:
    model = (taught if task == "classes" else taught_objects).model
    image, ids = discs(3)
    spoilt = image.astype(float)
    unknown = np.zeros(ids.shape, bool)
    unknown[40:60, 30:70] = unknown[ids == 1] = True
    spoilt[unknown] = odd
    found = predict(model, spoilt)
    assert found.uncertainty is not None
    assert found.probabilities is not None
    assert not found.labels[unknown].any()
    assert not found.uncertainty[unknown].any()
    assert (found.probabilities[0, unknown] == 255).all()
    assert not found.probabilities[1:, unknown].any()
    far = ~ndimage.binary_dilation(unknown, iterations=20)
    assert ((found.labels[far] > 0) == (ids[far] > 0)).mean() > 0.9


def test_one_hot_pixel_does_not_blind_the_network(taught: Taught, discs: Make) -> None:
    image, _ = discs(3)
    spoilt = image.astype(float)
    spoilt[64, 64] = 1e30
    wanted, found = predict(taught.model, image).labels, predict(taught.model, spoilt).labels
    assert (wanted != found).mean() < 0.02


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        pytest.param((0, 255), "uint8", id="0-255"),
        pytest.param((0, 300), "uint16", id="0-300"),
        pytest.param((0, 7, 70_000), "uint32", id="70000"),
        pytest.param(tuple(range(256)), "uint8", id="256-classes"),
    ],
)
def test_labels_carry_the_original_values(
    values: tuple[int, ...], dtype: str, untaught: Make
) -> None:
    model = untaught(values)
    image = np.random.default_rng(0).normal(size=(64, 64))
    plan = plan_for(model, image)
    found = predict(model, image, plan)
    expected = whole_image_logits(model, image, plan.normalization).argmax(0)
    assert found.labels.dtype == dtype
    assert (found.labels == np.array(values)[expected]).mean() > 0.999
    assert found.probabilities is not None
    assert len(found.probabilities) == len(values)


def test_probabilities_sum_to_255(untaught: Make) -> None:
    model = untaught((0, 1, 2, 3), temperature=2.5)
    found = predict(model, np.random.default_rng(0).normal(size=(70, 90)))
    assert found.probabilities is not None
    assert np.abs(found.probabilities.astype(int).sum(0) - 255).max() <= 2


def test_the_same_plan_gives_equal_pixels_here_and_elsewhere(
    elsewhere: Elsewhere, taught: Taught
) -> None:
    for plan in (elsewhere.plan, Plan.from_json(elsewhere.plan.to_json())):
        found = predict(taught.model, elsewhere.image, plan)
        np.testing.assert_array_equal(found.labels, elsewhere.found["labels"])
        np.testing.assert_array_equal(found.uncertainty, elsewhere.found["uncertainty"])


def test_a_predictor_repeats_itself_plane_after_plane(
    taught: Taught, discs: Make, run: Make
) -> None:
    first, second = (discs(seed, (150, 170))[0] for seed in (1, 2))
    predictor = Predictor(taught.model, plan_for(taught.model, first))
    results = [run(predictor.predict(ArrayPlane(image)))[1] for image in (first, second, first)]
    np.testing.assert_array_equal(results[0].labels, results[2].labels)
    assert (results[0].labels != results[1].labels).any()


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_tiles_may_be_computed_together(batch: int, taught: Taught, discs: Make) -> None:
    image, _ = discs(4, (150, 200), 10)
    plan = replace(plan_for(taught.model, image), halo=32, tile=(96, 128), batch=batch)
    alone = predict(taught.model, image, replace(plan, batch=1))
    found = predict(taught.model, image, plan)
    assert (found.labels != alone.labels).mean() < 1e-3


def test_only_windows_of_a_tile_are_read(taught: Taught, discs: Make, run: Make) -> None:
    windows = []

    class Watched(ArrayPlane):
        def read(self, rows: slice, columns: slice) -> Array:
            windows.append((rows.stop - rows.start, columns.stop - columns.start))
            return super().read(rows, columns)

    image, _ = discs(4, (400, 500), 20)
    plan = replace(plan_for(taught.model, image), halo=32, tile=(128, 160))
    events, _ = run(Predictor(taught.model, plan).predict(Watched(image)))
    assert all(rows <= 128 and columns <= 160 for rows, columns in windows)
    assert [e.tile for e in events] == list(range(1, len(windows) + 1))
    assert {e.tiles for e in events} == {len(windows)}
    assert all(isinstance(e, TileDone) for e in events)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_should_stop_is_asked_at_every_tile(
    after: int, taught: Taught, discs: Make, run: Make
) -> None:
    image, _ = discs(4, (400, 500), 20)
    plan = replace(plan_for(taught.model, image), halo=32, tile=(128, 160))
    asked = []

    def should_stop() -> bool:
        asked.append(True)
        return len(asked) > after

    events, result = run(
        Predictor(taught.model, plan).predict(ArrayPlane(image), None, should_stop)
    )
    assert result is None
    assert len(events) == after


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_predicting_leaves_the_model_as_it_is(folded: bool, precision: str, untaught: Make) -> None:
    model = untaught()
    before = model.id
    image = np.random.default_rng(0).normal(size=(64, 64))
    plan = replace(plan_for(model, image), folded=folded, precision=precision)
    predict(model, image, plan)
    assert model.id == before
    assert {w.dtype for w in model.network.parameters()} == {torch.float32}


def test_what_is_not_wanted_is_not_returned(taught: Taught, discs: Make, run: Make) -> None:
    image, _ = discs(4, (60, 70), 3)
    predictor = Predictor(taught.model, plan_for(taught.model, image))
    nothing = run(predictor.predict(ArrayPlane(image), Wanted(uncertainty=False)))[1]
    assert nothing.uncertainty is None
    assert nothing.probabilities is None


def test_other_channels_are_refused(taught: Taught) -> None:
    with pytest.raises(ModelError, match="channel"):
        make_plan(taught.model, ArrayPlane(np.zeros((3, 40, 40))), taught.model.info.normalization)


def test_a_plane_of_another_size_is_refused(taught: Taught, run: Make) -> None:
    plan = plan_for(taught.model, np.zeros((40, 50)))
    with pytest.raises(InputError, match=r"\(40, 50\).*\(50, 40\)"):
        run(Predictor(taught.model, plan).predict(ArrayPlane(np.zeros((50, 40)))))


def test_a_predictor_serves_planes_of_any_size_with_one_network(
    taught: Taught, discs: Make
) -> None:
    first, second = discs(1, (200, 260))[0], discs(2, (330, 90))[0]
    predictor = Predictor(taught.model, plan_for(taught.model, first))
    plan = plan_for(taught.model, second)
    shared = returned(predictor.replanned(plan).predict(ArrayPlane(second), ALL))
    np.testing.assert_array_equal(shared.labels, predict(taught.model, second, plan).labels)
    assert predictor.plan.shape == (200, 260)


def test_a_network_in_another_number_format_is_not_shared(taught: Taught, discs: Make) -> None:
    image = discs(1, (100, 90))[0]
    predictor = Predictor(taught.model, plan_for(taught.model, image))
    other = replace(plan_for(taught.model, image), precision="bfloat16")
    with pytest.raises(InputError, match="Make a new predictor"):
        predictor.replanned(other)


def test_a_plan_of_another_model_is_refused(taught: Taught, untaught: Make) -> None:
    plan = plan_for(taught.model, np.zeros((40, 50)))
    with pytest.raises(InputError, match=taught.model.id[:12]):
        Predictor(untaught(), plan)


def test_memory_that_does_not_suffice_is_told(
    taught: Taught, run: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(taught.model, np.zeros((40, 50)))
    predictor = Predictor(taught.model, plan)

    def greedy(_: torch.Tensor) -> torch.Tensor:
        return torch.empty(2**50, dtype=torch.uint8)

    monkeypatch.setattr(predictor, "_forward", greedy)
    with pytest.raises(ResourceError, match="tile"):
        run(predictor.predict(ArrayPlane(np.zeros((40, 50)))))
