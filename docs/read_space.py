#!/usr/bin/env python3
"""Reader of space files (docs/space-format.md) that needs only numpy; nothing in a file is executed.

    python3 docs/read_space.py SPACE              # its description, and the coordinates of a map as csv
    python3 docs/read_space.py SPACE ROWS.csv     # the codes of new rows (.csv, .npy), as csv

It encodes new rows for linear spaces (pca). For maps, use `latent encode`.
"""

import csv
import json
import os
import struct
import sys

import numpy as np

FORMAT = 1
MAX_HEADER = 100_000_000
TYPES = {"F32": "<f4", "F64": "<f8", "U32": "<u4", "U8": "u1"}
NOTHING = {"", "na", "n/a", "nan", "null", "none", "?", ".", "-", "--"}


class Refused(ValueError):
    """An invalid file or invalid rows; the message gives the reason."""


class Space:
    """A space file: `document` as described in docs/space-format.md, `tensors` by name."""

    def __init__(self, path):
        size = os.path.getsize(path)
        with open(path, "rb") as file:
            length = int.from_bytes(file.read(8), "little") if size >= 8 else 0
            if not 0 < length <= min(MAX_HEADER, size - 8):
                raise Refused(f"{path}: this is not a space file: its first 8 bytes give a header of {length} bytes")
            try:
                header = json.loads(file.read(length))
                self.document = json.loads(header.pop("__metadata__")["latentspace"])
                version = self.document["format"]
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise Refused(f"{path}: this is not a space file: its header cannot be read ({error!r})") from None
            if version != FORMAT:
                raise Refused(f"{path}: format {version}; this program reads format {FORMAT}")
            places = self._places(path, header, size - 8 - length)
            body = file.read()
        self.tensors = {}
        for name, (kind, shape, begin, _) in places.items():
            count = int(np.prod(shape, dtype=object))
            tensor = np.frombuffer(body, TYPES[kind], count, begin).reshape(shape)
            if kind in ("F32", "F64") and not np.isfinite(tensor).all():
                raise Refused(f"{path}: the tensor '{name}' holds NaN or infinity")
            self.tensors[name] = tensor

    @staticmethod
    def _places(path, header, size):
        """Check type, shape and offsets of each tensor against each other and the size of the file, before any is created."""
        places = {}
        for name, tensor in header.items():
            try:
                kind, shape, (begin, end) = tensor["dtype"], tensor["shape"], tensor["data_offsets"]
                whole = all(type(n) is int and 0 <= n for n in [*shape, begin, end])
                count = int(np.prod(shape, dtype=object))
                if not whole or end - begin != count * np.dtype(TYPES[kind]).itemsize:
                    raise ValueError("its type, shape and place do not fit each other")
            except (ValueError, KeyError, TypeError) as error:
                raise Refused(f"{path}: the tensor '{name}': {error!r}") from None
            places[name] = (kind, shape, begin, end)
        at = 0
        for _, _, begin, end in sorted(places.values(), key=lambda place: place[2:]):
            if begin != at:
                raise Refused(f"{path}: its tensors overlap or leave gaps")
            at = end
        if at != size:
            raise Refused(f"{path}: it holds {size} bytes of numbers, and {at} were promised")
        return places

    @property
    def method(self):
        return self.document["method"]

    def map(self):
        """Codes of the fitted rows, `[n, k]`, and their metadata columns by name; None if the space keeps no rows."""
        if "map" not in self.tensors:
            return None
        codes, metadata = self.tensors["map"], self.tensors.get("metadata")
        return codes, {} if metadata is None else arrow_columns(metadata.tobytes(), len(codes))

    def prepare(self, rows):
        """Prepared rows, float32 `[n, columns]`, from the columns of a table by name, or from an array."""
        told = self.document["preparation"]
        numbers = told["columns"] - len(told.get("categories", []))
        if told["kind"] == "table":
            lacking = [name for name in names(told) if name not in rows]
            if lacking:
                raise Refused(f"rows: no column '{lacking[0]}'; this space needs it")
            table = np.array([[number(cell) for cell in rows[name]] for name in told["names"]]).T
        elif told["kind"] in ("array", "images", "counts"):
            table = np.asarray(rows, np.float64).reshape(len(rows), -1)
        else:
            raise Refused(f"this reader does not prepare {told['kind']}")
        if table.shape[1:] != (numbers,):
            raise Refused(f"rows: {table.shape[-1]} columns; this space takes {numbers}")
        row = lambda key, default: np.array([float(text) for text in told.get(key, [])] or [default] * numbers)
        offsets, scales, centers, spreads = row("offsets", 0), row("scales", 1), row("centers", 0), row("spreads", 1)
        if told["kind"] == "images":
            table = (table / 255).astype(np.float32)
        else:
            table = ((table - offsets) / scales).astype(np.float32)
        prepared = ((table.astype(np.float64) * scales + (offsets - centers)) / spreads).astype(np.float32)
        missing = np.isnan(table)
        if "fills" in told:
            prepared = np.where(missing, ((row("fills", 0) - centers) / spreads).astype(np.float32), prepared)
        parts = [prepared]
        for category in told.get("categories", []):
            parts.append(levels(category, rows[category["name"]]))
        prepared = np.concatenate(parts, axis=1)
        if not np.isfinite(prepared).all():
            raise Refused("rows: a cell is missing or infinite; this space takes numbers alone")
        return prepared

    def encode(self, rows):
        """Encode rows: their codes, `[n, k]`."""
        if self.method != "pca":
            raise Refused(f"this reader does not encode by {self.method}: `latent encode` does")
        mean, components, variances = (self.tensors[name] for name in ("mean", "components", "variances"))
        if components.shape != variances.shape + mean.shape or mean.shape != (self.document["columns"],):
            raise Refused("the tensors of this space do not fit each other")
        centred = (self.prepare(rows).astype(np.float64) - mean).astype(np.float32)
        codes = centred.astype(np.float64) @ components.T.astype(np.float64)
        if self.document["model"]["whiten"]:
            codes /= np.sqrt(np.where(variances > 0, variances, 1))
        return codes.astype(np.float32)


