"""Approximate neighbors compared with pynndescent, exact ones with faiss's flat index: same rows and threads, after a warm-up, alternating, the
median of three.

    python bench/knn.py [--data DIR] [--sets fashion50,fashion784,uniform10] [--k 15] [--threads 2] [--metric euclidean]

Needs numpy, scikit-learn, pynndescent and faiss-cpu, and `cargo build --release --example knn`. Recall is over all rows, relative to our exact
search, which the library's tests compare with brute force. faiss is run only for Euclidean and Manhattan distances.
"""

import argparse
import gzip
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "target/release/examples/knn"


def table(name, data):
    import numpy as np
    from sklearn.decomposition import PCA

    if name.startswith("uniform"):
        return np.random.default_rng(0).random((60_000, int(name.removeprefix("uniform"))), np.float32)
    raw = gzip.open(data / "fashion/train-images-idx3-ubyte.gz").read()
    rows = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784).astype(np.float32) / 255
    columns = int(name.removeprefix("fashion"))
    return rows if columns == 784 else np.ascontiguousarray(PCA(columns, svd_solver="covariance_eigh").fit_transform(rows), np.float32)


def ours(path, k, algorithm, threads, metric):
    """Seconds of the second of two searches in one process, and the indices found."""
    import numpy as np

    with tempfile.NamedTemporaryFile() as out:
        command = [EXAMPLE, path, str(k), algorithm, "2", str(threads), out.name, metric]
        told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
        return float(re.findall(r"seconds ([\d.]+)", told)[-1]), np.fromfile(out.name, np.uint32).reshape(-1, k)


def theirs(rows, k, seed, metric):
    """Seconds of a search, and the indices found: there a row is its own first neighbor."""
    import pynndescent

    start = time.perf_counter()
    indices, _ = pynndescent.NNDescent(rows, n_neighbors=k + 1, metric=metric, random_state=seed).neighbor_graph
    return time.perf_counter() - start, indices[:, 1:]


def flat(rows, k, threads, metric):
    """Seconds of faiss's search of all pairs, and the indices found, each row without itself."""
    import faiss

    faiss.omp_set_num_threads(threads)
    start = time.perf_counter()
    index = faiss.IndexFlat(rows.shape[1], {"euclidean": faiss.METRIC_L2, "manhattan": faiss.METRIC_L1}[metric])
    index.add(rows)
    indices = index.search(rows, k + 1)[1]
    seconds = time.perf_counter() - start
    return seconds, [[other for other in found if other != row][:k] for row, found in enumerate(indices.tolist())]


def recall(truth, found):
    return sum(len(set(a) & set(b)) for a, b in zip(truth.tolist(), found.tolist())) / truth.size


def compare(name, arguments):
    import numpy as np

    rows, k, threads, metric = table(name, arguments.data), arguments.k, arguments.threads, arguments.metric
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file, rows)
        file.flush()
        searches = {
            "ours, all pairs": lambda turn: ours(file.name, k, "exact", threads, metric),
            "faiss, flat index": lambda turn: flat(rows, k, threads, metric),
            "ours": lambda turn: ours(file.name, k, "auto", threads, metric),
            "pynndescent": lambda turn: theirs(rows, k, turn + 1, metric),
        }
        if metric not in ("euclidean", "manhattan"):
            del searches["faiss, flat index"]
        theirs(rows, k, 0, metric)  # compiles
        runs = {who: [] for who in searches}
        for turn in range(3):
            for who, search in searches.items():
                runs[who].append(search(turn))
    truth = runs["ours, all pairs"][0][1]
    print(f"\n{name}: {rows.shape[0]} x {rows.shape[1]}, {metric}, k {k}, {threads} threads")
    print("| search | seconds | recall |\n|---|---|---|")
    median = {}
    for tool, found in runs.items():
        seconds = [run[0] for run in found]
        median[tool] = statistics.median(seconds)
        lowest = min(recall(truth, np.asarray(run[1])) for run in found)
        print(f"| {tool} | {median[tool]:.2f} [{min(seconds):.2f}..{max(seconds):.2f}] | {lowest:.4f} |")
    for peer, own in [("faiss, flat index", "ours, all pairs"), ("pynndescent", "ours")]:
        if peer in median:
            print(f"{peer} / {own}: {median[peer] / median[own]:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = os.environ.get("LATENTSPACE_DATA", ROOT.parent / "shared/data")
    parser.add_argument("--data", type=pathlib.Path, default=folder)
    parser.add_argument("--sets", default="fashion50,fashion784,uniform10")
    parser.add_argument("--k", type=int, default=15)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--metric", default="euclidean")
    arguments = parser.parse_args()
    # To be set before numpy and numba are loaded: later settings make large products slow.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = str(arguments.threads)
    for name in arguments.sets.split(","):
        compare(name, arguments)


if __name__ == "__main__":
    main()
