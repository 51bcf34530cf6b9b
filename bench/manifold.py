"""LLE, Laplacian eigenmaps and Isomap compared with scikit-learn's, in one run, on the same rows: seconds, memory, and difference of coordinates.

    python bench/manifold.py [--data DIR] [--sets fashion10k,roll10k] [--threads 2] [--repeat 3] [--only lle,laplacian] [--no-peer]

Fashion-MNIST is reduced to 50 principal components. Each fit runs in its own process, so that its peak memory can be measured: latentspace in the
example `map_phases`, scikit-learn in this file; imports and reading are not timed. First, the coordinates of 2,000 rows are compared in f64:
the largest principal angle between their spans, with scikit-learn's dense solver.
"""

import argparse
import gzip
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
K = 12
METHODS = {
    "lle": ("LocallyLinearEmbedding", {}, {}),
    "lle modified": ("LocallyLinearEmbedding", {"method": "modified"}, {"variant": "modified"}),
    "lle hessian": ("LocallyLinearEmbedding", {"method": "hessian"}, {"variant": "hessian"}),
    "lle ltsa": ("LocallyLinearEmbedding", {"method": "ltsa"}, {"variant": "ltsa"}),
    "laplacian": ("SpectralEmbedding", {"affinity": "nearest_neighbors", "random_state": 0}, {}),
    "isomap": ("Isomap", {}, {}),
}


def rows(data, name):
    kind, n = name.rstrip("0123456789k"), int("".join(filter(str.isdigit, name))) * 1000
    rng = np.random.default_rng(0)
    if kind == "roll":
        angle, across = 1.5 * np.pi * (1 + 2 * rng.random(n)), 21 * rng.random(n)
        return np.stack([angle * np.cos(angle), across, angle * np.sin(angle)], 1).astype(np.float32)
    raw = gzip.open(pathlib.Path(data) / kind / "train-images-idx3-ubyte.gz").read()
    x = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)[: 6 * n].astype(np.float32) / 255
    from sklearn.decomposition import PCA

    return PCA(50, random_state=0).fit_transform(x)[rng.permutation(len(x))[:n]].astype(np.float32)


def fit_peer(method, path, out, threads, dense):
    """In a process of its own: one warm-up on few rows, then the fit."""
    from sklearn import manifold

    name, params, _ = METHODS[method]
    if dense and name == "LocallyLinearEmbedding":
        params = {**params, "eigen_solver": "dense"}
    x = np.load(path)
    x = x.astype(np.float64) if dense else x
    # It counts a row as its own neighbor.
    k = K + 1 if name == "SpectralEmbedding" else K
    make = lambda: getattr(manifold, name)(n_neighbors=k, n_components=2, n_jobs=threads, **params)
    make().fit_transform(x[:500])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    y = make().fit_transform(x)
    seconds = time.perf_counter() - start
    np.save(out, y)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_mib": peak / 1024, "peak_above_mib": (peak - before) / 1024}))


def peer(method, path, out, threads, dense=False):
    words = [sys.executable, __file__, "--peer", method, path, out, str(threads), str(int(dense))]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout), np.load(out)


def ours(method, path, out, threads):
    words = [ROOT / "target/release/examples/map_phases", method.split()[0], path, out, str(threads), f"n_neighbors={K}"]
    words += [f"{name}={value}" for name, value in METHODS[method][2].items()]
    told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return told, np.load(out)


def angle(a, b):
    """The largest principal angle between the spans of these coordinates and the constant."""
    basis = lambda y: np.linalg.qr(np.column_stack([np.ones(len(y)), y / y.std(0)]))[0]
    return float(np.arccos(np.clip(np.linalg.svd(basis(a).T @ basis(b))[1].min(), 0, 1)))


def kept(x, y, k=15, sample=1000):
    """The share of the k nearest rows that are among the k nearest places."""
    chosen = np.random.default_rng(0).choice(len(x), min(sample, len(x)), replace=False)

    def near(z):
        z = z.astype(np.float64)
        square = (z**2).sum(1)
        distance = square[None] - 2 * z[chosen] @ z.T
        distance[np.arange(len(chosen)), chosen] = np.inf
        return np.argpartition(distance, k)[:, :k]

    return float(np.mean([len(np.intersect1d(a, b)) for a, b in zip(near(x), near(y))]) / k)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--sets", default="fashion10k,roll10k")
    parser.add_argument("--only", default=",".join(METHODS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--peer", nargs=5)
    arguments = parser.parse_args()
    if arguments.peer:
        method, path, out, threads, dense = arguments.peer
        return fit_peer(method, path, out, int(threads), dense == "1")
    for name in arguments.sets.split(","):
        x = rows(arguments.data, name)
        with tempfile.TemporaryDirectory() as folder:
            path, few, out = f"{folder}/rows.npy", f"{folder}/few.npy", f"{folder}/map.npy"
            np.save(path, x)
            np.save(few, x[:2000])
            for method in arguments.only.split(","):
                seconds = {}
                for _ in range(arguments.repeat):
                    runs = [("latentspace", *ours(method, path, out, arguments.threads))]
                    if not arguments.no_peer:
                        runs.append(("scikit-learn", *peer(method, path, out, arguments.threads)))
                    for who, told, y in runs:
                        seconds.setdefault(who, []).append(told["seconds"])
                        print(json.dumps(dict(told, set=name, method=method, who=who, kept=kept(x, y))), flush=True)
                medians = {who: round(statistics.median(times), 3) for who, times in seconds.items()}
                told = f"{name} {method}: medians {medians}"
                if "scikit-learn" in medians:
                    told += f", {medians['scikit-learn'] / medians['latentspace']:.2f} times as fast"
                    both = ours(method, few, out, arguments.threads)[1], peer(method, few, out, arguments.threads, dense=True)[1]
                    told += f"; largest angle at 2,000 rows {angle(*both):.1e}"
                print(told, flush=True)


if __name__ == "__main__":
    main()
