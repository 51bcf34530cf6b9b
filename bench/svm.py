"""Support vector machines compared with scikit-learn's SVC, which runs on one thread; alternating, median of 3.

    bench/run svm [classes|two|rings]

classes: 5,000 pictures of Fashion-MNIST, 10 labels. two: 4,000 of two alike labels (shirts and pullovers). rings: 12,000 points of three noisy rings,
more rows than all kernel values are kept of. Guards: the dual objective, summed over the pairs of labels, and the predictions of new rows.
"""

import csv
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
from sklearn.svm import SVC

root = pathlib.Path(__file__).resolve().parent.parent
data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
PROFILE = os.environ.get("LATENTSPACE_PROFILE", "release")
ROUNDS = 3


def fashion(rows, new, classes=range(10)):
    read = lambda name, skip: np.frombuffer(gzip.open(data / f"fashion/train-{name}-ubyte.gz").read(), np.uint8, offset=skip)
    pixels, labels = read("images-idx3", 16).reshape(60000, 784), read("labels-idx1", 8)
    chosen = np.flatnonzero(np.isin(labels, list(classes)))[: rows + new]
    return (pixels[chosen] / np.float32(255)).astype(np.float32), labels[chosen], rows


def rings(rows=12000, new=2000):
    random = np.random.default_rng(0)
    labels = random.integers(0, 3, rows + new)
    angle, radius = random.uniform(0, 2 * np.pi, rows + new), 1 + labels + 0.25 * random.normal(size=rows + new)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32), labels, rows


def objective(peer, rows, gamma):
    """The dual objective, summed over the pairs of labels."""
    x, start, total = rows[peer.support_].astype(float), np.r_[0, np.cumsum(peer.n_support_)], 0.0
    squares = (x**2).sum(1)
    for i in range(len(peer.classes_)):
        for j in range(i + 1, len(peer.classes_)):
            own = [slice(start[i], start[i + 1]), slice(start[j], start[j + 1])]
            beta = np.r_[peer.dual_coef_[j - 1, own[0]], peer.dual_coef_[i, own[1]]]
            at = np.r_[own[0], own[1]]
            kernel = np.exp(-gamma * np.maximum(0, squares[at, None] + squares[at] - 2 * x[at] @ x[at].T))
            total += beta @ kernel @ beta / 2 - np.abs(beta).sum()
    return total


def compare(folder, name, table, labels, n):
    rows, new, file = folder / "rows.npy", folder / "new.npy", folder / "labels.csv"
    np.save(rows, table[:n])
    np.save(new, table[n:])
    file.write_text("label\n" + "".join(f"k{label}\n" for label in labels[:n]))
    gamma = 1 / (table.shape[1] * float(table[:n].astype(np.float64).var()))
    command = [root / "target" / PROFILE / "examples/bench_svm", rows, f"{file}:label", new, f"gamma={gamma!r}"]
    ours = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    mine, peers = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        peer = SVC(gamma=gamma).fit(table[:n], labels[:n])
        fitted = time.perf_counter()
        theirs = peer.predict(table[n:])
        peers.append({"seconds": fitted - start, "encode_seconds": time.perf_counter() - fitted})
        ours.stdin.write("fit\n")
        ours.stdin.flush()
        mine.append(json.loads(ours.stdout.readline()))
    ours.stdin.close()
    ours.wait()
    for what in ["seconds", "encode_seconds"]:
        a, b = (statistics.median(run[what] for run in runs) for runs in (peers, mine))
        print(f"{name:8} {what:15} scikit-learn {a:8.3f}   latentspace {b:8.3f}   ratio {a / b:6.2f}")
    found = [int(row["prediction"][1:]) for row in csv.DictReader(open(f"{new}.labels.csv"))]
    wanted, own = objective(peer, table[:n], gamma), mine[-1]
    print(
        f"{name:8} objective {own['objective']:.4f}, scikit-learn {wanted:.4f}: {abs(own['objective'] / wanted - 1):.1e} apart (bar 1e-3); "
        f"{(found == theirs).mean():.2%} equal predictions (bar 99.5 %); accuracy {(found == labels[n:]).mean():.4f}, "
        f"{(theirs == labels[n:]).mean():.4f}; {own['support_vectors']} and {len(peer.support_)} support vectors; peak {own['peak_mib']:.0f} MiB"
    )


if __name__ == "__main__":
    sets = {"classes": lambda: fashion(5000, 2000), "two": lambda: fashion(4000, 1000, (2, 6)), "rings": rings}
    with tempfile.TemporaryDirectory() as name:
        for asked in sys.argv[1:] or sets:
            compare(pathlib.Path(name), asked, *sets[asked]())
