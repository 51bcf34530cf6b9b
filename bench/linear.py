"""Linear methods compared with scikit-learn on Fashion-MNIST: after a warm-up, alternating, median of 3. Before each there is a
pause, in which the threads of the other stop waiting for more work: OpenBLAS' spin for some 25 ms.

Factor analysis: 30,000 x 784, 16 factors, log-likelihood a row. NMF: 60,000 x 784, 16 parts, error. Truncated SVD: 60,000 x 784, 50 components,
explained variance; of text (latent semantic analysis): 12,836 speeches by 11,776 words, 100 components. FastICA: 60,000 x 784, 50 sources, and the Amari
index on planted sources. Sparse PCA: 3,000 x 196, 10 components, objective. Dictionary learning: one pass over 20,000 x 64, 128 atoms, planted atoms. `--lapack` also fits scikit-learn's exact factor analysis (minutes), the guard of the likelihood.
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
import warnings

import numpy as np
from scipy.io import mmwrite
from scipy.sparse import issparse
from sklearn.decomposition import NMF, FactorAnalysis, FastICA, MiniBatchDictionaryLearning, SparsePCA, TruncatedSVD

warnings.filterwarnings("ignore")
root = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root / "docs"))
import read_space  # noqa: E402

data = pathlib.Path(os.environ.get("LATENTSPACE_DATA", root / "../shared/data"))
program = os.environ.get("LATENTSPACE_BENCH", root / "target/release/examples/bench_fit")
pixels = np.frombuffer(gzip.open(data / "fashion/train-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
fashion = (pixels.reshape(60000, 784) / np.float32(255)).astype(np.float32)
PAUSE = 0.2
wanted = [name for name in sys.argv[1:] if not name.startswith("-")]


def compare(name, rows, method, parameters, peer, guard, bar, times=3):
    """Fits both in turn; `guard(ours, theirs)` prints what must not be worse."""
    if wanted and name not in wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        file, space = pathlib.Path(folder) / ("rows.mtx" if issparse(rows) else "rows.npy"), pathlib.Path(folder) / "space.latent"
        mmwrite(file, rows) if issparse(rows) else np.save(file, rows)
        ours = subprocess.Popen([program, file, method, json.dumps(parameters)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        mine, theirs = [], []
        for at in range(times + 1):
            time.sleep(PAUSE)
            start = time.perf_counter()
            model = peer().fit(rows)
            theirs.append(time.perf_counter() - start)
            time.sleep(PAUSE)
            ours.stdin.write(f"{space}\n" if at == 0 else "fit\n")
            ours.stdin.flush()
            answer = json.loads(ours.stdout.readline())
            mine.append(answer["seconds"])
            answer["space"] = space
        ours.stdin.close()
        a, b = statistics.median(theirs[1:]), statistics.median(mine[1:])
        print(f"{name:16} scikit-learn {a:8.3f} s [{min(theirs[1:]):.3f} .. {max(theirs[1:]):.3f}]   latentspace {b:7.3f} s [{min(mine[1:]):.3f} .. {max(mine[1:]):.3f}]   ratio {a / b:.2f}{f' (bar {bar})' if bar else ''}")
        print(f"{'':16} {guard(answer, model)}; {answer['facts'].get('n_iter')} and {getattr(model, 'n_iter_', None)} iterations", flush=True)


half = fashion[:30000]


def likelihood(answer, model):
    found, peer = answer["facts"]["training_log_likelihood_per_row"], model.loglike_[-1] / len(half)
    return f"log-likelihood a row: {peer:.4f} scikit-learn, {found:.4f} latentspace"


compare("factor analysis", half, "factor-analysis", {"n_components": 16}, lambda: FactorAnalysis(16, random_state=0), likelihood, 10)
if "--lapack" in sys.argv:
    start = time.perf_counter()
    model = FactorAnalysis(16, svd_method="lapack").fit(half)
    print(f"{'':16} scikit-learn, lapack: {model.loglike_[-1] / len(half):.4f} in {time.perf_counter() - start:.0f} s", flush=True)

compare(
    "nmf", fashion, "nmf", {"n_components": 16}, lambda: NMF(16, init="nndsvda", random_state=0),
    lambda answer, model: f"error: {model.reconstruction_err_:.3f} scikit-learn, {answer['facts']['reconstruction_err']:.3f} latentspace", 3,
)
compare(
    "svd", fashion, "svd", {"n_components": 50}, lambda: TruncatedSVD(50, random_state=0),
    lambda answer, model: f"explained variance: {model.explained_variance_ratio_.sum():.6f} scikit-learn, {answer['measures']['explained_variance']:.6f} latentspace", None,
)
if not wanted or "lsa" in wanted:
    import pandas as pd
    from sklearn.feature_extraction.text import CountVectorizer

    texts = pd.read_parquet(data / "documents/sotu.parquet")
    texts = texts[next(name for name in ("text", "speech", "paragraph") if name in texts)]
    words = CountVectorizer(min_df=5).fit_transform(texts)
    print(f"{'':16} {words.shape[0]:,} speeches x {words.shape[1]:,} words, {words.nnz:,} counts", flush=True)
    compare(
        "lsa", words.astype(np.float64), "svd", {"n_components": 100}, lambda: TruncatedSVD(100, random_state=0),
        lambda answer, model: f"explained variance: {model.explained_variance_ratio_.sum():.6f} scikit-learn, {answer['measures']['explained_variance']:.6f} latentspace", None,
    )
compare(
    "ica", fashion, "ica", {"n_components": 50}, lambda: FastICA(50, whiten="unit-variance", random_state=0),
    lambda answer, model: f"converged: {answer['facts']['converged']}", 3,
)

rng = np.random.default_rng(0)
sources = np.concatenate([rng.laplace(size=(60000, 10)), rng.uniform(-1, 1, (60000, 10))], 1)
mixing = rng.normal(size=(40, 20))
mixed = (sources @ mixing.T).astype(np.float32)


def amari(product):
    product = np.abs(product)
    rows, columns = (product / product.max(1, keepdims=True)).sum(1) - 1, (product / product.max(0)).sum(0) - 1
    return (rows.sum() + columns.sum()) / (2 * len(product) * (len(product) - 1))


def planted(answer, model):
    ours = amari(read_space.Space(answer["space"]).tensors["unmixing"] @ mixing)
    return f"Amari index: {amari(model.components_ @ mixing):.5f} scikit-learn, {ours:.5f} latentspace; converged: {answer['facts']['converged']}"


compare("planted sources", mixed, "ica", {"n_components": 20}, lambda: FastICA(20, whiten="unit-variance", random_state=0), planted, 3)


small = fashion[:3000].reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196)
compare(
    "sparse-pca", small, "sparse-pca", {"n_components": 10, "alpha": 4.0}, lambda: SparsePCA(10, alpha=4.0, method="cd", random_state=0),
    lambda answer, model: f"objective {model.error_[-1]:.3f} scikit-learn, {answer['facts'].get('objective')} latentspace", None,
)

# 128 atoms in 64 columns, three to a row.
atoms = rng.normal(size=(128, 64))
atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
used = np.argsort(rng.random((20000, 128)), 1)[:, :3]
parts = np.zeros((20000, 128))
np.put_along_axis(parts, used, rng.normal(size=(20000, 3)) + np.sign(rng.normal(size=(20000, 3))), 1)
patches = (parts @ atoms + 0.01 * rng.normal(size=(20000, 64))).astype(np.float32)


def found(answer, model):
    near = lambda own: (np.abs(own / np.linalg.norm(own, axis=1, keepdims=True) @ atoms.T).max(0) > 0.9).mean()  # noqa: E731
    return f"planted atoms at cosine .9: {near(model.components_):.3f} scikit-learn, {near(read_space.Space(answer['space']).tensors['atoms']):.3f} latentspace"


compare(
    "dictionary", patches, "dictionary", {"n_components": 128, "alpha": 0.2, "n_iter": 1, "center": False},
    lambda: MiniBatchDictionaryLearning(128, alpha=0.2, max_iter=1, batch_size=256, fit_algorithm="cd", random_state=0), found, None,
)
