# Made from the registry's description: `UPDATE=1 make python-test` rewrites it.
from typing import Any, Literal

import numpy as np

from ._estimator import Decodes, Encodes, Estimator, Folds
from ._explore import Explorer as Explorer, explore as explore
from ._native import InputError as InputError, ParamError as ParamError
from ._space import Measure as Measure, Space as Space

__version__: str
METHODS: list[dict[str, Any]]

class PCA(Decodes, Folds, Encodes):
    """PCA: the directions along which the rows differ most."""

    n_components: int | Literal['auto']
    solver: Literal['auto', 'covariance', 'gram', 'randomized']
    whiten: bool
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int | Literal['auto'] = ...,  # 'auto'
        *,
        solver: Literal['auto', 'covariance', 'gram', 'randomized'] = ...,  # 'auto'
        whiten: bool = ...,  # False
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class TSNE(Encodes):
    """t-SNE: a map for the eye that keeps neighbors together."""

    n_components: int
    perplexity: float
    early_exaggeration: float
    exaggeration: float
    n_iter_early: int
    n_iter: int
    learning_rate: float | Literal['auto']
    metric: Literal['euclidean', 'cosine', 'inner_product']
    init: Literal['pca', 'random']
    pca_components: int | Literal['auto']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        perplexity: float = ...,  # 30.0
        early_exaggeration: float = ...,  # 12.0
        exaggeration: float = ...,  # 1.0
        n_iter_early: int = ...,  # 250
        n_iter: int = ...,  # 500
        learning_rate: float | Literal['auto'] = ...,  # 'auto'
        metric: Literal['euclidean', 'cosine', 'inner_product'] = ...,  # 'euclidean'
        init: Literal['pca', 'random'] = ...,  # 'pca'
        pca_components: int | Literal['auto'] = ...,  # 0
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...
