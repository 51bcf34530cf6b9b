"""Generate the Python estimators and the tables in docs/python.md from the registry's description."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import latentspace
from latentspace import _native

PACKAGE = Path(__file__).resolve().parents[1] / "python/latentspace"

HEAD = '''"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

'''

#: The options of a preparation, and those of text.
OPTIONS: dict[str, list[dict]] = json.loads(_native.options())

#: Parameters that every estimator has: name, type, default, what it is.
COMMON = [
    ("random_state", "int | np.random.RandomState | np.random.Generator | None", None, "int, RandomState, Generator or None",
     "Random seed. Equal seeds give equal bytes, for any number of threads. None means 0; a generator draws a seed."),
    ("n_jobs", "int | None", None, "int or None", "Number of threads. None and -1: all cores, or 1 inside a joblib worker."),
    ("verbose", "bool | int", False, "bool", "Show notes and progress."),
    ("max_memory", "int | str | None", None, "int, str or None",
     "Memory limit in bytes, or a size such as '4G': a fit that would exceed it is refused with what would fit."),
]

#: Attributes that every estimator has: name, type, what it is.
EVERYWHERE = [
    ("space_", "Space", "The fitted space. Its file has the bytes that `latent fit` writes."),
    ("measures_", "Measures", "Measures of the space, computed when first read."),
    ("n_features_in_", "int", "Number of columns of the rows."),
    ("feature_names_in_", "ndarray of str", "Names of the columns, if the rows were a data frame."),
]

WIDTH = 132


def item(head: str, text: str) -> str:
    """An entry of a section of numpydoc."""
    return head + "\n" + textwrap.fill(text, WIDTH - 4, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def section(title: str, entries: list[str]) -> list[str]:
    """A section of numpydoc; none without entries."""
    return ["", title, "-" * len(title), *entries] if entries else []


def hint(parameter: dict) -> str:
    """The type of a parameter, for type checkers."""
    words = [repr(word) for word in (parameter["choices"] or []) + parameter["words"]]
    literal = [f"Literal[{', '.join(words)}]"] if words else []
    return " | ".join(([] if parameter["kind"] == "choice" else [parameter["kind"]]) + literal)


def kind(parameter: dict) -> str:
    """The type of a parameter, for docstrings."""
    words = [repr(word) for word in (parameter["choices"] or []) + parameter["words"]]
    kinds = [] if parameter["kind"] == "choice" else [parameter["kind"]]
    return " or ".join(kinds + ([f"{{{', '.join(words)}}}"] if len(words) > 1 else words))


def option_type(option: dict) -> str:
    """The type of an option, for type checkers."""
    words = [repr(word) for word in (option["choices"] or []) + option["words"]]
    kinds = [f"Literal[{', '.join(words)}]"] if words else []
    kinds += [] if option["kind"] == "choice" else [option["kind"]]
    return " | ".join(kinds + (["None"] if option["default"] is None else []))


def option_doc(option: dict) -> str:
    """What an option does, and its default."""
    default = option["unset"] or (option["default"] if isinstance(option["default"], str) else None)
    return option["doc"] + (f" Default: {default}." if default else "")


def options() -> str:
    """The text of the module of options."""
    text = '"""Options of a preparation and of text. Generated from their description by `UPDATE=1 make python-test`."""\n\n'
    text += "from typing import Literal, TypedDict\n\n"
    for option in OPTIONS["preparation"]:
        words = ", ".join(repr(word) for word in option["choices"])
        text += f"#: {option_doc(option)}\n{option['name'].capitalize()} = Literal[{words}]\n"
    text += '\n\nclass TextOptions(TypedDict, total=False):\n    """Which words of text are counted: options by their names."""\n'
    for option in OPTIONS["text"]:
        doc = textwrap.fill(option_doc(option), WIDTH, initial_indent="    #: ", subsequent_indent="    #: ", break_on_hyphens=False)
        text += f"\n{doc}\n    {option['name']}: {option_type(option)}\n"
    return text


def option_entries(indent: str) -> dict[str, str]:
    """The entries of options in docstrings of numpydoc, by name."""
    entries = {}
    for option in OPTIONS["preparation"]:
        words = ", ".join(repr(word) for word in option["choices"])
        entries[option["name"]] = item(f"{option['name']} : {{{words}}}, optional", option_doc(option)) + "\n"
    lines = ["text : TextOptions, optional", '    Which words are counted, by the names of the command line: ``{"stop_words": "german", "min_df": 2}``.', ""]
    for option in OPTIONS["text"]:
        text = f"- ``{option['name']}``: {option_doc(option)}"
        lines.append(textwrap.fill(text, WIDTH - len(indent), initial_indent="    ", subsequent_indent="      ", break_on_hyphens=False))
    entries["text"] = "\n".join([*lines, "", "    A row that is a list of words is counted as these words."]) + "\n"
    return {name: textwrap.indent(entry, indent) for name, entry in entries.items()}


def documented(name: str) -> str:
    """A module's text, with the entries of options in its docstrings from their description."""
    text = (PACKAGE / name).read_text(encoding="utf-8")

    def entry(found: re.Match) -> str:
        indent, option, body, blank = found.groups()
        as_elsewhere = body.strip().startswith("As for")
        return found[0] if as_elsewhere else option_entries(indent)[option] + blank

    names = "|".join(option_entries(""))
    return re.sub(rf"(?m)^( +)({names}) : .*, optional\n((?:\1 .*\n|\n(?=\1 ))+)(\n*)", entry, text)


