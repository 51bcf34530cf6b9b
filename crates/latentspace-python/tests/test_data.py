"""Rows of every kind that people hold, and the words in which others are refused: by the name of their column."""

from __future__ import annotations

import datetime
import decimal
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import CLASSES, quick
from latentspace import InputError, Observations, ParamError, Space, explore, read
from scipy import sparse

N = 8
RANDOM = np.random.default_rng(0)
A, B = RANDOM.normal(size=(2, N))
ENCODES = next(cls for cls in CLASSES if cls._description["encodes"] and cls._description["sparse"] and "text" in cls._description["takes"])


def in_pandas(cells):
    return pd.DataFrame({"a": A, "b": B, "c": cells})


def in_polars(cells):
    return pl.DataFrame({"a": A, "b": B, "c": cells})


def in_arrow(cells):
    return pa.table({"a": A, "b": B, "c": cells})


def fit(X):
    return ENCODES(n_components=1).fit(X)


DAYS = [datetime.date(2020, 1, day + 1) for day in range(N)]
COLUMNS = {
    "text": (in_pandas(["u", "v"] * 4), "is categorical: 'u', 'v'", "OneHotEncoder"),
    "objects": (in_pandas(pd.Series(["u", None] * 4, dtype=object)), "is categorical: 'u'", "OneHotEncoder"),
    "categories": (in_pandas(pd.Categorical(["u", "v"] * 4)), "is categorical: 'u', 'v'", "drop(columns=['c'])"),
    "polars text": (in_polars(["u", "v"] * 4), "is categorical", "X.drop(['c'])"),
    "enum": (in_polars(pl.Series(["u", "v"] * 4, dtype=pl.Enum(["u", "v"]))), "is categorical", "OneHotEncoder"),
    "categorical": (in_polars(pl.Series(["u", "v"] * 4, dtype=pl.Categorical)), "is categorical", "OneHotEncoder"),
    "arrow text": (in_arrow(["u", "v"] * 4), "is categorical", "X.drop_columns(['c'])"),
    "dates": (in_pandas(pd.date_range("2020-01-01", periods=N)), "holds dates: 2020-01-01", "days"),
    "dates of a zone": (in_pandas(pd.date_range("2020-01-01", periods=N, tz="UTC")), "holds dates", "days"),
    "objects of dates": (in_pandas(DAYS), "holds dates", "days"),
    "polars dates": (in_polars(DAYS), "holds dates: 2020-01-01", "days"),
    "periods": (in_pandas(pd.period_range("2020-01", periods=N, freq="M")), "is not numeric but holds objects of type Period", "leave it out"),
    "durations": (in_pandas(pd.to_timedelta(range(N), unit="h")), "holds durations", "seconds"),
    "times": (in_polars([datetime.time(hour) for hour in range(N)]), "is not numeric but holds cells of type Time", "leave it out"),
    "mixed": (in_pandas([1, "x", *range(6)]), "is mixed: 1, 'x'", "one type"),
    "lists": (in_pandas([[1.0, 2.0]] * N), "holds lists: [1.0, 2.0]", "numpy.stack"),
    "polars lists": (in_polars([[1.0, 2.0]] * N), "holds lists", "numpy.stack"),
    "arrays": (in_polars(pl.Series([[1.0, 2.0]] * N, dtype=pl.Array(pl.Float32, 2))), "holds lists", "numpy.stack"),
    "records": (in_polars([{"x": 1}] * N), "is not numeric but holds cells of type Struct", "leave it out"),
    "numbers as text": (in_pandas([f"{row}.5" for row in range(N)]), "is text that holds numbers: '0.5'", "to_numeric"),
    "documents": (in_pandas([f"a film that nobody saw, for the {row}th time" for row in range(N)]), "is text", "list of texts"),
    "complex": (in_pandas(np.arange(N) * 1j), "is not numeric but holds objects of type complex", "leave it out"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_that_cannot_be_learned_from_is_named(name):
    table, found, hint = COLUMNS[name]
    with pytest.raises(InputError) as error:
        fit(table)
    first, last = str(error.value).split("\nhint: ")
    assert f"column 'c' {found}" in first and hint in last, error.value
    numbers = fit(table.select(["a", "b"]) if isinstance(table, pa.Table) else table[["a", "b"]])
    # A space finds its columns by their names, and leaves this one out.
    assert len(numbers.space_.encode(table)) == N


def test_all_columns_that_are_wrong_are_named():
    table = in_pandas(["u", "v"] * 4).assign(day=pd.date_range("2020-01-01", periods=N))
    with pytest.raises(
        InputError, match=r"column 'c' is categorical: 'u', 'v'; column 'day' holds dates(.|\n)*drop\(columns=\['c', 'day'\]\)"
    ):
        fit(table)
    with pytest.raises(InputError, match="column 't4' .* and 7 more columns"):
        fit(pd.DataFrame({f"t{at}": ["u", "v"] for at in range(12)}))


MISSING = {
    "nullable": (in_pandas(pd.array([1, 2, None, *range(5)], dtype="Int64")), 2),
    "booleans": (in_pandas(pd.array([True, None] * 4, dtype="boolean")), 1),
    "objects": (in_pandas(pd.Series([1, None] * 4, dtype=object)), 1),
    "nan": (in_pandas([1.5, np.nan] * 4), 1),
    "polars": (in_polars([1, None] * 4), 1),
    "arrow": (in_arrow([1, 2, None, *range(5)]), 2),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_cell_that_is_missing_is_named(name, cls):
    table, row = MISSING[name]
    for X in (table, table.to_pandas() if not isinstance(table, pd.DataFrame) else table):
        with pytest.raises(InputError, match=rf"X, row {row}, column 'c': a cell is missing \(NaN\)"):
            quick(cls).fit(X)


def test_cells_of_arrays_are_named():
    with pytest.raises(InputError, match=r"row 1, column 0: a cell is missing"):
        fit(np.array([[1, 2], [np.nan, 3]]))
    with pytest.raises(InputError, match=r"row 1, column 1: infinity \(inf\)"):
        fit(np.array([[1, 2], [3, np.inf]]))
    with pytest.raises(InputError, match=r"row 0, column 1: 1e\+300 was found"):
        fit(np.array([[1, 1e300], [3, 4]]))
    with pytest.raises(InputError, match=r"row 1, column 1: the text 'x'"):
        fit([[1, 2], [1, "x"]])
    with pytest.raises(InputError, match=r"row 0, column 0: the text 'x'"):
        fit(np.array([["x", "1"], ["y", "2"]]))
    with pytest.raises(InputError, match=r"row 1, column 1: a cell is missing"):
        fit([[1, 2], [1, None]])
    with pytest.raises(InputError, match="row 1 has 2 cells, row 0 has 3"):
        fit([[1, 2, 3], [1, 2], [1, 2, 3]])
    with pytest.raises(InputError, match="row 2 has 1 cells, row 0 has 2"):
        fit(pl.Series([[1.0, 2.0], [3.0, 5.0], [4.0]]))
    with pytest.raises(InputError, match="dates were given"):
        fit(np.array([["2020-01-01"], ["2020-02-01"]], dtype="M8[D]"))
    with pytest.raises(InputError, match="records of a, b"):
        fit(np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i4"), ("b", "f4")]))
    masked = np.ma.masked_array(np.arange(16).reshape(8, 2), mask=np.arange(16).reshape(8, 2) == 5)
    with pytest.raises(InputError, match="row 2, column 1: a cell is missing"):
        fit(masked)
    gaps = sparse.csr_array(np.eye(6))
    gaps.data[2] = np.nan
    with pytest.raises(InputError, match="row 2, column 2: a cell is missing"):
        fit(gaps)


@pytest.mark.parametrize(
    ("X", "words"),
    [
        ((row for row in [[1, 2], [3, 4]]), "a generator was given(.|\n)*list"),
        ({1, 2}, "a set was given"),
        ({"a": [1, 2]}, "a dict was given(.|\n)*pandas.DataFrame"),
        (pl.DataFrame({"a": A}).lazy(), "a lazy table was given(.|\n)*collect"),
        (pd.DataFrame(np.c_[A, B], columns=["a", "a"]), "several columns are named 'a'"),
        (["a text", None], "row 1: None was found; all rows must be texts"),
    ],
    ids=["generator", "set", "dict", "lazy", "twice", "no text"],
)
def test_what_is_no_table_is_refused(X, words):
    with pytest.raises(InputError, match=words):
        fit(X)


class Offers:
    """An object of a library of which only one way to its numbers is known."""

    def __init__(self, of, *ways):
        for way in ways:
            setattr(type(self), way, lambda _, *args, way=way, **given: getattr(of, way)(*args, **given))


def offers(of, *ways):
    return type("Offer", (Offers,), {})(of, *ways)


X = RANDOM.normal(size=(N, 3))
HELD = {
    "float16": X.astype("f2"),
    "big-endian": X.astype(">f8"),
    "int8": (8 * X).astype("i1"),
    "every other": np.repeat(np.repeat(X, 2, 0), 2, 1)[::2, ::2],
    "matrix": X.view(np.matrix),
    "masked, nothing missing": np.ma.masked_array(X),
    "list": X.tolist(),
    "tuple": tuple(map(tuple, X)),
    "list of arrays": list(X),
    "objects": X.astype(object),
    "array interface": offers(X, "__array__"),
    "dlpack": offers(X, "__dlpack__", "__dlpack_device__"),
    "arrow stream": offers(pa.table({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}), "__arrow_c_stream__"),
    "arrow batch": offers(pa.record_batch({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}), "__arrow_c_array__"),
    "arrow lists": pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), 3),
    "pandas column of arrays": pd.Series(list(X)),
    "polars column of lists": pl.Series(X.tolist()),
    "polars column of arrays": pl.Series(X.tolist(), dtype=pl.Array(pl.Float64, 3)),
    "integer names": pd.DataFrame(X),
    "pandas sparse": pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X)),
    "nullable": pd.DataFrame(X).astype("Float64"),
    "decimals": pd.DataFrame({"a": list(map(decimal.Decimal, X[:, 0])), "b": X[:, 1], "c": X[:, 2]}),
    "mixed widths": pd.DataFrame({"a": X[:, 0].astype("f4"), "b": (8 * X[:, 1]).astype("i8"), "c": X[:, 2] > 0}),
}


