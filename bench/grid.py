"""A grid search over a pipeline of PCA and logistic regression: seconds with latentspace and with scikit-learn, alternating, in one process.

    LATENTSPACE_PEERS=.cache/python make bench-grid     # once `make python-test` has installed the package there

Twelve fits of 1,437 handwritten digits (scikit-learn's own, 64 columns): four numbers of components, three folds, no refit.
"""

from __future__ import annotations

import statistics
import time

import latentspace
import sklearn.decomposition
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

ROUNDS = 3
GRID = {"pca__n_components": [8, 16, 24, 32]}


def seconds(pca: object) -> tuple[float, float]:
    """How long a search takes, and its best score."""
    rows, labels = load_digits(return_X_y=True)
    pipeline = Pipeline([("pca", pca), ("classes", LogisticRegression(max_iter=500))])
    search = GridSearchCV(pipeline, GRID, cv=3, refit=False)
    begun = time.perf_counter()
    search.fit(rows[:1437] / 16, labels[:1437])
    return time.perf_counter() - begun, search.best_score_


def main() -> None:
    """Prints the table."""
    found: dict[str, list[tuple[float, float]]] = {"latentspace": [], "scikit-learn": []}
    for _ in range(ROUNDS):
        found["latentspace"].append(seconds(latentspace.PCA()))
        found["scikit-learn"].append(seconds(sklearn.decomposition.PCA()))
    for name, runs in found.items():
        print(f"{name:14} {statistics.median(run[0] for run in runs):6.2f} s  best score {runs[0][1]:.4f}")


if __name__ == "__main__":
    main()
