"""Rows from arrays and tensors of any library, sparse rows, data frames, AnnData and data sets. Columns that are not numeric are refused by
name, before anything is converted.
"""

from __future__ import annotations

import importlib
import importlib.util
import numbers
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from scipy import sparse

from ._native import InputError

#: Maximum number of columns that an error names.
NAMED = 5
#: A column of text is categorical if the mean length of its cells is below this.
LONG_TEXT = 20.0


class Rows(NamedTuple):
    """Rows of any input type."""

    #: An array, or sparse rows.
    values: Any
    #: The data frame, where there is one.
    frame: nw.DataFrame | None = None
    #: Names of the columns of an AnnData, which is not a data frame.
    names: list[str] | None = None


def refuse(found: str, wanted: str, hint: str) -> InputError:
    """An ``InputError`` in the library's form: what was found; what is allowed; hint."""
    return InputError(f"{found}; {wanted}.\nhint: {hint}")


def rows_of(X: Any, name: str = "X") -> Rows:
    """X as an array, sparse rows, or a data frame and its numbers.

    Raises
    ------
    InputError
        For columns or cells that are not numbers, which the message names, and for values that are not tables.
    """
    given, X = X, table_of(X, name)
    if is_annotated(X):
        if X.X is None:
            raise refuse(
                f"{name}: this AnnData has no X",
                "the rows to learn from are read from X",
                "give other rows directly: adata.obsm['X_pca'], adata.layers['counts']",
            )
        values = X.X if sparse.issparse(X.X) else array_of(X.X, f"{name}.X")
        return Rows(values, names=[str(variable) for variable in X.var_names])
    if isinstance(X, nw.DataFrame):
        return Rows(numbers_of(X, name, given), frame=X)
    return Rows(X if sparse.issparse(X) else array_of(X, name))


