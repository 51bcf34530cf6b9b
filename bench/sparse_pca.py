"""PCA of sparse rows compared with scikit-learn's TruncatedSVD (randomized, default settings): tf-idf of abstracts, and random cells in many
columns; both in memory, alternating, median of 3; and the deviation of the variances from those of scipy's svds of the centered rows."""

import gc
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

import numpy as np
import pyarrow.parquet
import scipy.io
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, svds
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

root = pathlib.Path(__file__).resolve().parent.parent
data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
random = np.random.default_rng(0)


def abstracts():
    column = pyarrow.parquet.read_table(data / "documents/arxiv.parquet")
    name = next(name for name in column.column_names if name in ("abstract", "text"))
    texts = column[name].to_pylist()[:6000]
    return TfidfVectorizer(min_df=3, dtype=np.float32).fit_transform(texts).tocsr()


def cells(rows, cols, count):
    return scipy.sparse.random(rows, cols, count / rows / cols, "csr", np.float32, random)


def centered(x):
    mean = np.asarray(x.mean(0), np.float64).ravel()
    wide = x.astype(np.float64)
    return LinearOperator(
        x.shape,
        matvec=lambda v: wide @ v.ravel() - mean @ v.ravel(),
        rmatvec=lambda v: wide.T @ v.ravel() - mean * v.sum(),
        dtype=np.float64,
    )


for name, x in [("tf-idf", abstracts()), ("100,000 columns", cells(2000, 100_000, 200_000)), ("1,000,000 columns", cells(2000, 1_000_000, 200_000))]:
    x.sort_indices()
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "rows.mtx"
        scipy.io.mmwrite(file, x)
        program = root / "target/release/examples/bench_pca"
        ours = subprocess.Popen([program, file, "50"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        theirs, mine = [], []
        for _ in range(4):
            gc.collect()
            start = time.perf_counter()
            TruncatedSVD(50).fit(x)
            theirs.append(time.perf_counter() - start)
            ours.stdin.write("fit\n")
            ours.stdin.flush()
            answer = json.loads(ours.stdout.readline())
            mine.append(answer["seconds"])
        ours.stdin.close()
    truth = np.sort(svds(centered(x), 50, return_singular_vectors=False))[::-1] ** 2 / (x.shape[0] - 1)
    off = np.abs(np.array(answer["variances"]) / truth - 1).max()
    a, b = statistics.median(theirs[1:]), statistics.median(mine[1:])
    print(f"{name}: {x.shape[0]} x {x.shape[1]}, {x.nnz} cells")
    print(f"  scikit-learn {a:.3f} s [{min(theirs[1:]):.3f} .. {max(theirs[1:]):.3f}], latentspace {b:.3f} s [{min(mine[1:]):.3f} .. {max(mine[1:]):.3f}]")
    print(f"  ratio {b / a:.2f} (bar 3), variances within {off:.1e} of svds")
