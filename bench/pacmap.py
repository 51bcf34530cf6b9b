"""PaCMAP compared with its authors' package, in one run, on the same rows, both with 10 neighbors and 450 iterations: seconds, trustworthiness,
neighbors kept and nearest-neighbor accuracy of both maps.

    python bench/pacmap.py [--data DIR] [--sets fashion60k,mnist60k] [--threads 2] [--repeat 3] [--no-peer]

Uses the functions of bench/umap.py. Needs numpy and pacmap, and `cargo build --release --example map_phases`.
"""

import importlib.util
import pathlib
import sys
import time

import numpy as np

# This file is named as the peer's module is: it must not be found in its place.
folder = sys.path.pop(0)
spec = importlib.util.spec_from_file_location("bench_umap", pathlib.Path(__file__).with_name("umap.py"))
bench = importlib.util.module_from_spec(spec)
sys.path.insert(0, folder)
spec.loader.exec_module(bench)


def peer(x, threads, **more):
    import pacmap

    start = time.perf_counter()
    map_ = pacmap.PaCMAP(n_neighbors=10, **more).fit_transform(x, init="pca")
    return {"seconds": time.perf_counter() - start}, np.asarray(map_, np.float32)


if __name__ == "__main__":
    bench.main(__doc__, "pacmap", "pacmap", peer, {"num_iters": (4, 4, 4)}, ("n_neighbors=10",))
