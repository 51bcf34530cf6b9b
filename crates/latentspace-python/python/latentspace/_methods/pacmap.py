"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class PaCMAP(Decodes, Encodes):
    r"""PaCMAP: a map that fixes global, then local structure.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map. It must be a whole number from 1 to 10.
    n_neighbors : int or 'auto', default='auto'
        Number of near pairs (neighbors) per row, at most half of the other rows. auto: 10 up to 10,000 rows, 15 more for each
        factor of ten beyond. It must be a whole number, at least 1, or 'auto'.
    mn_ratio : float, default=0.5
        Mid-near pairs per near pair. It must be a number from 0 to 100.
    fp_ratio : float, default=2.0
        Far pairs per near pair. It must be a number from 0 to 100.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        Distance between rows; inner_product is not a distance and is refused. It must be 'euclidean', 'cosine', 'inner_product',
        'manhattan', 'hellinger', 'hamming' or 'jaccard'.
    pca_components : int or 'auto', default='auto'
        Reduce rows to this many principal components before the neighbor search. 0: no reduction; auto: 100 where there are more
        columns and the metric is Euclidean. It must be a whole number, at least 0, or 'auto'.
    learning_rate : float, default=1.0
        Step size of the optimizer (Adam). It must be a number above 0.
    n_iter : int, default=450
        Number of iterations: the first two ninths fix the global layout, the next two release it, the rest fix local structure. It
        must be a whole number from 1 to 100000.
    random_state : int, RandomState, Generator or None, default=None
        Random seed. Equal seeds give equal bytes, for any number of threads. None means 0; a generator draws a seed.
    n_jobs : int or None, default=None
        Number of threads. None and -1: all cores, or 1 inside a joblib worker.
    verbose : bool, default=False
        Show notes and progress.
    max_memory : int, str or None, default=None
        Memory limit in bytes, or a size such as '4G': a fit that would exceed it is refused with what would fit.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Coordinates of the fitted rows (the embedding).
    n_iter_ : number
        Steps that were made.
    n_neighbors_ : number
        Near pairs of each row; what auto became.
    space_ : Space
        The fitted space. Its file has the bytes that `latent fit` writes.
    measures_ : Measures
        Measures of the space, computed when first read.
    n_features_in_ : int
        Number of columns of the rows.
    feature_names_in_ : ndarray of str
        Names of the columns, if the rows were a data frame.

    See Also
    --------
    TSNE : t-SNE: a map that keeps each row's neighbors together.
    UMAP : UMAP: a map of the fuzzy graph of neighbors.
    pacmap.PaCMAP : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any row may be a neighbor of any other
    - new rows are placed among their nearest fitted rows, even where nothing similar was fitted: a map has no coordinates for what it
      has not seen; `left_out_drift` is how far fitted rows land from their positions when placed as new ones
    - sparse counts are made dense: 4 bytes a cell, zeros included

    References
    ----------
    .. [1] Wang, Huang, Rudin and Shaposhnik 2021, Understanding how dimension reduction tools work, JMLR 22(201), arXiv:2012.04456

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PaCMAP
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PaCMAP(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["pacmap"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int | Literal['auto'] = 'auto',
        mn_ratio: float = 0.5,
        fp_ratio: float = 2.0,
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        pca_components: int | Literal['auto'] = 'auto',
        learning_rate: float = 1.0,
        n_iter: int = 450,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.mn_ratio = mn_ratio
        self.fp_ratio = fp_ratio
        self.metric = metric
        self.pca_components = pca_components
        self.learning_rate = learning_rate
        self.n_iter = n_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Coordinates of the fitted rows (the embedding)."""
        return self._attribute("embedding_")

    @property
    def n_iter_(self) -> Any:
        """Steps that were made."""
        return self._attribute("n_iter_")

    @property
    def n_neighbors_(self) -> Any:
        """Near pairs of each row; what auto became."""
        return self._attribute("n_neighbors_")