def names(preparation):
    """The columns of a table that a preparation needs."""
    return preparation["names"] + [category["name"] for category in preparation.get("categories", [])]


def number(cell):
    """A cell as a number; NaN where it is missing."""
    if isinstance(cell, str):
        return float("nan") if cell.strip().lower() in NOTHING else float(cell)
    return float("nan") if cell is None else float(cell)


def levels(category, cells):
    """One-hot encoding of a column of categories: a column of 0 and 1 for each level."""
    known = {level: at for at, level in enumerate(category["levels"])}
    fills = [float(text) for text in category.get("fills", [])] or [float("nan")] * len(known)
    out = np.zeros((len(cells), len(known)), np.float32)
    for row, cell in enumerate(cells):
        if cell is None or str(cell).strip().lower() in NOTHING:
            out[row] = fills
        elif cell in known:
            out[row, known[cell]] = 1
        else:
            raise Refused(f"rows: row {row + 1}, {category['name']}: the level '{cell}'; this space knows {', '.join(known)}")
    return out


class Flat:
    """A table of a flatbuffer: its fields by number. An offset outside the bytes raises struct.error or IndexError."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - self.read("<i", at)

    def read(self, kind, at):
        if at < 0:
            raise IndexError(at)
        return struct.unpack_from(kind, self.data, at)[0]

    def place(self, field):
        """Position of a field; None if it has its default."""
        size = self.read("<H", self.fields)
        offset = self.read("<H", self.fields + 4 + 2 * field) if 4 + 2 * field < size else 0
        return self.at + offset if offset else None

    def value(self, field, kind, default=0):
        at = self.place(field)
        return default if at is None else self.read(kind, at)

    def table(self, field):
        at = self.place(field)
        return None if at is None else Flat(self.data, at + self.read("<I", at))

    def text(self, field):
        at = self.place(field)
        if at is None:
            return ""
        at += self.read("<I", at)
        return bytes(self.data[at + 4 : at + 4 + self.read("<I", at)]).decode()

    def places(self, field, size):
        """Positions of the items of a vector."""
        at = self.place(field)
        if at is None:
            return []
        at += self.read("<I", at)
        count = self.read("<I", at)
        if count > len(self.data):
            raise IndexError(count)
        return [at + 4 + size * item for item in range(count)]

    def tables(self, field):
        return [Flat(self.data, at + self.read("<I", at)) for at in self.places(field, 4)]


def arrow_columns(data, rows):
    """The columns of an Arrow IPC stream of one batch of `rows` rows, by name, each a list with None where a cell is missing."""
    try:
        schema, _, at = arrow_message(data, 0)
        batch, body, _ = arrow_message(data, at)
        if batch.value(0, "<q") != rows:
            raise ValueError(f"{batch.value(0, '<q')} rows; the map has {rows}")
        nodes = batch.places(1, 16)
        buffers = np.maximum([struct.unpack_from("<qq", batch.data, place) for place in batch.places(2, 16)], 0)
        buffers = iter([bytes(body[begin : begin + length]) for begin, length in buffers.tolist()])
        columns = {}
        for field, node in zip(schema.tables(1), nodes, strict=True):
            columns[field.text(0)] = arrow_column(field, rows, batch.read("<q", node + 8), buffers)
        return columns
    except (struct.error, IndexError, ValueError, TypeError, StopIteration) as error:
        raise Refused(f"metadata: no Arrow stream of plain columns ({error!r})") from None


def arrow_message(data, at):
    """The header and body of a message, and the start of the next one."""
    mark, length = struct.unpack_from("<Ii", data, at)
    head = memoryview(data)[at + 8 : at + 8 + length]
    if mark != 0xFFFFFFFF or length <= 0:
        raise ValueError("a message does not begin as it must")
    message = Flat(head, struct.unpack_from("<I", head, 0)[0])
    end = at + 8 + length + max(0, message.value(3, "<q"))
    return message.table(2), memoryview(data)[at + 8 + length : end], end


def arrow_column(field, rows, missing, buffers):
    """The cells of a column. Dates and times are numbers in their unit, as in Arrow."""
    kind, told = field.value(2, "B"), field.table(3)
    bits = next(buffers)
    valid = np.unpackbits(np.frombuffer(bits, "u1"), bitorder="little")[:rows] if missing else np.ones(rows)
    if kind == 5:
        places, text = np.frombuffer(next(buffers), "<i4"), next(buffers)
        cells = [text[places[row] : places[row + 1]].decode() for row in range(rows)]
    elif kind == 6:
        cells = np.unpackbits(np.frombuffer(next(buffers), "u1"), bitorder="little")[:rows].astype(bool).tolist()
    else:
        number = {
            2: lambda: f"<{'i' if told.value(1, 'B') else 'u'}{told.value(0, '<i') // 8}",
            3: lambda: ["<f2", "<f4", "<f8"][told.value(0, "<h")],
            8: lambda: "<i4" if told.value(0, "<h", 1) == 0 else "<i8",
            10: lambda: "<i8",
        }.get(kind)
        if number is None:
            raise ValueError(f"the column '{field.text(0)}' has the type {kind}")
        cells = np.frombuffer(next(buffers), number())[:rows].tolist()
    if len(cells) != rows or len(valid) != rows:
        raise ValueError(f"the column '{field.text(0)}' has {len(cells)} cells of {rows}")
    return [cell if there else None for cell, there in zip(cells, valid, strict=True)]


def read_rows(path):
    """New rows: the columns of a .csv file by name, or an array."""
    if str(path).endswith(".npy"):
        return np.load(path, allow_pickle=False)
    with open(path, newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    return {name: [row[at] for row in rows] for at, name in enumerate(head)}


def write_csv(codes, columns):
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([f"z{at}" for at in range(codes.shape[1])] + list(columns))
    for row, code in enumerate(codes):
        out.writerow([str(value) for value in code] + ["" if cells[row] is None else cells[row] for cells in columns.values()])


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.split("\n\n")[1])
    space = Space(sys.argv[1])
    if len(sys.argv) == 3:
        return write_csv(space.encode(read_rows(sys.argv[2])), {})
    told = space.document
    print(f"{space.method} of {told['rows']} x {told['columns']}, {told['n_components']} dimensions, seed {told['seed']}")
    for what in ("params", "facts"):
        print(f"{what}: " + ", ".join(f"{name} {value}" for name, value in told[what].items()))
    for name, measure in told["measures"].items():
        print(f"{name}: {measure['value']:.4g} ({measure['low']:.4g} to {measure['high']:.4g}; noise {measure['null']})")
    print("preparation: " + "; ".join(told["preparation"]["told"]))
    if (found := space.map()) is not None:
        write_csv(*found)


if __name__ == "__main__":
    try:
        main()
    except (Refused, OSError) as error:
        sys.exit(f"error: {error}")
