"""What can be asked of rows and codes without a space: the figures of the command line."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys

import latentspace
import numpy as np
import pytest
from conftest import CLASSES, quick
from latentspace import InputError, ParamError, compare, dimension, neighbors, stability

MAPS = next(cls for cls in CLASSES if "start" in cls._description["given"])


def latent(*args, cwd):
    told = subprocess.run(
        [sys.executable, "-m", "latentspace", *map(str, args), "--json"], cwd=cwd, check=True, capture_output=True, text=True
    )
    return json.loads(told.stdout)


@pytest.mark.parametrize("module", ["_analysis"])
def test_the_examples_run(module):
    __import__(f"latentspace.{module}")
    found = doctest.testmod(sys.modules[f"latentspace.{module}"])
    assert found.failed == 0 and found.attempted > 5


def test_the_dimension_of_rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(500, 3)) @ np.random.default_rng(1).normal(size=(3, 8))
    np.save(tmp_path / "X.npy", rows)
    told = latent("dimension", "X.npy", cwd=tmp_path)
    for name, figure in dimension(rows).items():
        assert (figure.value, figure.low, figure.high, figure.null) == (told[name]["value"], told[name]["low"], told[name]["high"], None)
    assert dimension(rows, n_neighbors=20) != dimension(rows)
    with pytest.raises(InputError, match="row 0, column 0: a cell is missing"):
        dimension(np.where(rows == rows[0, 0], np.nan, rows))


def test_what_two_maps_share(tmp_path, rows):
    one, other = quick(MAPS, random_state=0).fit(rows), quick(MAPS, random_state=1).fit(rows)
    np.save(tmp_path / "a.npy", one.embedding_)
    np.save(tmp_path / "b.npy", other.embedding_)
    told = latent("compare", "a.npy", "b.npy", cwd=tmp_path)
    found = compare(one, other)
    assert found == compare(one.space_, other.embedding_) and "cka" in found
    for name, figure in found.items():
        assert (figure.value, figure.null) == (told[name]["value"], told[name]["null"])
    with pytest.raises(InputError, match="second: 59 rows were given; first has 60"):
        compare(one, other.embedding_[:-1])
    with pytest.raises(InputError, match="first: this space keeps no rows"):
        compare(quick(next(cls for cls in CLASSES if cls._description["folds"])).fit(rows), other)


def test_how_much_of_a_map_is_there_again(tmp_path, rows):
    np.save(tmp_path / "X.npy", rows)
    told = latent(
        "stability",
        MAPS._description["name"],
        "X.npy",
        "--runs",
        2,
        "--seed",
        3,
        "--perplexity",
        2,
        "--n-iter",
        60,
        "--n-iter-early",
        60,
        cwd=tmp_path,
    )
    found = stability(quick(MAPS, random_state=3), rows, runs=2)
    assert len(found) == 2
    for name, figure in found.items():
        assert figure.value == told[name]["value"]
    with pytest.raises(ParamError):
        stability(quick(MAPS, n_components=0), rows)


def test_the_nearest_rows(rows):
    apart = np.linalg.norm(rows[:, None].astype(float) - rows[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    indices, distances = neighbors(rows, [3, 7], k=4)
    np.testing.assert_array_equal(indices, np.argsort(apart[[3, 7]], axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(apart[[3, 7]], axis=1)[:, :4], rtol=1e-5)
    assert neighbors(rows, 3, k=4)[0].tolist() == [indices[0].tolist()]
    found, far = neighbors(rows, rows[[3]] + 0.001, k=1)
    assert found.tolist() == [[3]] and far[0, 0] < 0.01
    assert neighbors(rows, 0, k=2, metric="cosine")[0].shape == (1, 2)
    # Of copies each is found but the row itself.
    copies = np.ones((4, 2), dtype=np.float32)
    assert sorted(neighbors(copies, 3, k=3)[0][0].tolist()) == [0, 1, 2]
    for queries, words in ((60, "whole numbers from 0 to 59"), (-1, "whole numbers"), (0.5, "whole numbers")):
        with pytest.raises(ParamError, match=words):
            neighbors(rows, queries)
    with pytest.raises(ParamError, match="metric"):
        neighbors(rows, 0, metric="far")
    assert latentspace.neighbors is neighbors
