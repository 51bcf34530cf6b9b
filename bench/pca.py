"""PCA compared with scikit-learn: 60,000 x 784 (Fashion-MNIST), 50 components; after a warm-up, alternating, median of 5.

Before each there is a pause, in which the threads of the other stop waiting for more work: OpenBLAS' spin for some 25 ms, which were ours.
"""

import gzip
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
from sklearn.decomposition import PCA

root = pathlib.Path(__file__).resolve().parent.parent
data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
PAUSE = 0.2
pixels = np.frombuffer(gzip.open(data / "fashion/train-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
rows = (pixels.reshape(60000, 784) / np.float32(255)).astype(np.float32)

with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "fashion.npy"
    np.save(file, rows)
    ours = subprocess.Popen([root / "target/release/examples/bench_pca", file, "50"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    theirs, mine = [], []
    for _ in range(6):
        time.sleep(PAUSE)
        start = time.perf_counter()
        peer = PCA(50, svd_solver="covariance_eigh").fit(rows)
        theirs.append(time.perf_counter() - start)
        time.sleep(PAUSE)
        ours.stdin.write("fit\n")
        ours.stdin.flush()
        answer = json.loads(ours.stdout.readline())
        mine.append(answer["seconds"])
    ours.stdin.close()

a, b = statistics.median(theirs[1:]), statistics.median(mine[1:])
exact = np.linalg.eigvalsh(np.cov(rows.astype(np.float64), rowvar=False))[::-1]
print(f"scikit-learn covariance_eigh  {a:.3f} s  [{min(theirs[1:]):.3f} .. {max(theirs[1:]):.3f}]  explained {peer.explained_variance_ratio_.sum():.7f}")
print(f"latentspace                   {b:.3f} s  [{min(mine[1:]):.3f} .. {max(mine[1:]):.3f}]  explained {answer['explained_variance']:.7f}")
print(f"exact (f64)                                              explained {exact[:50].sum() / exact.sum():.7f}")
print(f"ratio {a / b:.2f} (bar 1.4)")