def table_of(X: Any, name: str = "X") -> Any:
    """X as a narwhals data frame if it is a table; otherwise unchanged."""
    if isinstance(X, (np.ndarray, list, tuple)) or sparse.issparse(X):
        return X
    if is_annotated(X):
        return X.to_memory() if getattr(X, "isbacked", False) else X
    if isinstance(X, (str, bytes)):
        raise refuse(f"{name}: a text was given", "rows are arrays, data frames or lists of texts", f"[{name}] is a list of one document")
    if isinstance(X, (Iterator, Set, Mapping)):
        kind = "generator" if isinstance(X, Iterator) else type(X).__name__
        hint = "pandas.DataFrame(X) makes a table from a dict of columns" if isinstance(X, Mapping) else f"list({name}) makes a list of its rows"
        raise refuse(f"{name}: a {kind} was given", "rows need an order and are read more than once", hint)
    if hasattr(X, "with_format") and hasattr(X, "column_names"):
        X = X.with_format("arrow")[:]
    try:
        frame = nw.from_native(X, pass_through=True)
    except nw.exceptions.DuplicateError:
        names = list(getattr(X, "columns", []))
        twice = sorted({str(column) for column in names if names.count(column) > 1})
        raise refuse(
            f"{name}: several columns are named {', '.join(repr(column) for column in twice)}",
            "column names must be unique",
            f"{name}.loc[:, ~{name}.columns.duplicated()] keeps the first of each name",
        ) from None
    if isinstance(frame, nw.LazyFrame) and not hasattr(X, "__arrow_c_stream__"):
        hint = f"{name}.{'compute' if hasattr(X, 'compute') else 'collect'}() makes a data frame"
        raise refuse(f"{name}: a lazy table was given", "rows are read more than once", hint)
    if (
        not isinstance(frame, nw.DataFrame)
        and not hasattr(X, "__array__")
        and (hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__"))
    ):
        frame = from_arrow(X, name)
    return frame if isinstance(frame, nw.DataFrame) else X


def is_annotated(X: Any) -> bool:
    """Whether X is an AnnData, or has the same attributes."""
    return all(hasattr(X, part) for part in ("X", "obs", "obsm", "var_names"))


def arrow_library(name: str) -> Any:
    """An installed library that reads Arrow arrays."""
    for library in ("pyarrow", "polars"):
        if importlib.util.find_spec(library) is not None:
            return importlib.import_module(library)
    raise refuse(f"{name}: Arrow's data was given", "pyarrow or polars reads it", "pip install pyarrow")


def from_arrow(X: Any, name: str) -> Any:
    """An object with Arrow's C interface as a data frame; an Arrow column unchanged."""
    library = arrow_library(name)
    try:
        if library.__name__ == "polars":
            return nw.from_native(library.DataFrame(X))
        return nw.from_native(
            library.table(X) if hasattr(X, "__arrow_c_stream__") else library.Table.from_batches([library.record_batch(X)])
        )
    except (TypeError, ValueError):
        return X


def plain(X: Any, name: str = "X") -> np.ndarray:
    """Any array-like as a NumPy array of its own type; values are unchanged."""
    if isinstance(X, np.ma.MaskedArray):
        if X.mask is np.ma.nomask or not X.mask.any():
            return X.data
        return (
            X.astype(np.float64).filled(np.nan) if X.dtype.kind in "biuf" else np.where(np.ma.getmaskarray(X), None, X.data.astype(object))
        )
    if isinstance(X, np.ndarray):
        return np.asarray(X)
    if type(X).__module__.partition(".")[0] == "torch":
        X = X.detach().cpu()
        X = X.float() if str(X.dtype) == "torch.bfloat16" else X
    series = nw.from_native(X, series_only=True, allow_series=True, pass_through=True)
    if isinstance(series, nw.Series):
        if isinstance(series.dtype, (nw.List, nw.Array)):
            return stacked(series.to_list(), name)
        if series.dtype == nw.Object and len(series) and not isinstance(series[0], str) and isinstance(series[0], (Sequence, np.ndarray)):
            return stacked(series.to_list(), name)
        return series.to_numpy()
    if hasattr(X, "__arrow_c_array__") or (hasattr(X, "__arrow_c_stream__") and not hasattr(X, "__array__")):
        library = arrow_library(name)
        return plain(
            library.Series(X)
            if library.__name__ == "polars"
            else library.chunked_array(X if hasattr(X, "__arrow_c_stream__") else [library.array(X)]),
            name,
        )
    if hasattr(X, "__array__"):
        return np.asarray(X)
    if hasattr(X, "__dlpack__"):
        return np.from_dlpack(X)
    if isinstance(X, Iterator):
        raise refuse(
            f"{name}: a generator was given", "rows need an order and are read more than once", f"list({name}) makes a list of its rows"
        )
    cells = list(X) if isinstance(X, Sequence) and not isinstance(X, (str, bytes)) else X
    return stacked(cells, name) if isinstance(cells, list) else np.asarray(cells)


def stacked(cells: list[Any], name: str) -> np.ndarray:
    """A list as an array. Texts may have missing cells; rows must have equal lengths."""
    try:
        array = np.asarray(cells)
    except ValueError:
        lengths = [len(row) if hasattr(row, "__len__") and not isinstance(row, str) else 1 for row in cells]
        odd = next((row for row, length in enumerate(lengths) if length != lengths[0]), None)
        if odd is None:
            raise
        raise refuse(
            f"{name}: row {odd} has {lengths[odd]} cells, row 0 has {lengths[0]}",
            "all rows must have the same length",
            f"{{len(row) for row in {name}}} shows the lengths",
        ) from None
    if array.dtype.kind in "USV":
        array = np.empty(len(cells), dtype=object) if array.ndim < 2 else np.array(cells, dtype=object)
        if array.ndim < 2:
            array[:] = cells
    return array


def array_of(X: Any, name: str) -> np.ndarray:
    """X as an array of numbers."""
    given = X
    X = plain(X, name)
    if X.dtype.kind == "V" and X.dtype.names is None:
        # Number types of extensions, such as bfloat16.
        try:
            return X.astype(np.float32)
        except (TypeError, ValueError):
            pass
    if X.dtype.names is not None:
        raise refuse(
            f"{name}: records of {', '.join(X.dtype.names)} were given", "rows are arrays of two axes", f"pandas.DataFrame({name})"
        )
    if X.dtype.kind in "OUST":
        return numbers_of_cells(X, name)
    if X.dtype.kind in "mM":
        what = "dates" if X.dtype.kind == "M" else "durations"
        raise refuse(f"{name}: {what} were given", "rows are numbers", f"({name} - {name}.min()) / numpy.timedelta64(1, 'D') counts days")
    if isinstance(given, np.ma.MaskedArray) and given.mask.any():
        refuse_gaps(X, name, None)
    return X


def numbers_of_cells(X: np.ndarray, name: str) -> np.ndarray:
    """Cells of an object array as numbers, if all are numbers."""
    if X.ndim == 2:
        for column in range(X.shape[1]):
            place = None
            for row, cell in enumerate(X[:, column]):
                if not is_number(cell):
                    place = row, cell
                    break
            if place is not None:
                refuse_cell(*place, f"column {column}", name)
    elif X.ndim == 1:
        for row, cell in enumerate(X):
            if not is_number(cell):
                refuse_cell(row, cell, None, name)
    if X.dtype.kind != "O":
        # No cells to check: the array is empty.
        return X
    if any(isinstance(cell, complex) for cell in X.flat):
        return X.astype(np.complex128)
    return np.array([np.nan if is_missing(cell) else cell for cell in X.flat], dtype=np.float64).reshape(X.shape)


def refuse_cell(row: int, cell: Any, column: str | None, name: str) -> None:
    """Raise the error for a cell that is not a number."""
    place = f"{name}, row {row}" if column is None else f"{name}, row {row}, {column}"
    if isinstance(cell, str):
        try:
            float(cell)
            hint = f"{name}.astype(float) reads numbers that are written as text"
        except ValueError:
            hint = "leave the column out or encode it (OneHotEncoder); a list of texts is read as documents"
        raise refuse(f"{place}: the text {str(cell)!r} was found", "rows are numbers", hint)
    if isinstance(cell, (list, tuple, np.ndarray)):
        raise refuse(
            f"{place}: {brief(cell)} was found", "a cell must be one number", f"numpy.asarray({name}).shape shows the shape; rows have two axes"
        )
    raise TypeError(
        f"{place}: {brief(cell)} was found, a {type(cell).__name__}; the argument must be neither a string nor another object but a number"
    )


def is_number(cell: Any) -> bool:
    """Whether a cell is a number or missing."""
    return is_missing(cell) or (not isinstance(cell, str) and (isinstance(cell, (numbers.Number, np.bool_)) or hasattr(cell, "__float__")))


def is_missing(cell: Any) -> bool:
    """Whether a cell is missing: None, NaN, NaT or pandas' NA."""
    if cell is None:
        return True
    if isinstance(cell, (str, list, tuple, np.ndarray)):
        return False
    try:
        # Only NaN and NaT differ from themselves.
        return bool(cell != cell)
    except TypeError:
        # The truth value of a comparison with pandas' NA raises TypeError.
        return type(cell).__name__ == "NAType"
    except ValueError:
        return False


def brief(cell: Any) -> str:
    """A cell, shortened to 40 characters."""
    text = repr(cell.item() if isinstance(cell, np.generic) else cell)
    return text if len(text) <= 40 else text[:37] + "…"


def numbers_of(frame: nw.DataFrame, name: str, given: Any = None) -> Any:
    """The values of a data frame whose columns are all numeric; ``given`` is the original object."""
    native = frame.to_native()
    if frame.columns and hasattr(native, "sparse") and all(type(kind).__name__ == "SparseDtype" for kind in native.dtypes):
        return native.sparse.to_coo().tocsr()
    found = {column: wrong for column, cells in zip(frame.columns, frame.iter_columns()) if (wrong := why_not(cells)) is not None}
    if found:
        refuse_columns(frame, found, name, given)
    columns = [numbers_of_column(cells) for cells in frame.iter_columns()]
    if not columns:
        return np.empty(frame.shape)
    kinds = {column.dtype for column in columns}
    if len(kinds) == 1 and all(not kind.is_nested() and kind.is_float() for kind in frame.schema.values()):
        # A single block of one type is used without a copy.
        whole = frame.to_numpy()
        if whole.dtype in kinds:
            return whole
    out = np.empty((len(frame), len(columns)), dtype=np.result_type(*kinds), order="F")
    for at, column in enumerate(columns):
        out[:, at] = column
    return out


def numbers_of_column(series: nw.Series) -> np.ndarray:
    """A numeric column as an array; NaN where a cell is missing."""
    if series.dtype == nw.Object:
        return np.array([np.nan if is_missing(cell) else float(cell) for cell in series.to_list()])
    if series.dtype == nw.Boolean:
        series = series.cast(nw.Float32) if series.null_count() else series.cast(nw.UInt8)
    if series.dtype.is_decimal() or (series.null_count() and not series.dtype.is_float()):
        series = series.cast(nw.Float64)
    cells = series.to_numpy()
    return cells if cells.dtype.kind in "biuf" else np.array([np.nan if is_missing(cell) else cell for cell in cells], dtype=np.float64)


def why_not(series: nw.Series) -> tuple[str, str] | None:
    """Why a column cannot be learned from, and its kind; None if it is numeric."""
    kind = series.dtype
    if kind.is_numeric() or kind == nw.Boolean:
        return None
    cells = [cell for cell in series.to_list() if not is_missing(cell)] if kind == nw.Object else series.drop_nulls().head(1000).to_list()
    example = f": {brief(cells[0])}" if cells else ""
    if kind in (nw.Categorical, nw.Enum):
        return categorical(cells), "categorical"
    if kind == nw.String or (kind == nw.Object and cells and all(isinstance(cell, str) for cell in cells)):
        return text(cells)
    if kind.is_nested() and kind != nw.Struct:
        return f"holds lists{example}", "list"
    if kind in (nw.Datetime, nw.Date):
        return f"holds dates: {cells[0]}" if cells else "holds dates", "date"
    if kind == nw.Duration:
        return f"holds durations: {cells[0]}" if cells else "holds durations", "duration"
    if kind == nw.Object:
        if all(is_number(cell) for cell in cells):
            return None
        if all(isinstance(cell, (list, tuple, np.ndarray)) for cell in cells):
            return f"holds lists{example}", "list"
        kinds = {type(cell).__name__ for cell in cells}
        if len(kinds) > 1:
            odd = next(cell for cell in cells if type(cell) is not type(cells[0]))
            return f"is mixed: {brief(cells[0])}, {brief(odd)}", "mixed"
        if hasattr(cells[0], "isoformat"):
            return f"holds dates: {cells[0]}", "date"
    return f"is not numeric but holds {type_name(kind, cells)}{example}", "other"


def type_name(kind: Any, cells: list[Any]) -> str:
    """Name of the type of the cells, for errors."""
    return f"objects of type {type(cells[0]).__name__}" if kind in (nw.Object, nw.Unknown) and cells else f"cells of type {kind}"


def categorical(cells: list[Any]) -> str:
    """Describe a categorical column with up to three of its categories."""
    levels = list(dict.fromkeys(cells))
    shown = ", ".join(brief(level) for level in levels[:3])
    return f"is categorical: {shown}{', …' if len(levels) > 3 else ''}" if levels else "is categorical"


def text(cells: list[str]) -> tuple[str, str]:
    """Describe a column of text: numbers written as text, categories or documents."""
    if not cells:
        return "is empty text", "categorical"
    try:
        [float(cell) for cell in cells]
        return f"is text that holds numbers: {cells[0]!r}", "number"
    except ValueError:
        pass
    if sum(map(len, cells)) > LONG_TEXT * len(cells) and len(set(cells)) > len(cells) / 2:
        return f"is text: {brief(cells[0])}", "text"
    return categorical(cells), "categorical"


#: Hints by the kind of the column.
HELP = {
    "categorical": "leave it out or encode it (OneHotEncoder)",
    "text": "leave it out, or learn from it alone as a list of texts",
    "number": "leave it out or turn it into numbers (pandas.to_numeric)",
    "date": "leave it out or turn it into numbers, such as days since the first date",
    "duration": "leave it out or turn it into numbers, such as seconds",
    "list": "leave it out, or learn from it alone: numpy.stack makes rows from lists of equal length",
    "mixed": "leave it out or give all its cells one type",
    "other": "leave it out or turn it into numbers",
}


def refuse_columns(frame: nw.DataFrame, found: Mapping[str, tuple[str, str]], name: str, given: Any) -> None:
    """Raise the error for columns that are not numeric."""
    told = "; ".join(f"column '{column}' {why}" for column, (why, _) in list(found.items())[:NAMED])
    if len(found) > NAMED:
        told += f"; and {len(found) - NAMED} more columns"
    columns = list(found) if len(found) <= NAMED else [*list(found)[:NAMED], "…"]
    drop = {"polars": f"{name}.drop({columns})", "pyarrow": f"{name}.drop_columns({columns})"}
    if hasattr(given, "remove_columns"):
        drop = {"pyarrow": f"{name}.remove_columns({columns})"}
    drop_them = drop.get(frame.implementation.name.lower(), f"{name}.drop(columns={columns})")
    first = HELP[next(iter(found.values()))[1]]
    raise refuse(
        f"{name}: {told}", "rows are learned from numbers", f"{first}; {drop_them} leaves {'it' if len(found) == 1 else 'them'} out"
    )


def refuse_negative(values: Any, name: str, names: Sequence[Any] | None, counts: bool) -> None:
    """Refuse cells below 0, which are no counts, or no sums of parts; the error names the first."""
    cells = values.data if sparse.issparse(values) else values
    if cells.dtype.kind not in "fi" or cells.size == 0 or not (cells < 0).any():
        return
    row, column = (int(places[0]) for places in (values < 0).nonzero())
    place = f"{name}, row {row}, column " + (f"'{names[column]}'" if names is not None else str(column))
    wanted, hint = "Negative values in data are not counts", "counts of words and weights of words, such as tf-idf, are 0 or more"
    if not counts:
        wanted, hint = "Negative values in data are no sums of non-negative parts", "leave the rows unscaled, or use PCA"
    raise refuse(f"{place}: {values[row, column]:g} was found", wanted, hint)


def refuse_gaps(values: Any, name: str, names: Sequence[Any] | None) -> None:
    """Refuse cells that are not finite 32-bit numbers; the error names the first."""
    cells = values.data if sparse.issparse(values) else values
    if cells.dtype.kind != "f" or cells.size == 0:
        return
    # Dense columns are scaled as they are read; sparse cells are stored in 32 bits.
    most = np.finfo(np.float32).max if sparse.issparse(values) else 1e150
    # A finite sum means that all cells are finite; only 64-bit numbers can be too large.
    with np.errstate(all="ignore"):
        if np.isfinite(cells.sum()) and (cells.dtype.itemsize <= 4 or -most <= cells.min() <= cells.max() <= most):
            return
        bad = ~(np.abs(cells) <= most)
    if not bad.any():
        return
    if sparse.issparse(values):
        coo = values.tocoo()
        at = int(np.flatnonzero(~(np.abs(coo.data) <= most))[0])
        row, column, cell = int(coo.row[at]), int(coo.col[at]), coo.data[at]
    else:
        row, column = ([int(place) for place in np.argwhere(bad)[0]] + [0])[:2]
        cell = values[row, column] if values.ndim > 1 else values[row]
    place = f"{name}, row {row}, column " + (f"'{names[column]}'" if names is not None else str(column))
    if np.isnan(cell):
        hint = "sklearn.impute.SimpleImputer imputes missing cells; or leave the row or the column out"
        raise refuse(f"{place}: a cell is missing (NaN)", "each cell must be a finite number", hint)
    what = "infinity (inf)" if np.isinf(cell) else f"{cell:g}"
    hint = f"numpy.clip({name}, -1e30, 1e30) limits all cells; or leave the row or the column out"
    largest = "3.4e38" if sparse.issparse(values) else "1e150"
    raise refuse(f"{place}: {what} was found", f"each cell must be a finite number up to {largest}", hint)
