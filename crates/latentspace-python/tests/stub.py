"""The stub of the package, made from the registry's description."""

from __future__ import annotations

import latentspace

HEAD = '''# Made from the registry's description: `UPDATE=1 make python-test` rewrites it.
from typing import Any, Literal

import numpy as np

from ._estimator import Decodes, Encodes, Estimator, Folds
from ._explore import Explorer as Explorer, explore as explore
from ._native import InputError as InputError, ParamError as ParamError
from ._observations import Observations as Observations, read as read
from ._space import Measure as Measure, Space as Space

__version__: str
METHODS: list[dict[str, Any]]
'''


def kind(parameter: dict) -> str:
    words = [repr(word) for word in (parameter["choices"] or []) + parameter["words"]]
    literal = [f"Literal[{', '.join(words)}]"] if words else []
    return " | ".join(([] if parameter["kind"] == "choice" else [parameter["kind"]]) + literal)


def stub() -> str:
    """The text of ``__init__.pyi``."""
    text = HEAD
    for method in latentspace.METHODS:
        bases = [base for base, has in (("Decodes", method["decodes"]), ("Folds", method["folds"])) if has]
        bases.append("Encodes" if method["encodes"] else "Estimator")
        text += f"\nclass {method['class']}({', '.join(bases)}):\n"
        text += f'    """{method["title"]}: {method["summary"]}."""\n\n'
        own = [(p["name"], kind(p), repr(p["default"])) for p in method["parameters"]]
        common = [
            ("random_state", "int | np.random.RandomState | np.random.Generator | None", "None"),
            ("n_jobs", "int | None", "None"),
            ("verbose", "bool | int", "False"),
        ]
        for name, allowed, _ in own + common:
            text += f"    {name}: {allowed}\n"
        text += "    def __init__(\n        self,\n"
        for position, (name, allowed, default) in enumerate(own + common):
            text += "        *,\n" if position == 1 else ""
            text += f"        {name}: {allowed} = ...,  # {default}\n"
        text += "    ) -> None: ...\n"
    return text
