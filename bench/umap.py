"""UMAP compared with umap-learn, in one run, on the same rows: seconds by phase, and trustworthiness, neighbors kept and nearest-neighbor accuracy of
both maps.

    python bench/umap.py [--data DIR] [--sets fashion60k,mnist60k] [--threads 2] [--repeat 3] [--no-peer]

Each repetition has its own seed here; umap-learn runs without a seed, since with one it uses a single thread. The first fit of umap-learn,
which compiles, uses few rows and is not timed. Needs numpy and umap-learn, and `cargo build --release --example map_phases`.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

# This file is named as the peer's module is: it must not be found in its place.
sys.path.pop(0)

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {"fashion": "fashion", "mnist": "mnist"}


def pictures(data, name, rows):
    folder = pathlib.Path(data) / FOLDERS[name]
    raw = gzip.open(folder / "train-images-idx3-ubyte.gz").read()
    labels = gzip.open(folder / "train-labels-idx1-ubyte.gz").read()
    x = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)[:rows].astype(np.float32) / 255
    return x, np.frombuffer(labels, np.uint8, offset=8)[:rows]


def peer(x, threads, **more):
    import umap

    start = time.perf_counter()
    map_ = umap.UMAP(n_jobs=threads, **more).fit_transform(x)
    return {"seconds": time.perf_counter() - start}, np.asarray(map_, np.float32)


def ours(method, path, out, threads, seed, *params):
    binary = ROOT / "target/release/examples/map_phases"
    words = [binary, method, path, out, str(threads), f"seed={seed}", *params]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(text), np.load(out)


class Guards:
    """What is asked of a map, on a sample of rows whose neighbors are sought among all."""

    def __init__(self, x, labels, k=15, sample=2000):
        self.labels, self.k = labels, k
        self.rows = np.sort(np.random.default_rng(0).choice(len(x), min(sample, len(x)), replace=False))
        square = (x**2).sum(1)
        self.ranks = np.empty((len(self.rows), len(x)), np.int32)
        for at, row in enumerate(self.rows):
            distance = square - 2 * (x @ x[row])
            distance[row] = -np.inf
            # The row itself has rank 0, its nearest neighbor 1.
            self.ranks[at, np.argsort(distance, kind="stable")] = np.arange(len(x))

    def __call__(self, y):
        y = y.astype(np.float64)
        n, k = len(y), self.k
        lost = kept = voted = 0
        for at, row in enumerate(self.rows):
            distance = ((y - y[row]) ** 2).sum(1)
            distance[row] = np.inf
            near = np.argpartition(distance, k)[:k]
            near = near[np.argsort(distance[near], kind="stable")]
            ranks = self.ranks[at, near]
            lost += np.maximum(ranks - k, 0).sum()
            kept += (ranks <= k).sum()
            voted += np.bincount(self.labels[near[:10]]).argmax() == self.labels[row]
        m = len(self.rows)
        trustworthiness = 1 - 2 * lost / (m * k * (2 * n - 3 * k - 1))
        return {"trustworthiness": float(trustworthiness), "recall": float(kept / (m * k)), "label_vote": float(voted / m)}


def main(about=__doc__, method="umap", name_of_peer="umap-learn", peer=peer, warm={"n_epochs": 11}, params=()):
    """The bench of a method beside its peer; `warm` makes the peer's first fit short."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data"))
    parser.add_argument("--sets", default="fashion60k")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    for name in arguments.sets.split(","):
        kind, rows = name.rstrip("0123456789k"), int("".join(filter(str.isdigit, name))) * 1000
        x, labels = pictures(arguments.data, kind, rows)
        guards = Guards(x, labels)
        if not arguments.no_peer:
            peer(x[:5000], arguments.threads, **warm)
        seconds = {}
        with tempfile.TemporaryDirectory() as folder:
            path, out = f"{folder}/rows.npy", f"{folder}/map.npy"
            np.save(path, x)
            for seed in range(arguments.repeat):
                runs = [("latentspace", *ours(method, path, out, arguments.threads, seed, *params))]
                if not arguments.no_peer:
                    runs.append((name_of_peer, *peer(x, arguments.threads)))
                for who, told, y in runs:
                    seconds.setdefault(who, []).append(told["seconds"])
                    print(json.dumps(dict(told, set=name, who=who, seed=seed, **guards(y))), flush=True)
        medians = {who: statistics.median(times) for who, times in seconds.items()}
        print(f"{name}: medians {medians}")
        if name_of_peer in medians:
            print(f"{name}: {medians[name_of_peer] / medians['latentspace']:.2f} times as fast", flush=True)


if __name__ == "__main__":
    main()
