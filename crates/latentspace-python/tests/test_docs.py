"""Docstrings, as numpydoc has them: help, hover and documents say the same."""

from __future__ import annotations

import doctest
import inspect
import re

import latentspace
import pytest
from latentspace import Space

CLASSES = [getattr(latentspace, method["class"]) for method in latentspace.METHODS]
SECTIONS = ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]


def sections(text: str) -> dict[str, str]:
    """The sections of a docstring by their titles."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(text), flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2]))}


def entries(section: str) -> list[str]:
    """The names of a section's entries."""
    return [name.lstrip("*") for line in re.findall(r"^(\*{0,2}\w[\w, ]*?) ?(?:: .*)?$", section, re.M) for name in line.split(", ")]


def functions() -> list:
    found = [(cls, name, member) for cls in [*CLASSES, Space] for name, member in inspect.getmembers(cls)
             if not name.startswith("_") and (inspect.isfunction(member) or inspect.ismethod(member))
             and (inspect.getmodule(member) or latentspace).__name__.startswith("latentspace")]
    return [pytest.param(member, id=f"{cls.__name__}.{name}") for cls, name, member in found]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_documents_all_that_it_has(cls):
    told = sections(cls.__doc__)
    missing = [title for title in SECTIONS if title not in told]
    assert missing in ([], ["Notes"])
    assert told[""].strip().endswith(".")
    assert entries(told["Parameters"]) == list(inspect.signature(cls).parameters)
    attributes = [told["name"] for told in cls._description["attributes"] if not told["name"].endswith("()")]
    assert entries(told["Attributes"])[: len(attributes)] == attributes
    assert "doi:" in told["References"] or "JMLR" in told["References"]


@pytest.mark.parametrize("function", functions())
def test_a_function_documents_its_parameters_and_what_it_returns(function):
    told = sections(function.__doc__)
    parameters = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    assert entries(told.get("Parameters", "")) == parameters
    assert told[""].strip()
    if inspect.signature(function).return_annotation not in (None, "None"):
        assert "Returns" in told


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_example_of_a_class_runs(cls):
    test = doctest.DocTestParser().get_doctest(cls.__doc__, {}, cls.__name__, None, None)
    assert test.examples
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test)
    assert runner.failures == 0


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_source_of_a_class_is_what_help_says(cls):
    source = inspect.getsource(cls)
    assert source.startswith(f"class {cls.__name__}(") and "self._take(others)" in source
    assert all(f"{name}: " in source for name in inspect.signature(cls).parameters)
    assert cls.__doc__.splitlines()[0] in source
