"""Neighbors beside pynndescent: the same rows, the same threads, both warm, in turn, the median of three.

    python bench/knn.py EXAMPLE ROWS.npy [K]

EXAMPLE is the built example `knn` (target/release/examples/knn), ROWS.npy a C-ordered table of float32. Recall is that of all rows
against our exact search, which the library's tests hold against brute force. Set OPENBLAS_NUM_THREADS in the environment.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("NUMBA_NUM_THREADS", str(os.cpu_count()))
import numpy as np
import pynndescent


def ours(example, path, k, algorithm, out):
    """Seconds of the second of two searches in one process, and the indices found."""
    command = [example, path, str(k), algorithm, "2", out]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return float(re.findall(r"seconds ([\d.]+)", text)[-1]), np.fromfile(out, np.uint32).reshape(-1, k)


def theirs(rows, k, seed):
    """Seconds of a build, and the indices found. A row is its own first neighbor there."""
    start = time.perf_counter()
    indices, _ = pynndescent.NNDescent(rows, n_neighbors=k + 1, random_state=seed).neighbor_graph
    return time.perf_counter() - start, indices[:, 1:]


def recall(truth, found):
    return (found[:, :, None] == truth[:, None, :]).any(2).mean() if len(truth) <= 10_000 else np.mean(
        [np.isin(a, b, assume_unique=True).mean() for a, b in zip(truth, found)]
    )


def main():
    example, path, k = sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 15
    rows = np.load(path)
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "indices")
        exact_seconds, truth = ours(example, path, k, "exact", out)
        theirs(rows, k, 0)  # compiles
        times = {"ours": [], "pynndescent": []}
        recalls = {"ours": [], "pynndescent": []}
        for turn in range(3):
            for name, search in (("ours", lambda: ours(example, path, k, "auto", out)), ("pynndescent", lambda: theirs(rows, k, turn + 1))):
                seconds, found = search()
                times[name].append(seconds)
                recalls[name].append(recall(truth, found))
    print(f"{os.path.basename(path)}: {rows.shape[0]} x {rows.shape[1]}, k {k}, threads {os.environ['NUMBA_NUM_THREADS']}")
    print(f"| search | seconds | recall |\n|---|---|---|\n| ours, exact | {exact_seconds:.2f} | 1 |")
    for name in times:
        low, high = min(times[name]), max(times[name])
        print(f"| {name} | {statistics.median(times[name]):.2f} [{low:.2f}..{high:.2f}] | {min(recalls[name]):.4f} |")
    print(f"{statistics.median(times['pynndescent']) / statistics.median(times['ours']):.1f} times as fast as pynndescent")


if __name__ == "__main__":
    main()