@pytest.mark.parametrize("name", HELD)
def test_rows_are_taken_however_they_are_held(name):
    held = HELD[name]
    if name in ("float16", "int8", "every other", "objects"):
        expected = np.asarray(held, dtype=np.float64)
    elif name == "mixed widths":
        expected = np.c_[X[:, 0].astype("f4"), (8 * X[:, 1]).astype("i8"), X[:, 2] > 0]
    else:
        expected = X
    ours, theirs = fit(held), fit(np.ascontiguousarray(expected))
    assert np.allclose(np.asarray(ours.transform(held)), theirs.transform(expected), atol=1e-5)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
def test_sparse_rows_of_every_form(form):
    dense = np.where(RANDOM.random((12, 5)) < 0.5, RANDOM.normal(size=(12, 5)), 0)
    plain = fit(sparse.csr_array(dense))
    assert fit(getattr(sparse, f"{form}_array")(dense)).space_ == fit(getattr(sparse, f"{form}_matrix")(dense)).space_ == plain.space_
    long = sparse.csr_array(dense)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert fit(long).space_ == plain.space_
    stored = sparse.csr_array(
        (np.r_[long.data, 0.0], np.r_[long.indices, np.flatnonzero(dense[-1] == 0)[:1]], np.r_[long.indptr[:-1], long.nnz + 1]),
        shape=dense.shape,
    )
    assert fit(stored).space_ == plain.space_ and stored.nnz == long.nnz + 1


