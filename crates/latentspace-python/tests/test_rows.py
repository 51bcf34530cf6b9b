"""Rows of every kind go in, and codes of the same kind come out."""

from __future__ import annotations

import latentspace
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import CLASSES, quick
from latentspace import PCA, Space
from scipy import sparse

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.table}


def frame(kind: str, rows: np.ndarray):
    return FRAMES[kind]({f"c{i}": rows[:, i] for i in range(rows.shape[1])})


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_goes_in_and_an_array_comes_out(cls, rows, kind):
    table = frame(kind, rows)
    estimator = quick(cls, n_components=2)
    codes = estimator.fit_transform(table)
    assert isinstance(codes, np.ndarray)
    np.testing.assert_array_equal(codes, quick(cls, n_components=2).fit_transform(rows))
    assert list(estimator.get_feature_names_out()) == [f"{cls.__name__.lower()}{i}" for i in range(2)]
    assert list(estimator.feature_names_in_) == [f"c{i}" for i in range(6)]
    assert estimator.space_.feature_names == [f"c{i}" for i in range(6)]
    if cls._description["decodes"]:
        assert isinstance(estimator.inverse_transform(codes), np.ndarray)


def test_a_frame_that_is_asked_for_keeps_the_index(cls, rows):
    table = pd.DataFrame(rows, columns=list("abcdef"), index=[f"row {i}" for i in range(60)])
    codes = quick(cls).set_output(transform="pandas").fit_transform(table)
    assert list(codes.index) == list(table.index)


def test_set_output_decides(cls, rows):
    table = frame("pandas", rows)
    estimator = quick(cls, n_components=2)
    assert isinstance(estimator.set_output(transform="polars").fit_transform(table), pl.DataFrame)
    assert isinstance(estimator.set_output(transform="default").fit_transform(table), np.ndarray)
    assert isinstance(estimator.set_output(transform="pandas").fit_transform(rows), pd.DataFrame)


@pytest.mark.parametrize("dtype", ["f2", "f8", "<i4", ">i4", "u1", "i8", "?", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_every_type_and_order(cls, rows, dtype, order):
    whole = np.abs(np.round(rows))
    array = np.array(whole > 1 if dtype == "?" else whole, dtype=dtype, order=order)
    expected = quick(cls).fit_transform(np.ascontiguousarray(array, dtype=np.float32))
    codes = quick(cls).fit_transform(array)
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes, expected)


def test_views_are_taken(cls, rows):
    wide = np.zeros((120, 12), dtype=np.float32)
    wide[::2, ::2] = rows
    np.testing.assert_array_equal(quick(cls).fit_transform(wide[::2, ::2]), quick(cls).fit_transform(rows))


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.csc_array, sparse.coo_array, sparse.csr_matrix])
def test_sparse_rows(cls, rows, form):
    if not cls._description["sparse"]:
        pytest.skip("it takes no sparse rows")
    dense = np.where(rows > 1, rows, 0)
    estimator = quick(cls, n_components=2)
    codes = estimator.fit_transform(form(dense))
    np.testing.assert_allclose(codes, quick(cls, n_components=2).fit_transform(dense), atol=1e-5)
    if cls._description["encodes"]:
        np.testing.assert_array_equal(estimator.transform(form(dense)[[3]] if form is not sparse.coo_array else form(dense[[3]])), estimator.transform(form(dense))[[3]])


def test_sparse_rows_out_of_order_stay_as_they_are(rows):
    from conftest import CLASSES

    cls = next(cls for cls in CLASSES if cls._description["sparse"])
    table = sparse.csr_array((np.array([1.0, 2.0, 3.0, 4.0]), np.array([2, 0, 1, 1]), np.array([0, 2, 4])), shape=(2, 3))
    quick(cls, n_components=1).fit(sparse.csr_array(np.eye(9))).space_
    estimator = quick(cls, n_components=1)
    try:
        estimator.fit(table)
    except ValueError:
        pass
    assert table.indices.tolist() == [2, 0, 1, 1]