def is_function(attribute: dict) -> bool:
    return attribute["name"].endswith("()")


def shape(attribute: dict) -> str:
    """The type and shape of an attribute."""
    if not attribute["shape"]:
        return "number"
    return "sparse array of shape [n, n]" if "sparse" in attribute["shape"] else f"ndarray of shape {attribute['shape']}"


def example(method: dict) -> list[str]:
    """A short example that runs as written."""
    table, chosen = "table" in method["takes"], any(p["name"] == "n_components" for p in method["parameters"])
    data = ("random.normal(size=(200, 6))" if method["signs"] == "any" else "random.uniform(size=(200, 6))") if table else "random.poisson(0.3, size=(200, 30))"
    lines = [
        ">>> import numpy as np",
        f">>> from latentspace import {method['class']}",
        ">>> random = np.random.default_rng(0)",
        f">>> X = {data}",
        f">>> estimator = {method['class']}({'n_components=2' if chosen else ''})",
        ">>> estimator.fit_transform(X).shape",
        f"(200, {2 if chosen else 1})",
    ]
    if method["encodes"]:
        lines += [">>> estimator.transform(X[:5]).shape", f"(5, {2 if chosen else 1})"]
    return lines


def document(method: dict) -> str:
    """The docstring of a class."""
    parts = [f"{method['title']}: {method['summary']}."]
    entries = []
    for p in method["parameters"]:
        allowed = p["allowed"][0].upper() + p["allowed"][1:]
        entries.append(item(f"{p['name']} : {kind(p)}, default={p['default']!r}", f"{p['doc']} {allowed}."))
    entries += [item(f"{name} : {told}, default={default!r}", text) for name, _, default, told, text in COMMON]
    parts += section("Parameters", entries)
    own = [item(f"{a['name']} : {shape(a)}", a["doc"]) for a in method["attributes"] if not is_function(a)]
    parts += section("Attributes", own + [item(f"{name} : {told}", text) for name, told, text in EVERYWHERE])
    kin = [other for other in latentspace.METHODS if other["family"] == method["family"] and other is not method]
    see = [f"{other['class']} : {other['title']}: {other['summary']}." for other in kin]
    if method["peer"]:
        see.append(f"{method['peer']['class']} : The corresponding class.")
    parts += section("See Also", see or ["latentspace.Space : The fitted space, as an object and as a file."])
    notes = [textwrap.fill(f"- {limit}", WIDTH, subsequent_indent="  ") for limit in method["limits"]]
    parts += section("Notes", notes)
    references = [textwrap.fill(f".. [{at}] {text}", WIDTH, subsequent_indent="   ", break_on_hyphens=False) for at, text in enumerate(method["references"], 1)]
    parts += section("References", references)
    parts += section("Examples", example(method))
    return "\n".join(parts) + "\n"


def attribute(told: dict) -> str:
    """An attribute of a class, as a property or a method."""
    name = told["name"].removesuffix("()")
    # An attribute may be missing after some fits: no narrower type fits.
    type_ = "Any" if not told["shape"] or "sparse" in told["shape"] else "np.ndarray"
    first = "" if is_function(told) else "    @property\n"
    docs = told["doc"]
    if is_function(told):
        docs += f"\n\n        Returns\n        -------\n        {shape(told)}\n            {told['doc']}\n        "
    return f'\n{first}    def {name}(self) -> {type_}:\n        """{docs}"""\n        return self._attribute("{told["name"]}")\n'


