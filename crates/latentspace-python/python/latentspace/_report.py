"""Results of analyses: dictionaries and lists that a notebook shows as tables."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple


class Measure(NamedTuple):
    """A measure of a space or map: its value, its 95 % confidence interval, and its null, the score of random data."""

    value: float
    low: float
    high: float
    null: float | None


class Measures(dict[str, Measure]):
    """Measures by name. ``report`` is everything that the command prints with ``--json``, ``sentences`` say what the numbers mean."""

    def __init__(self, measures: Any = (), report: dict[str, Any] | None = None) -> None:
        super().__init__(measures)
        self.report: dict[str, Any] = report or getattr(measures, "report", {})

    @property
    def sentences(self) -> list[str]:
        """What the numbers mean."""
        return list(self.report.get("sentences", []))

    def _repr_html_(self) -> str:
        rows = [(name.replace("_", " "), number(m.value), interval(m), number(m.null)) for name, m in self.items()]
        told = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in self.sentences)
        return table(("measure", "value", "95 % interval", "random"), rows) + told


class Report(dict[str, Any]):
    """A report, as the command prints it with ``--json``."""

    def _repr_html_(self) -> str:
        tables = [(name, value) for name, value in self.items() if is_table(value)]
        single = [(name.replace("_", " "), shown(value)) for name, value in self.items() if not is_table(value) and shown(value)]
        return table(("", ""), single) + "".join(f"<h4>{html.escape(name)}</h4>{of_rows(rows)}" for name, rows in tables)


class Explanation(list[dict[str, Any]]):
    """What each dimension means: one dictionary per dimension, as ``latent explain --json`` prints them."""

    def _repr_html_(self) -> str:
        rows = [{name: short(value) for name, value in dimension.items() if name != "warnings"} for dimension in self]
        warnings = self[0].get("warnings", []) if self else []
        return of_rows(rows) + "".join(f"<p>{html.escape(warning)}</p>" for warning in warnings)


def measures_of(told: str) -> Measures:
    """Measures by name, from JSON; everything else goes to the report."""
    report = json.loads(told)
    named = {name: m for name, m in report.items() if isinstance(m, dict) and {"value", "low", "high"} <= m.keys()}
    return Measures({name: Measure(m["value"], m["low"], m["high"], m.get("null")) for name, m in named.items()}, report)


def number(value: float | None) -> str:
    """A number with about four significant digits."""
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def interval(measure: Measure) -> str:
    """The interval of a measure; nothing if it is exact."""
    return "" if measure.low == measure.high else f"{number(measure.low)} to {number(measure.high)}"


def is_table(value: Any) -> bool:
    """Whether a value is a list of dictionaries."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def shown(value: Any) -> str:
    """A value in a cell."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, dict) and "value" in value:
        return number(value["value"])
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(part) for part in value)
    return str(value)


def short(value: Any) -> str:
    """A list of words, columns or rows with their values, as one line."""
    if not is_table(value):
        return shown(value)
    return ", ".join(" ".join(shown(part) for part in list(row.values())[:2]) for row in value[:5])


def of_rows(rows: Sequence[dict[str, Any]]) -> str:
    """A table of dictionaries with the same names."""
    names = list(dict.fromkeys(name for row in rows for name in row if any(shown(other.get(name)) for other in rows)))
    return table([name.replace("_", " ") for name in names], [[shown(row.get(name)) for name in names] for row in rows])


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in HTML."""
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
