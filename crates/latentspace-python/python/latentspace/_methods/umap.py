"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class UMAP(Decodes, Encodes):
    r"""UMAP: a map of the fuzzy graph of neighbors.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map: 2 or 3 to look at, 5 to 50 to cluster in. It must be a whole number from 1 to 50.
    n_neighbors : int, default=15
        Number of neighbors per row, the row itself included. Small values show fine structure, large values (50) coarse structure.
        At most the number of rows. It must be a whole number, at least 2.
    min_dist : float, default=0.1
        Minimum distance between points of the map: small values pack groups tightly, large values spread them evenly. At most the
        spread. It must be a number, at least 0.
    spread : float, default=1.0
        Scale of the map: the distance between points that are hardly connected. It must be a number above 0.
    n_epochs : int or 'auto', default='auto'
        Number of epochs of the optimization. auto: 500 up to 10,000 rows, else 200; 200 more with densmap. It must be a whole
        number from 1 to 100000, or 'auto'.
    learning_rate : float, default=1.0
        Step size in the first epoch; it falls to 0. It must be a number above 0.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        Distance between rows. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming' or 'jaccard'.
    init : {'pca', 'spectral', 'random'}, default='spectral'
        Starting positions: pca, the first principal components, which keep the coarse order of the data; spectral, the smoothest
        eigenvectors of the neighbor graph's Laplacian, which unroll curved data; random. It must be 'pca', 'spectral' or 'random'.
    negative_sample_rate : int, default=5
        Negative samples per positive sample. It must be a whole number from 0 to 1000.
    set_op_mix_ratio : float, default=1.0
        How the directed neighbor graphs are combined: 1 = fuzzy union, 0 = fuzzy intersection. It must be a number from 0 to 1.
    local_connectivity : float, default=1.0
        Number of nearest neighbors that are fully connected to a row, however far they are. It must be a number, at least 0.
    repulsion_strength : float, default=1.0
        Weight of the repulsive forces (negative samples). It must be a number, at least 0.
    target : str or {'auto', 'none'}, default='auto'
        Column of labels to learn from (supervised UMAP): rows with different labels are connected less. auto: the y given to fit in
        Python, else none. It must be the name of a column, or 'auto' or 'none'.
    target_weight : float, default=0.5
        Weight of the labels against the rows: at 1, rows with different labels are not connected. It must be a number from 0 to 1.
    densmap : bool, default=False
        Also preserve local density (densMAP): where rows are dense, so are their points. It must be true or false.
    dens_lambda : float, default=2.0
        Weight of the density term against the neighbors. It must be a number, at least 0.
    dens_frac : float, default=0.3
        Fraction of the epochs, the last ones, that use the density term. It must be a number from 0 to 1.
    dens_var_shift : float, default=0.1
        Added to the variance of the map's log radii, which regularizes the correlation of densities. It must be a number above 0.
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
    graph_ : sparse array of shape [n, n]
        How far rows belong together, without what labels say; sought anew when it is first read.
    a_ : number
        Of the curve 1 / (1 + a x^(2b)) over distances on the map.
    b_ : number
        Of the same curve.
    n_epochs_ : number
        Epochs that were made.
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
    PaCMAP : PaCMAP: a map that fixes global, then local structure.
    umap.UMAP : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any row may be a neighbor of any other
    - new rows are placed among their nearest fitted rows, even where nothing similar was fitted: a map has no coordinates for what it
      has not seen; `left_out_drift` is how far fitted rows land from their positions when placed as new ones
    - counts with at most one nonzero cell in twenty stay sparse, and their neighbors are found by comparing all pairs; others are made
      dense: 4 bytes a cell, zeros included
    - densmap does not apply to new rows: they are placed as without it
    - with a target, classes separate on the map even where the rows do not: the labels are part of the graph
    - where the neighbor graph is disconnected, the relative positions of its components come from PCA: no neighbors connect them

    References
    ----------
    .. [1] McInnes, Healy and Melville 2018, UMAP: uniform manifold approximation and projection, doi:10.21105/joss.00861
    .. [2] Narayan, Berger and Cho 2021, Assessing single-cell transcriptomic variability through density-preserving data visualization,
       doi:10.1038/s41587-020-00801-7

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import UMAP
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = UMAP(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["umap"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        spread: float = 1.0,
        n_epochs: int | Literal['auto'] = 'auto',
        learning_rate: float = 1.0,
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        init: Literal['pca', 'spectral', 'random'] = 'spectral',
        negative_sample_rate: int = 5,
        set_op_mix_ratio: float = 1.0,
        local_connectivity: float = 1.0,
        repulsion_strength: float = 1.0,
        target: str | Literal['auto', 'none'] = 'auto',
        target_weight: float = 0.5,
        densmap: bool = False,
        dens_lambda: float = 2.0,
        dens_frac: float = 0.3,
        dens_var_shift: float = 0.1,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.spread = spread
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.metric = metric
        self.init = init
        self.negative_sample_rate = negative_sample_rate
        self.set_op_mix_ratio = set_op_mix_ratio
        self.local_connectivity = local_connectivity
        self.repulsion_strength = repulsion_strength
        self.target = target
        self.target_weight = target_weight
        self.densmap = densmap
        self.dens_lambda = dens_lambda
        self.dens_frac = dens_frac
        self.dens_var_shift = dens_var_shift
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
    def graph_(self) -> Any:
        """How far rows belong together, without what labels say; sought anew when it is first read."""
        return self._attribute("graph_")

    @property
    def a_(self) -> Any:
        """Of the curve 1 / (1 + a x^(2b)) over distances on the map."""
        return self._attribute("a_")

    @property
    def b_(self) -> Any:
        """Of the same curve."""
        return self._attribute("b_")

    @property
    def n_epochs_(self) -> Any:
        """Epochs that were made."""
        return self._attribute("n_epochs_")
