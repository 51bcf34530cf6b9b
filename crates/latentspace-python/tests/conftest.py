"""What the tests share: data, and every estimator set so that it is quick."""

from __future__ import annotations

import os
from pathlib import Path

import latentspace
import numpy as np
import pytest

import generated

if os.environ.get("UPDATE") == "1":
    # Before a class is asked for: there may be new ones.
    generated.write()

ROOT = Path(__file__).resolve().parents[3]
EVERY = [getattr(latentspace, method["class"]) for method in latentspace.METHODS]


def chooses(cls: type) -> bool:
    """Whether the number of dimensions is chosen, not that of the labels' pairs."""
    return any(parameter["name"] == "n_components" for parameter in cls._description["parameters"])


CLASSES = [cls for cls in EVERY if "table" in cls._description["takes"] and cls._description["signs"] == "any" and chooses(cls)]

#: Parameters that make a fit long, or that small data do not allow, whatever method they belong to.
QUICK = {"perplexity": 2, "n_neighbors": 3, "n_iter": 60, "n_iter_early": 60, "n_epochs": 60}


def quick(cls: type, **given: object) -> object:
    """An estimator for small data."""
    own = {parameter["name"] for parameter in cls._description["parameters"]}
    return cls(**{name: value for name, value in QUICK.items() if name in own}, **given)


@pytest.fixture(params=CLASSES, ids=lambda cls: cls.__name__)
def cls(request: pytest.FixtureRequest) -> type:
    """Every class that takes any numbers, and any number of dimensions."""
    return request.param


@pytest.fixture
def rows() -> np.ndarray:
    """Three groups in 6 dimensions."""
    random = np.random.default_rng(0)
    return (random.normal(size=(60, 6)) + 5 * np.repeat(np.eye(3, 6), 20, axis=0)).astype(np.float32)


def renew(path: Path, wanted: str) -> None:
    """Says when a generated file is stale; with UPDATE=1 writes it."""
    if os.environ.get("UPDATE") == "1":
        path.write_text(wanted, encoding="utf-8")
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == wanted, f"{path.relative_to(ROOT)} is stale: `UPDATE=1 make python-test` rewrites it"
