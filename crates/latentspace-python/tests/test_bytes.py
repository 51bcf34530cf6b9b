"""The command line and Python give the same bytes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import QUICK, ROOT, quick
from scipy import io, sparse


@pytest.fixture(scope="session")
def latent() -> str:
    """The binary."""
    path = Path(os.environ.get("LATENT", ROOT / "target/release/latent"))
    assert path.exists(), "the command line is compared with: `cargo build --release` builds it"
    return str(path)


def learned(latent: str, cls: type, data: Path, *flags: str) -> bytes:
    own = {parameter["name"] for parameter in cls._description["parameters"]}
    params = [text for name, value in QUICK.items() if name in own for text in (f"--{name.replace('_', '-')}", str(value))]
    out = data.with_suffix(".latent")
    command = [latent, "fit", cls._description["name"], str(data), "-o", str(out), "--seed", "0", "--quiet", *params, *flags]
    subprocess.run(command, check=True)
    return out.read_bytes()


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
@pytest.mark.parametrize("rows", [60, 3000])
def test_an_array(latent, cls, tmp_path, dtype, rows):
    table = (100 * np.random.default_rng(1).normal(size=(rows, 8)) + [1e7, *[0] * 7]).astype(dtype)
    np.save(tmp_path / "X.npy", table)
    estimator = quick(cls, random_state=0).fit(table)
    estimator.space_.save(tmp_path / "python.latent")
    assert (tmp_path / "python.latent").read_bytes() == learned(latent, cls, tmp_path / "X.npy")
    assert "trustworthiness" in estimator.measures_


def test_labels(latent, cls, tmp_path):
    if all(parameter["name"] != "target" for parameter in cls._description["parameters"]):
        pytest.skip("it does not learn from labels")
    table, y = np.random.default_rng(1).normal(size=(60, 8)), np.arange(60) % 3
    np.save(tmp_path / "X.npy", table)
    np.save(tmp_path / "y.npy", y)
    space = quick(cls, random_state=0, target="label").fit(table, y).space_
    assert space.to_bytes() == learned(latent, cls, tmp_path / "X.npy", "--labels", str(tmp_path / "y.npy"), "--target", "label")


def test_a_frame_is_taken_as_it_is(latent, cls, tmp_path):
    table = pd.DataFrame(np.random.default_rng(2).normal(size=(60, 3)) * [1, 1000, 1], columns=["a", "b", "c"])
    table.to_parquet(tmp_path / "X.parquet")
    space = quick(cls, random_state=0).fit(table).space_
    assert space.to_bytes() == learned(latent, cls, tmp_path / "X.parquet", "--scale", "none", "--missing", "error")


def test_sparse_rows(latent, cls, tmp_path):
    if not cls._description["sparse"]:
        pytest.skip("it takes no sparse rows")
    table = sparse.random_array((60, 9), density=0.4, rng=np.random.default_rng(3), dtype=np.float32).tocsr()
    io.mmwrite(tmp_path / "X.mtx", table, precision=9)
    assert quick(cls, random_state=0).fit(table).space_.to_bytes() == learned(latent, cls, tmp_path / "X.mtx")


def test_codes_of_the_command_line(latent, cls, tmp_path):
    table = np.random.default_rng(4).normal(size=(60, 5)).astype(np.float32)
    np.save(tmp_path / "X.npy", table)
    learned(latent, cls, tmp_path / "X.npy", "--codes", str(tmp_path / "codes.npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "codes.npy"), quick(cls).fit_transform(table))
