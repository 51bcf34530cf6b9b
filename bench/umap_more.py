"""Supervised UMAP (labels of all or some rows) and densMAP compared with umap-learn on the same rows.

    python bench/umap_more.py [--data DIR] [--set fashion10k] [--only plain,labels,half,tenth,densmap] [--no-peer]

Uses the functions of bench/umap.py. `vote_hidden` is the accuracy of a 10-nearest-neighbor classifier on the map for rows with hidden labels;
`density` is the correlation of the rows' log radii in the data and on the map, each by umap-learn's graph of 15 neighbors.
Both work with seed 0, umap-learn on one thread. Needs numpy, scikit-learn and umap-learn, and `cargo build --release --bins`.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

# umap.py here is named as the peer's module is: it must not be found in its place.
folder = sys.path.pop(0)
spec = importlib.util.spec_from_file_location("bench_umap", pathlib.Path(__file__).with_name("umap.py"))
bench = importlib.util.module_from_spec(spec)
sys.path.insert(0, folder)
spec.loader.exec_module(bench)

HIDDEN = {"labels": 0.0, "half": 0.5, "tenth": 0.9}


def nearest(y, k):
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k, algorithm="brute" if y.shape[1] > 10 else "auto").fit(y).kneighbors(y)


def log_radii(y, k=15):
    from umap.umap_ import fuzzy_simplicial_set

    distances, indices = nearest(y, k)
    more = {"knn_indices": indices, "knn_dists": distances.astype(np.float32), "return_dists": True}
    graph, _, _, distances = fuzzy_simplicial_set(y, k, np.random.RandomState(0), "euclidean", **more)
    graph = graph.tocoo()
    squares = np.asarray(distances.tocsr()[graph.row, graph.col]).ravel() ** 2
    return np.log(1e-8 + np.bincount(graph.row, graph.data * squares, len(y)) / np.bincount(graph.row, graph.data, len(y)))


def ours(at, hidden, densmap):
    words = [bench.ROOT / "target/release/latent", "fit", "umap", at / "x.npy", "-o", at / "s.latent", "--codes", at / "z.npy", "--json", "--quiet"]
    words += ["--labels", at / "y.npy", "--target", "label"] if hidden is not None else []
    words += ["--densmap"] if densmap else []
    told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return told["seconds"], np.load(at / "z.npy")


def peer(x, y, densmap):
    import umap

    start = time.perf_counter()
    z = umap.UMAP(random_state=0, n_jobs=1, densmap=densmap).fit_transform(x, y)
    return time.perf_counter() - start, np.asarray(z, np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("LATENTSPACE_DATA", bench.ROOT.parent / "shared/data"))
    parser.add_argument("--set", default="fashion10k")
    parser.add_argument("--only", default="plain,labels,half,tenth,densmap")
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    kind, rows = arguments.set.rstrip("0123456789k"), int("".join(filter(str.isdigit, arguments.set))) * 1000
    x, labels = bench.pictures(arguments.data, kind, rows)
    guards, radii = bench.Guards(x, labels), log_radii(x)
    with tempfile.TemporaryDirectory() as at:
        at = pathlib.Path(at)
        np.save(at / "x.npy", x)
        for name in arguments.only.split(","):
            hidden = np.random.default_rng(1).random(len(x)) < HIDDEN[name] if name in HIDDEN else None
            y = None if hidden is None else np.where(hidden, -1, labels.astype(np.int64))
            if y is not None:
                np.save(at / "y.npy", y)
            runs = [("latentspace", *ours(at, hidden, name == "densmap"))]
            if not arguments.no_peer:
                runs.append(("umap-learn", *peer(x, y, name == "densmap")))
            for who, seconds, z in runs:
                told = {"set": arguments.set, "what": name, "who": who, "seconds": seconds, **guards(z)}
                if hidden is not None and hidden.any():
                    near = nearest(z, 11)[1][hidden, 1:]
                    told["vote_hidden"] = float(np.mean([np.bincount(labels[row]).argmax() for row in near] == labels[hidden]))
                told["density"] = float(np.corrcoef(radii, log_radii(z))[0, 1])
                print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
