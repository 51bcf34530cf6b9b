"""Kernel PCA, the Nyström approximation and random Fourier features compared with scikit-learn's; each alternating, median of 3.
Before each there is a pause, in which the threads of the other stop waiting for more work: OpenBLAS' spin for some 25 ms.

    bench/run kernels [kpca|nystroem|fourier]

Kernel PCA: 10,000 rows of Fashion-MNIST by 50 principal components, 2 kernel components, gamma 1/(d var). Guards: eigenvalues, the codes of 1,000
new rows up to sign, peak memory of each process, and the held-out error of decoded rows. The two approximations: 1,000,000 x 20 groups, 100
components; guard: the root mean square error of the kernel over pairs of new rows.
"""

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

root = pathlib.Path(__file__).resolve().parent.parent
data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
PROFILE = os.environ.get("LATENTSPACE_PROFILE", "release")
ROUNDS = 3
PAUSE = 0.2


class Ours:
    """The example `bench_kernels`, asked over its standard input."""

    def __init__(self, method, file, new, *params):
        command = [root / "target" / PROFILE / "examples/bench_kernels", method, file, new, *params]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def fit(self):
        time.sleep(PAUSE)
        self.process.stdin.write("fit\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


PEER = """
import json, resource, sys, time
import numpy as np
from sklearn.decomposition import KernelPCA
from sklearn.kernel_approximation import Nystroem, RBFSampler
rows, new = np.load(sys.argv[1]), np.load(sys.argv[2])
for line in sys.stdin:
    start = time.perf_counter()
    peer = eval(sys.argv[3]).fit(rows)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    codes = peer.transform(new)
    np.save(sys.argv[2] + ".peer.npy", codes)
    print(json.dumps({"seconds": seconds, "encode_seconds": time.perf_counter() - start, "eigenvalues": getattr(peer, "eigenvalues_", np.zeros(0)).tolist(),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
"""


class Theirs(Ours):
    """scikit-learn's class in a process of its own, so that peak memory is its own."""

    def __init__(self, file, new, call):
        self.process = subprocess.Popen([sys.executable, "-c", PEER, file, new, call], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def compare(name, ours, theirs):
    """Alternate both; print medians and ratio."""
    mine, peers = [], []
    for _ in range(ROUNDS):
        peers.append(theirs.fit())
        mine.append(ours.fit())
    ours.end()
    theirs.end()
    for what in ["seconds", "encode_seconds"]:
        a, b = (statistics.median(run[what] for run in runs) for runs in (peers, mine))
        print(f"{name:12} {what:15} scikit-learn {a:8.3f}   latentspace {b:8.3f}   ratio {a / b:6.2f}")
    print(f"{name:12} peak MiB        scikit-learn {peers[-1]['peak_mib']:8.0f}   latentspace {mine[-1]['peak_mib']:8.0f}")
    return mine[-1], peers[-1]


def kpca(folder):
    pixels = np.frombuffer(gzip.open(data / "fashion/train-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
    from sklearn.decomposition import PCA

    table = (pixels.reshape(60000, 784)[:11000] / np.float32(255)).astype(np.float32)
    table = PCA(50, svd_solver="covariance_eigh").fit(table[:10000]).transform(table).astype(np.float32)
    rows, new = folder / "rows.npy", folder / "new.npy"
    np.save(rows, table[:10000])
    np.save(new, table[10000:])
    gamma = 1 / (50 * float(table[:10000].astype(np.float64).var()))
    mine, peer = compare(
        "kernel PCA",
        Ours("kernel-pca", rows, new, "n_components=2"),
        Theirs(rows, new, f"KernelPCA(2, kernel='rbf', gamma={gamma!r})"),
    )
    off = max(abs(a / b - 1) for a, b in zip(mine["eigenvalues"], peer["eigenvalues"]))
    a, b = np.load(f"{new}.codes.npy"), np.load(f"{new}.peer.npy")
    apart = np.abs(a * np.sign((a * b).sum(0)) - b).max()
    print(f"eigenvalues {mine['eigenvalues']}: {off:.1e} apart (bar 1e-5); codes of new rows {apart:.1e} apart (bar 1e-4); ratio bar 6, 450 MiB")
    from sklearn.decomposition import KernelPCA

    few = table[:2000]
    np.save(rows, few)
    for k in (2, 5, 20):
        ours = Ours("kernel-pca", rows, new, f"n_components={k}")
        ours.fit()
        ours.end()
        theirs = KernelPCA(k, kernel="rbf", gamma=1 / (50 * few.var()), fit_inverse_transform=True).fit(few)
        wanted = table[10000:]
        spread = ((wanted - few.mean(0)) ** 2).mean()
        lost = [((back - wanted) ** 2).mean() / spread for back in (np.load(f"{new}.back.npy"), theirs.inverse_transform(theirs.transform(wanted)))]
        print(f"decoded, {k:2} components: lost of the variance of new rows {lost[0]:.3f}, scikit-learn {lost[1]:.3f}")


def million(folder):
    random = np.random.default_rng(0)
    table = random.normal(size=(1_002_000, 20)).astype(np.float32) * np.float32(0.5)
    table += random.normal(size=(30, 20)).astype(np.float32)[random.integers(0, 30, len(table))]
    rows, new = folder / "rows.npy", folder / "new.npy"
    np.save(rows, table[:1_000_000])
    np.save(new, table[:1_000_000])
    return rows, new, table[:1_000_000], 1 / (20 * float(table[:1_000_000].astype(np.float64).var()))


def error(table, codes, gamma):
    """Root mean square error of the kernel over pairs of 1,000 rows."""
    x = table[:1000].astype(np.float64)
    kernel = np.exp(-gamma * ((x[:, None] - x[None]) ** 2).sum(2))
    z = codes[:1000].astype(np.float64)
    return np.sqrt(((z @ z.T - kernel) ** 2).mean())


def approximation(folder, name, ours, call):
    rows, new, table, gamma = million(folder)
    compare(name, Ours(ours[0], rows, new, *ours[1:]), Theirs(rows, new, call.format(gamma=gamma)))
    found = [error(table, np.load(f"{new}.{which}.npy", mmap_mode="r"), gamma) for which in ("codes", "peer")]
    print(f"{name:12} error of the kernel: latentspace {found[0]:.4f}, scikit-learn {found[1]:.4f}")


if __name__ == "__main__":
    asked = sys.argv[1:] or ["kpca", "nystroem", "fourier"]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if "kpca" in asked:
            kpca(folder)
        if "nystroem" in asked:
            approximation(
                folder,
                "Nystroem",
                ["nystroem", "n_components=100", "n_landmarks=100"],
                "Nystroem(n_components=100, gamma={gamma!r}, random_state=0)",
            )
            approximation(folder, "Nystroem 1000", ["nystroem", "n_components=100"], "Nystroem(n_components=100, gamma={gamma!r}, random_state=0)")
        if "fourier" in asked:
            approximation(folder, "Fourier", ["fourier-features", "n_components=100"], "RBFSampler(n_components=100, gamma={gamma!r}, random_state=0)")
