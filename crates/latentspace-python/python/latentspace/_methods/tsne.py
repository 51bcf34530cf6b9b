"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class TSNE(Decodes, Encodes):
    r"""t-SNE: a map that keeps each row's neighbors together.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map: 2 or 3 to look at, 1 for an order. It must be a whole number from 1 to 3.
    perplexity : float, default=30.0
        Effective number of neighbors per row. Small values show fine structure, large values (100) coarser structure. At most a
        third of the rows. It must be a number above 1.
    second_perplexity : float, default=0.0
        A second perplexity, averaged with the first (multiscale t-SNE). A larger one also keeps coarse structure. 0: none. It must
        be a number, at least 0.
    affinity : {'gaussian', 'uniform'}, default='gaussian'
        How the neighbors of a row are weighted: gaussian, by distance, as wide as the perplexity asks for; uniform, all alike, as
        many as the perplexity. It must be 'gaussian' or 'uniform'.
    early_exaggeration : float, default=12.0
        Factor on the attractive forces in the early iterations, so that clusters form. It must be a number above 0.
    exaggeration : float, default=1.0
        Factor on the attractive forces after the early iterations. 1 is t-SNE; 2 to 4 pull clusters tighter, as UMAP does. It must
        be a number above 0.
    n_iter_early : int, default=250
        Number of early iterations (with early exaggeration). It must be a whole number from 0 to 100000.
    n_iter : int, default=500
        Number of iterations after the early ones. It must be a whole number from 0 to 100000.
    min_kl_change : float, default=0.0
        Stop when 50 iterations after the early ones lower the KL divergence by less than this. 0: never. It must be a number, at
        least 0.
    learning_rate : float or 'auto', default='auto'
        Step size of the gradient descent. auto: the number of rows divided by the exaggeration of the phase. It must be a number
        above 0, or 'auto'.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        Distance between rows. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming' or 'jaccard'.
    init : {'pca', 'spectral', 'random'}, default='pca'
        Starting positions: pca, the first principal components, which keep the coarse order of the data; spectral, the smoothest
        eigenvectors of the neighbor graph's Laplacian, which unroll curved data; random. It must be 'pca', 'spectral' or 'random'.
    pca_components : int or 'auto', default=0
        Reduce rows to this many principal components before the neighbor search, which is faster and removes noise. 0: no
        reduction; auto: 50 where there are more columns. It must be a whole number, at least 0, or 'auto'.
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
    kl_divergence_ : number
        The Kullback-Leibler divergence that is left.
    n_iter_ : number
        Iterations that were made, those with early exaggeration included.
    learning_rate_ : number
        The learning rate; what auto became.
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
    UMAP : UMAP: a map of the fuzzy graph of neighbors.
    PaCMAP : PaCMAP: a map that fixes global, then local structure.
    sklearn.manifold.TSNE : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any row may be a neighbor of any other
    - new rows are placed among their nearest fitted rows, even where nothing similar was fitted: a map has no coordinates for what it
      has not seen; `left_out_drift` is how far fitted rows land from their positions when placed as new ones
    - counts with at most one nonzero cell in twenty stay sparse, and their neighbors are found by comparing all pairs; others are made
      dense: 4 bytes a cell, zeros included
    - 1 dimension takes at most 16,000 rows: the forces of all pairs are summed

    References
    ----------
    .. [1] van der Maaten and Hinton 2008, Visualizing data using t-SNE, JMLR 9(86):2579-2605
    .. [2] Linderman and others 2019, Fast interpolation-based t-SNE, doi:10.1038/s41592-018-0308-4

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import TSNE
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = TSNE(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["tsne"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        second_perplexity: float = 0.0,
        affinity: Literal['gaussian', 'uniform'] = 'gaussian',
        early_exaggeration: float = 12.0,
        exaggeration: float = 1.0,
        n_iter_early: int = 250,
        n_iter: int = 500,
        min_kl_change: float = 0.0,
        learning_rate: float | Literal['auto'] = 'auto',
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        init: Literal['pca', 'spectral', 'random'] = 'pca',
        pca_components: int | Literal['auto'] = 0,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.perplexity = perplexity
        self.second_perplexity = second_perplexity
        self.affinity = affinity
        self.early_exaggeration = early_exaggeration
        self.exaggeration = exaggeration
        self.n_iter_early = n_iter_early
        self.n_iter = n_iter
        self.min_kl_change = min_kl_change
        self.learning_rate = learning_rate
        self.metric = metric
        self.init = init
        self.pca_components = pca_components
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
    def kl_divergence_(self) -> Any:
        """The Kullback-Leibler divergence that is left."""
        return self._attribute("kl_divergence_")

    @property
    def n_iter_(self) -> Any:
        """Iterations that were made, those with early exaggeration included."""
        return self._attribute("n_iter_")

    @property
    def learning_rate_(self) -> Any:
        """The learning rate; what auto became."""
        return self._attribute("learning_rate_")