TEXTS = ["river stone water bank", "star planet orbit moon", "bread butter oven flour", "river bank water"] * 6


def test_texts_are_taken_however_they_are_held():
    plain = fit(TEXTS).space_
    for held in (
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS),
        pl.Series(TEXTS),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS]),
    ):
        assert fit(held).space_ == plain
        assert np.array_equal(fit(held).space_.encode(held), plain.encode(TEXTS))
    words = fit([text.split() for text in TEXTS])
    assert np.array_equal(words.transform([text.split() for text in TEXTS]), plain.encode(TEXTS))


def test_labels_are_taken_however_they_are_held():
    from latentspace._data import column

    texts = ["u", None, "v"]
    for held in (
        texts,
        np.array(texts, dtype=object),
        pd.Series(texts),
        pd.Series(texts, dtype="category"),
        pl.Series(texts),
        pa.array(texts),
        ["u", np.nan, "v"],
    ):
        assert column(held) == ["u", None, "v"], type(held)
    numbers = [1.0, np.nan, 3.0]
    for held in (
        [1, None, 3],
        pd.array([1, None, 3], dtype="Int64"),
        pd.Series([1, None, 3], dtype="Int64"),
        pl.Series([1, None, 3]),
        pa.array([1, None, 3]),
        numbers,
    ):
        np.testing.assert_array_equal(column(held), numbers)
    assert column(np.array(["2020-01-01", "NaT"], dtype="M8[ns]")) == ["2020-01-01T00:00:00.000000000", None]
    assert column(np.array([[1], [2]])).tolist() == [1, 2]
    assert column(np.array([2**64 - 1, 1], dtype=np.uint64)) == ["18446744073709551615", "1"]
    assert column(np.ma.masked_array([1, 2], mask=[True, False])).tolist()[1] == 2.0
    with pytest.raises(InputError, match=r"y: a column of shape \(2, 3\)"):
        column(np.zeros((2, 3)), "y")