def bases(method: dict) -> list[str]:
    has = [
        ("TellsRows", method["likelihood"] == "rows"),
        ("TellsWords", method["likelihood"] == "words"),
        ("Decodes", method["decodes"]),
        ("Folds", method["parts"]),
    ]
    return [base for base, it_has in has if it_has] + ["Encodes" if method["encodes"] else "Estimator"]


def stub() -> str:
    """The text of ``__init__.pyi``: the lazily imported names, for type checkers."""
    places = [
        ("_analysis", ["compare", "describe", "dimension", "explain", "fit", "measure", "neighbors", "plan", "stability", "sweep"]),
        ("_explore", ["Explorer", "explore"]),
        ("_methods", [method["class"] for method in latentspace.METHODS]),
        ("_native", ["InputError", "ParamError"]),
        ("_observations", ["Observations", "read"]),
        ("_options", ["TextOptions"]),
        ("_progress", ["LatentspaceWarning"]),
        ("_report", ["Explanation", "Measure", "Measures", "Report"]),
        ("_space", ["Space"]),
    ]
    text = "# Generated from the registry's description by `UPDATE=1 make python-test`.\nfrom typing import Any\n\n"
    for place, names in places:
        text += f"from .{place} import (\n" + "".join(f"    {name} as {name},\n" for name in names) + ")\n"
    return text + "\n__version__: str\nMETHODS: list[dict[str, Any]]\n"


def place(method: dict) -> str:
    """The name of a method's module."""
    return method["name"].replace("-", "_")


def module(method: dict) -> str:
    """The text of a method's module."""
    text = HEAD + f"from .._estimator import {', '.join(['DESCRIBED', *sorted(bases(method))])}\n"
    text += f"\n\nclass {method['class']}({', '.join(bases(method))}):\n"
    body = textwrap.indent(document(method), "    ")
    text += f'    r"""{body.lstrip()}    """\n\n    _description = DESCRIBED["{method["name"]}"]\n\n'
    own = [(p["name"], hint(p), p["default"]) for p in method["parameters"]]
    parameters = own + [(name, allowed, default) for name, allowed, default, *_ in COMMON]
    text += "    def __init__(\n        self,\n"
    for position, (name, allowed, default) in enumerate(parameters):
        # As in scikit-learn: only the first parameter is positional.
        text += "        *,\n" if position == 1 else ""
        text += f"        {name}: {allowed} = {default!r},\n"
    text += '        **others: Any,\n    ) -> None:\n        """Store the parameters; fit checks them."""\n'
    text += "".join(f"        self.{name} = {name}\n" for name, *_ in parameters)
    text += "        self._take(others)\n"
    return text + "".join(attribute(told) for told in method["attributes"])


def package() -> str:
    """The text of the package of the methods."""
    text = '"""A class for each method of the registry. Generated from its description by `UPDATE=1 make python-test`."""\n\n'
    return text + "".join(f"from .{place(method)} import {method['class']} as {method['class']}\n" for method in latentspace.METHODS)


def modules() -> dict[str, str]:
    """The generated texts, by their paths in the package."""
    methods = {f"_methods/{place(method)}.py": module(method) for method in latentspace.METHODS}
    with_options = {name: documented(name) for name in ("_estimator.py", "_observations.py")}
    return {"__init__.pyi": stub(), "_methods/__init__.py": package(), "_options.py": options(), **with_options, **methods}


def peers() -> str:
    """The table of attributes, with the comparable class of another library."""
    lines = ["| class | comparable class | attributes and methods | not available |", "|---|---|---|---|"]
    for method in latentspace.METHODS:
        peer = method["peer"] or {"class": "", "lacks": []}
        has = [f"`{told['name']}`" for told in method["attributes"]]
        has += ["`score()`", "`score_samples()`"] if method["likelihood"] == "rows" else []
        has += ["`score()`", "`perplexity()`", "`topics()`"] if method["likelihood"] == "words" else []
        lacks = [f"`{name}`: {why}" for name, why in peer["lacks"]]
        beside = f"`{peer['class']}`" if peer["class"] else ""
        lines.append(f"| `{method['class']}` | {beside} | {', '.join(has)} | {'<br>'.join(lacks)} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    """Write the modules, in the source tree and in the installed package."""
    texts = modules()
    for package in (PACKAGE, Path(latentspace.__file__).parent):
        (package / "_methods").mkdir(exist_ok=True)
        for file in (package / "_methods").glob("*.py"):
            if f"_methods/{file.name}" not in texts:
                file.unlink()
        for name, text in texts.items():
            (package / name).write_text(text, encoding="utf-8")
