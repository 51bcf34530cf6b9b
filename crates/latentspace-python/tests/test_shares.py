"""A fit in shares gives the space of one machine, wherever the shares are worked on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import latentspace
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from latentspace import PCA, shares
from test_bytes import latent  # noqa: F401  (the binary, as a fixture)

ROWS, FILES = 20_000, 4


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table in several files, its spreads so different that it is scaled."""
    folder = tmp_path_factory.mktemp("parts")
    random = np.random.default_rng(5)
    table = pd.DataFrame(random.normal(size=(ROWS, 8)) * [1, 50, 3, 1, 1, 2, 1, 900], columns=list("abcdefgh"))
    for at in range(FILES):
        table[at * ROWS // FILES : (at + 1) * ROWS // FILES].to_parquet(folder / f"{at}.parquet")
    return folder


@pytest.fixture(scope="module")
def whole(parts: Path, latent: str) -> bytes:  # noqa: F811
    """The space that one machine learns."""
    out = parts / "whole.latent"
    subprocess.run([latent, "fit", "pca", f"{parts}/*.parquet", "--dims", "4", "-o", out, "--quiet"], check=True)
    return out.read_bytes()


def test_by_plain_calls_in_any_order(parts, whole):
    for count in (1, 3, 7):
        round = shares.first(PCA(n_components=4), f"{parts}/*.parquet")
        space = shares.fit(round, lambda round: [shares.share(round, at, count) for at in reversed(range(count))])
        assert space.to_bytes() == whole
        assert "trustworthiness" in space.measures


def test_in_steps(parts, whole):
    def run(round: bytes) -> list[bytes]:
        each = [shares.share(round, at, 5) for at in range(5)]
        return [shares.combine(each[:2]), shares.combine(each[2:])]

    assert shares.fit(shares.first(PCA(n_components=4), f"{parts}/*.parquet"), run).to_bytes() == whole


def test_a_method_of_many_rounds(parts):
    data, rounds = f"{parts}/*.parquet", []

    def run(round: bytes) -> list[bytes]:
        rounds.append(round)
        return [shares.share(round, at, 2) for at in range(2)]

    shares.fit(shares.first("pca", data, n_components=2, solver="randomized", random_state=3), run)
    assert len(rounds) > 2


def test_what_cannot_be_shared_is_refused(parts):
    unshared = [method["name"] for method in latentspace.METHODS if not method["folds"]]
    for name in unshared:
        with pytest.raises(latentspace.ParamError, match="not a sum over rows"):
            shares.first(name, f"{parts}/*.parquet")
    round = shares.first("pca", f"{parts}/*.parquet", n_components=2)
    with pytest.raises(latentspace.InputError, match="are missing"):
        shares.merge([shares.share(round, 0, 3), shares.share(round, 1, 3)])


def test_by_a_shell_loop(parts, whole, latent, tmp_path):  # noqa: F811
    path = os.pathsep.join([str(Path(latent).parent), os.environ["PATH"]])
    out = tmp_path / "out.latent"
    subprocess.run(
        [ROOT / "examples/shares.sh", "3", f"{parts}/*.parquet", out, "pca", "--dims", "4"], check=True, env={**os.environ, "PATH": path}
    )
    assert out.read_bytes() == whole
    many = ["pca", "--dims", "2", "--solver", "randomized"]
    subprocess.run(
        [ROOT / "examples/shares.sh", "2", f"{parts}/*.parquet", out, *many], check=True, env={**os.environ, "PATH": path}
    )
    one = tmp_path / "one.latent"
    subprocess.run([latent, "fit", "pca", f"{parts}/*.parquet", *many[1:], "-o", one, "--quiet"], check=True)
    assert out.read_bytes() == one.read_bytes()


def test_on_dask(parts, whole, tmp_path):
    out = tmp_path / "out.latent"
    subprocess.run([sys.executable, ROOT / "examples/shares_dask.py", f"{parts}/*.parquet", out], check=True)
    assert out.read_bytes() == whole


def test_on_ray_even_when_workers_are_killed(parts, whole, tmp_path):
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        from latentspace import ray as on_ray

        data = f"{parts}/*.parquet"
        space = on_ray.fit(PCA(n_components=4), data, shares=3)
        assert space.to_bytes() == whole

        def task(round, share, shares, n_jobs, marks=str(tmp_path), kill=int(signal.SIGKILL)):
            """A share whose worker is killed while it works on it, the first time."""
            import os
            import subprocess
            from pathlib import Path

            from latentspace.shares import share as work

            mark = Path(marks, f"{share} of {len(round)}")
            if not mark.exists():
                mark.touch()
                subprocess.Popen(["sh", "-c", f"sleep 0.02; kill -{kill} {os.getpid()}"])
                while True:
                    work(round, share, shares, n_jobs=n_jobs)
            return work(round, share, shares, n_jobs=n_jobs)

        again = on_ray.fit(PCA(n_components=4), data, shares=3, _share=task)
        assert again.to_bytes() == whole
        assert len([*tmp_path.iterdir()]) == 6, "three shares of two rounds"

        names = on_ray.encode(space, sorted(parts.glob("*.parquet")), tmp_path / "codes")
        codes = pd.concat([pd.read_parquet(name) for name in names])
        table = pd.concat([pd.read_parquet(path) for path in sorted(parts.glob("*.parquet"))])
        assert np.array_equal(codes[[f"z{axis}" for axis in range(4)]].to_numpy(np.float32), np.asarray(space.encode(table)))
    finally:
        ray.shutdown()