def annotated(X, names, **parts):
    """What an AnnData offers."""
    obs = pd.DataFrame({"kind": ["u", "v"] * (len(X.toarray() if sparse.issparse(X) else X) // 2)})
    return SimpleNamespace(
        **{"X": X, "obs": obs, "obs_names": obs.index.map("cell {}".format), "var_names": pd.Index(names), "obsm": {}, **parts}
    )


def test_annotated_data_is_learned_from_and_found_by_its_names():
    cells = annotated(X, ["g1", "g2", "g3"])
    estimator = fit(cells)
    assert list(estimator.feature_names_in_) == estimator.space_.feature_names == ["g1", "g2", "g3"]
    cells.obsm["X_pca"] = estimator.fit_transform(cells)
    assert np.array_equal(cells.obsm["X_pca"], fit(X).transform(X))
    more = annotated(np.c_[X[:, ::-1], A], ["g3", "g2", "g1", "other"])
    assert np.array_equal(estimator.transform(more), cells.obsm["X_pca"])
    assert np.array_equal(estimator.space_.encode(more), cells.obsm["X_pca"])
    with pytest.raises(InputError, match="no column 'g2'(.|\n)*there is 'gg2'"):
        estimator.transform(annotated(X, ["g1", "gg2", "g3"]))
    assert len(fit(annotated(sparse.csr_matrix(X), ["g1", "g2", "g3"])).space_.encode(cells)) == N
    with pytest.raises(InputError, match="this AnnData has no X"):
        cells.X = None
        fit(cells)


def test_annotated_data_is_explored_with_its_map():
    from test_explore import done

    flat = annotated(X, ["g1", "g2", "g3"], obsm={"X_pca": X, "X_umap": X[:, :2]})
    with explore(flat, open=False) as page:
        assert [field["name"] for field in done(page)["fields"]] == ["id", "kind"]
    with pytest.raises(InputError, match="codes: 'X_tsne' was given; the names in obsm are 'X_pca', 'X_umap'"):
        explore(flat, codes="X_tsne", open=False)


def test_a_data_set_is_a_table():
    table = pa.table({"a": A, "b": B, "kind": ["u", "v"] * 4})

    class DataSet:
        """What a data set of Hugging Face offers."""

        def __init__(self, table):
            self.table, self.column_names = table, table.column_names

        def with_format(self, form):
            assert form == "arrow"
            return SimpleTable(self.table)

        def remove_columns(self, names):
            return DataSet(self.table.drop_columns(names))

    class SimpleTable:
        def __init__(self, table):
            self.table = table

        def __getitem__(self, _):
            return self.table

    held = DataSet(table)
    with pytest.raises(InputError, match=r"column 'kind' is categorical(.|\n)*X.remove_columns\(\['kind'\]\)"):
        fit(held)
    assert fit(held.remove_columns(["kind"])).space_ == fit(table.drop_columns(["kind"])).space_


def test_a_space_finds_its_columns_and_leaves_others_out():
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    space = fit(table).space_
    more = table[["c", "a", "b"]].assign(species=["u", "v"] * 4, other=np.nan)
    for held in (more, pl.from_pandas(more), pa.Table.from_pandas(more)):
        assert np.array_equal(np.asarray(space.encode(held)), space.encode(X))
    with pytest.raises(InputError, match="no column 'b', 'c'; all columns of the fit are needed(.|\n)*there is 'bb' for 'b'"):
        space.encode(table.rename(columns={"b": "bb"}).drop(columns="c"))
    with pytest.raises(InputError, match="X: 2 columns were given; this space takes 3 columns: 'a', 'b', 'c'"):
        space.encode(X[:, :2])
    with pytest.raises(InputError, match="row 0, column 'b': a cell is missing"):
        space.encode(table.assign(b=np.nan))
    with pytest.raises(InputError, match="column 'b' is categorical"):
        space.encode(table.assign(b="u"))


@pytest.fixture
def files(tmp_path):
    random = np.random.default_rng(1)
    table = pd.DataFrame(random.normal(size=(60, 3)) * [1, 100, 1], columns=["a", "b", "c"]).assign(kind=["u", "v", "w"] * 20)
    table.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path, table


def test_files_are_read_as_the_command_line_reads_them(files):
    folder, table = files
    rows = read(folder / "table.csv")
    assert isinstance(rows, Observations) and rows.shape == (60, 3) and rows.columns == ["a", "b", "c"] and rows.metadata == ["kind"]
    assert len(rows) == 60 and rows.kind == "table" and "60 x 3" in repr(rows)
    ours, theirs = fit(rows), fit(str(folder / "table.csv"))
    assert ours.space_ == theirs.space_
    # Spreads that differ a hundredfold are made equal, as the command line does.
    assert abs(np.std(ours.transform(rows)) - np.std(fit(table[["a", "b", "c"]]).transform(table[["a", "b", "c"]]))) > 10
    assert np.array_equal(ours.space_.encode(folder / "table.csv"), ours.transform(rows))
    assert np.array_equal(np.asarray(ours.space_.encode(table)), ours.transform(rows))
    assert read(folder / "table.csv", columns=["a"]).shape == (60, 1)
    with pytest.raises(ParamError, match="did you mean 'columns'"):
        read(folder / "table.csv", column=["a"])
    with pytest.raises(ParamError, match="scale"):
        read(folder / "table.csv", scale="x")
    with pytest.raises((InputError, FileNotFoundError), match="none.csv"):
        read(folder / "none.csv")


def test_categories_of_a_space_are_found_in_frames(files, tmp_path):
    import subprocess
    import sys

    folder, table = files
    run = [
        sys.executable,
        "-m",
        "latentspace",
        "fit",
        "pca",
        str(folder / "table.csv"),
        "-o",
        str(tmp_path / "s.latent"),
        "--dims",
        "2",
        "--quiet",
    ]
    subprocess.run([*run, "--columns", "a,b,kind", "--codes", str(tmp_path / "codes.npy")], check=True)
    space = Space.open(tmp_path / "s.latent")
    for held in (table, pl.from_pandas(table), table.astype({"kind": "category"})[["kind", "b", "c", "a"]]):
        assert np.array_equal(np.asarray(space.encode(held)), np.load(tmp_path / "codes.npy"))
    with pytest.raises(InputError, match="no column 'kind'"):
        space.encode(table[["a", "b"]])


def test_row_counts_are_told_before_anything_is_served():
    for given, words in (
        ({"labels": [1, 2]}, "2 cells of 'label'(.|\n)*8 rows"),
        ({"codes": X[:5, :2]}, "5 rows(.|\n)*8"),
        ({"labels": {"size": A[:3]}}, "3 cells of 'size'(.|\n)*8 rows"),
    ):
        with pytest.raises(ValueError, match=words):
            explore(X, open=False, **given)
    with pytest.raises(InputError, match="codes: an array of shape"):
        explore(X, codes=A, open=False)
    with pytest.raises(InputError, match="no column holds numbers"):
        explore(pd.DataFrame({"kind": ["u", "v"]}), open=False)


def test_pages_of_spaces_estimators_files_and_texts(files, tmp_path):
    from test_explore import done

    folder, table = files
    kept = next(cls for cls in CLASSES if "start" in cls._description["given"])
    estimator = quick(kept).fit(table[["a", "b", "c"]])
    estimator.space_.save(tmp_path / "s.latent")
    for held, rows in (
        (estimator, 60),
        (estimator.space_, 60),
        (tmp_path / "s.latent", 60),
        (str(folder / "table.csv"), 60),
        (read(folder / "table.csv"), 60),
    ):
        with explore(held, open=False) as page:
            assert done(page)["rows"] == rows
            page.selection = [rows - 1]
    with explore(read(folder / "table.csv"), labels={"more": np.arange(60)}, open=False) as page:
        assert [field["name"] for field in done(page)["fields"]] == ["kind", "more"]
    with pytest.raises(InputError, match=re.escape("this space keeps no rows") + r"(.|\n)*explore\(X, codes="):
        explore(fit(table[["a", "b", "c"]]), open=False)
    with pytest.raises((InputError, FileNotFoundError), match="none.latent"):
        explore(tmp_path / "none.latent", open=False)
    with pytest.raises(InputError, match="labels: some were given with a space"):
        explore(estimator.space_, labels=[1], open=False)
