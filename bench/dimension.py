"""Intrinsic dimension of rows with known dimension, compared with scikit-dimension, and the time for real data.

    python bench/dimension.py [--data DIR] [--rows 2500] [--seeds 3] [--threads 2]

Needs numpy, scikit-learn and scikit-dimension, and `cargo build --release`. Cubes, spheres (surfaces), normal rows, a swiss roll and
a spiral, each rotated into 50 columns. Times: the same rows and threads, the median of three; one run of scikit-dimension, which takes minutes.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LATENT = ROOT / "target/release/latent"
OURS = ("two_nn", "mle", "correlation", "participation")


def shapes(n, random):
    """What it is, its dimension, and its rows."""
    import numpy as np

    for d in (1, 2, 3, 5, 8, 10):
        yield f"cube {d}", d, random.random((n, d))
    for d in (1, 2, 3, 5, 8, 10):
        rows = random.normal(size=(n, d + 1))
        yield f"sphere {d}", d, rows / np.linalg.norm(rows, axis=1, keepdims=True)
    for d in (2, 5, 10):
        yield f"normal {d}", d, random.normal(size=(n, d))
    turn = 1.5 * np.pi * (1 + 2 * random.random(n))
    yield "swiss roll", 2, np.c_[turn * np.cos(turn), 21 * random.random(n), turn * np.sin(turn)]
    p = random.random(n)
    yield "spiral", 1, np.c_[p * np.sin(25 * p), np.exp(p) * np.cos(25 * p), np.sqrt(p)]


def ours(rows, threads):
    import numpy as np

    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, rows.astype(np.float32))
        file.flush()
        command = [LATENT, "dimension", file.name, "--json", "--quiet", "--threads", str(threads)]
        start = time.perf_counter()
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found, time.perf_counter() - start


def theirs(rows):
    import skdim

    return {
        "skdim TwoNN": float(skdim.id.TwoNN().fit(rows).dimension_),
        "skdim MLE": float(skdim.id.MLE(K=10, neighborhood_based=True).fit(rows, n_neighbors=10).dimension_),
        "skdim CorrInt": float(skdim.id.CorrInt().fit(rows).dimension_),
    }


def truths(arguments):
    import numpy as np

    found = {}
    for seed in range(arguments.seeds):
        random = np.random.default_rng(seed)
        for name, d, rows in shapes(arguments.rows, random):
            turned = rows @ np.linalg.qr(random.normal(size=(50, rows.shape[1])))[0].T
            told, _ = ours(turned, arguments.threads)
            each = {key: told[key]["value"] for key in OURS} | theirs(turned)
            each["held"] = all(told[key]["low"] <= d <= told[key]["high"] for key in OURS[:3])
            found.setdefault((name, d), []).append(each)
    columns = [key for key in next(iter(found.values()))[0] if key != "held"]
    print(f"\n{arguments.rows} rows in 50 columns, {arguments.seeds} seeds: mean (farthest from the truth, in %)\n")
    print(f"| rows | {' | '.join(columns)} | truth within all three intervals |\n|{'---|' * (len(columns) + 2)}")
    for (name, d), runs in found.items():
        cells = []
        for column in columns:
            values = [run[column] for run in runs]
            cells.append(f"{statistics.mean(values):.2f} ({max(abs(value / d - 1) for value in values) * 100:.0f})")
        print(f"| {name} | {' | '.join(cells)} | {sum(run['held'] for run in runs)} of {len(runs)} |", flush=True)


def times(arguments):
    import numpy as np
    import skdim
    from sklearn.decomposition import PCA

    raw = gzip.open(arguments.data / "fashion/train-images-idx3-ubyte.gz").read()
    pictures = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
    few = np.ascontiguousarray(PCA(50, svd_solver="covariance_eigh").fit_transform(pictures), np.float32)
    for name, rows in (("Fashion-MNIST, 50 components", few), ("Fashion-MNIST", pictures)):
        runs = [ours(rows, arguments.threads) for _ in range(3)]
        found, seconds = runs[0][0], [run[1] for run in runs]
        told = ", ".join(f"{key} {found[key]['value']:.1f} (counted {found[key]['counted']:.1f})" for key in OURS)
        print(f"\n{name}, {rows.shape[0]} x {rows.shape[1]}, {arguments.threads} threads: {told}; {statistics.median(seconds):.2f} s in all")
        if rows.shape[1] == 50:
            start = time.perf_counter()
            two_nn = skdim.id.TwoNN().fit(rows).dimension_
            print(f"skdim TwoNN alone: {two_nn:.1f}, {time.perf_counter() - start:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data")
    parser.add_argument("--data", type=pathlib.Path, default=folder)
    parser.add_argument("--rows", type=int, default=2500)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--no-times", action="store_true")
    arguments = parser.parse_args()
    # To be set before numpy is loaded: later settings make large products slow.
    os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)
    truths(arguments)
    if not arguments.no_times:
        times(arguments)


if __name__ == "__main__":
    main()