def near_of(rows, k):
    """The k nearest of each row, itself first, as NearestNeighbors gives them."""
    apart = ((rows[:, None, :].astype(float) - rows[None]) ** 2).sum(2) ** 0.5
    np.fill_diagonal(apart, -1.0)
    indices = np.argsort(apart, 1, kind="stable")[:, : k + 1]
    return indices, np.maximum(np.take_along_axis(apart, indices, 1), 0.0)


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if "neighbors" in cls._description["given"]])
def test_neighbors_that_are_given(cls, rows):
    # Of quarters, so that all distances are exact, here and there.
    rows = np.round(4 * rows) / 4
    indices, distances = near_of(rows, len(rows) - 1)
    plain = quick(cls, random_state=0).fit_transform(rows)
    assert np.array_equal(quick(cls, random_state=0).fit_transform(rows, neighbors=(indices, distances)), plain)
    starts = np.arange(0, indices.size + 1, indices.shape[1])
    graph = sparse.csr_array((distances.ravel(), indices.ravel(), starts), shape=(len(rows), len(rows)))
    assert np.array_equal(quick(cls, random_state=0).fit_transform(rows, neighbors=graph), plain)
    with pytest.raises(ValueError, match="neighbors: two arrays"):
        quick(cls).fit(rows, neighbors=distances)
    with pytest.raises(ValueError, match="1 of each row was given"):
        quick(cls).fit(rows, neighbors=(indices[:, :2], distances[:, :2]))


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if "start" in cls._description["given"]])
def test_a_start_that_is_given(cls, rows):
    plain = quick(cls, random_state=0).fit_transform(rows)
    start = plain.copy()
    start[::3] = np.nan
    held = quick(cls, random_state=1).fit_transform(rows, start=start, pull=np.inf)
    known = np.isfinite(start[:, 0])
    assert np.array_equal(held[known], plain[known])
    assert np.isfinite(held).all()
    pulled = quick(cls, random_state=1).fit_transform(rows, start=start, pull=0.5)
    free = quick(cls, random_state=1).fit_transform(rows, start=start)
    assert not np.array_equal(pulled, held)
    assert not np.array_equal(pulled, free)
    with pytest.raises(ValueError, match="pull: -1"):
        quick(cls).fit(rows, start=start, pull=-1)
    with pytest.raises(ValueError, match="start: they are of"):
        quick(cls).fit(rows, start=start[1:])


def test_methods_refuse_what_they_cannot_use(rows):
    cls = next(cls for cls in CLASSES if not cls._description["given"])
    with pytest.raises(ValueError, match="neighbors: some were given"):
        quick(cls).fit(rows, neighbors=near_of(rows, 5))


def test_what_was_fitted_does_not_change_with_the_array(cls, rows):
    array = rows.copy()
    estimator = quick(cls).fit(array)
    before = estimator.space_.to_bytes()
    array[:] = 0
    assert estimator.space_.to_bytes() == before


def test_a_large_array_is_not_copied():
    import tracemalloc

    from latentspace._data import native_rows

    array = np.zeros((1000, 1000), dtype=np.float32)
    tracemalloc.start()
    kept = native_rows(array)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    del kept


def test_far_columns_keep_their_digits():
    from conftest import CLASSES

    cls = next(cls for cls in CLASSES if cls._description["decodes"])
    rows = np.random.default_rng(0).normal(size=(50, 3)) * [1e-3, 1, 1] + [1e7, 0, 0]
    estimator = cls(n_components=3).fit(rows)
    np.testing.assert_allclose(estimator.inverse_transform(estimator.transform(rows)), rows, atol=1e-5, rtol=0)


def test_a_space_encodes_decodes_and_tells(cls, rows, tmp_path):
    estimator = quick(cls, n_components=2).fit(frame("pandas", rows))
    path = tmp_path / "s.latent"
    estimator.space_.save(path)
    space = Space.open(path)
    assert space == estimator.space_ and space.n_components == 2 and space.rows == 60 and space.columns == 6
    assert space.params["n_components"] == 2
    measure = space.measures["trustworthiness"]
    assert 0.5 < measure.value <= 1 and measure.low <= measure.value <= measure.high and measure.null is not None
    assert estimator.measures_ == space.measures
    if cls._description["encodes"]:
        turned = pd.DataFrame(rows[:, ::-1], columns=[f"c{i}" for i in reversed(range(6))])
        np.testing.assert_array_equal(space.encode(turned), space.encode(rows))
        np.testing.assert_array_equal(space.encode(rows), estimator.set_output(transform="default").transform(frame("pandas", rows)))
    if space.decodes:
        assert space.decode(space.encode(rows)).shape == rows.shape
    with pytest.raises(latentspace.InputError, match="columns"):
        space.encode(rows[:, :3])


def test_files_that_are_not_there_or_no_spaces(tmp_path):
    with pytest.raises(FileNotFoundError):
        Space.open(tmp_path / "none.latent")
    path = tmp_path / "no.latent"
    path.write_bytes(b"what is this")
    with pytest.raises(latentspace.InputError, match="no.latent"):
        Space.open(path)


@pytest.mark.parametrize("scale", [1e-50, 1e-120, 1e50])
def test_numbers_of_any_magnitude_keep_their_digits(scale):
    X = np.random.default_rng(3).normal(size=(300, 5)) @ np.diag([1, 2, 3, 4, 5.0])
    pca, tiny = PCA(n_components=3).fit(X), PCA(n_components=3).fit(X * scale)
    assert np.allclose(np.abs(pca.components_), np.abs(tiny.components_), atol=1e-4)
    assert np.allclose(pca.explained_variance_ratio_, tiny.explained_variance_ratio_, atol=1e-5)
    full = PCA(n_components=5).fit(X * scale)
    assert np.allclose(full.inverse_transform(full.transform(X * scale)) / scale, X, atol=1e-4)


def test_sparse_cells_that_32_bits_take_for_0_are_refused():
    with pytest.raises(ValueError, match="no larger than 3e-50"):
        PCA(n_components=1).fit(sparse.csr_array(np.diag([1e-50, 2e-50, 3e-50])))
