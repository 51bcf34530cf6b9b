"""t-SNE compared with openTSNE, in one run, on the same rows: seconds by phase, and the KL divergence of both maps on openTSNE's P with exact Z.

    python bench/tsne.py [--data DIR] [--sets fashion60k,fashion10k,mnist10k] [--threads 2] [--repeat 1] [--no-peer]

Needs numpy, numba, scikit-learn and openTSNE, and `cargo build --release --example map_phases`.
"""

import argparse
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numba
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent


def pictures(data, name, rows):
    file = {"fashion": "fashion/train-images-idx3-ubyte.gz", "mnist": "mnist/train-images-idx3-ubyte.gz"}[name]
    raw = gzip.open(data / file).read()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)[:rows].astype(np.float32) / 255


def principal(x, k):
    x = x - x.mean(0)
    values, vectors = np.linalg.eigh((x.T @ x).astype(np.float64))
    return np.ascontiguousarray(x @ vectors[:, ::-1][:, :k].astype(np.float32))


@numba.njit(parallel=True, fastmath=True)
def potential_sums(y):
    out = np.zeros(len(y))
    for i in numba.prange(len(y)):
        total = 0.0
        for j in range(len(y)):
            total += 1.0 / (1.0 + (y[i, 0] - y[j, 0]) ** 2 + (y[i, 1] - y[j, 1]) ** 2)
        out[i] = total - 1.0
    return out


def divergence(p, y):
    """KL(P || Q) with the exact normaliser."""
    p = p.tocoo()
    y = np.asarray(y, np.float64)
    weight = p.data / p.data.sum()
    square = ((y[p.row] - y[p.col]) ** 2).sum(1)
    keep = weight > 0
    return float((weight[keep] * np.log(weight[keep])).sum() + (weight * np.log1p(square)).sum() + np.log(potential_sums(y).sum()))


def peer(x, threads):
    import openTSNE

    seconds, start = {}, time.perf_counter()
    affinities = openTSNE.affinity.PerplexityBasedNN(x, perplexity=30, n_jobs=threads, random_state=0)
    seconds["affinities"] = time.perf_counter() - start
    tick = time.perf_counter()
    init = openTSNE.initialization.pca(x, random_state=0)
    seconds["start"] = time.perf_counter() - tick
    tick = time.perf_counter()
    map_ = openTSNE.TSNE(n_jobs=threads, negative_gradient_method="fft", random_state=0).fit(affinities=affinities, initialization=init)
    seconds["descent"] = time.perf_counter() - tick
    return {"seconds": time.perf_counter() - start, "phases": seconds}, np.asarray(map_), affinities.P


def ours(path, out, threads):
    binary = ROOT / "target/release/examples/map_phases"
    text = subprocess.run([binary, "tsne", path, out, str(threads)], check=True, capture_output=True, text=True).stdout
    return json.loads(text), np.load(out)


def neighbors_kept(x, y, k=15, sample=2000):
    """The share of the k nearest rows that are among the k nearest in the map, on a sample."""
    rows = np.random.default_rng(0).choice(len(x), min(sample, len(x)), replace=False)

    def nearest(z):
        z = z.astype(np.float32)
        square = (z**2).sum(1)
        d = square[None] - 2 * z[rows] @ z.T
        d[np.arange(len(rows)), rows] = np.inf
        return np.argpartition(d, k, 1)[:, :k]

    return float(np.mean([len(set(a) & set(b)) / k for a, b in zip(nearest(x), nearest(y))]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--sets", default="fashion60k,fashion10k,mnist10k")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--peer-cache", type=pathlib.Path, help="keep and reuse the peer's map and P here: for work on the method, not for figures")
    arguments = parser.parse_args()
    for name in arguments.sets.split(","):
        kind, rows = name.rstrip("0123456789k"), int("".join(filter(str.isdigit, name))) * 1000
        x = principal(pictures(pathlib.Path(arguments.data), kind, rows), 50)
        with tempfile.TemporaryDirectory() as folder:
            path, out = f"{folder}/rows.npy", f"{folder}/map.npy"
            np.save(path, x)
            cache = arguments.peer_cache and arguments.peer_cache / f"{name}.npz"
            for _ in range(arguments.repeat):
                mine, map_mine = ours(path, out, arguments.threads)
                if cache and cache.exists():
                    import scipy.sparse

                    stored = np.load(cache)
                    theirs, map_theirs = json.loads(str(stored["told"])), stored["map"]
                    p = scipy.sparse.csr_matrix((stored["data"], stored["indices"], stored["indptr"]))
                else:
                    theirs, map_theirs, p = peer(x, arguments.threads)
                    if cache:
                        np.savez(cache, told=json.dumps(theirs), map=map_theirs, data=p.data, indices=p.indices, indptr=p.indptr)
                for who, told, y in (("latentspace", mine, map_mine), ("openTSNE", theirs, map_theirs)):
                    told = dict(told, set=name, who=who, kl_on_peer_p=divergence(p, y), neighbors_kept=neighbors_kept(x, y))
                    print(json.dumps(told), flush=True)
                print(f"{name}: {theirs['seconds'] / mine['seconds']:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
