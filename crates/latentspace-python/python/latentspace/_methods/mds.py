"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class MDS(Decodes, Encodes):
    r"""MDS: coordinates that preserve distances.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    scaling : {'metric', 'classical'}, default='metric'
        What to preserve: metric, distances (SMACOF); classical, inner products (eigenvectors). It must be 'metric' or 'classical'.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        Distance between rows; inner_product is not a distance and is refused. It must be 'euclidean', 'cosine', 'inner_product',
        'manhattan', 'hellinger', 'hamming' or 'jaccard'.
    n_landmarks : int or 'auto', default='auto'
        Number of landmarks, the rows that are scaled; the others are placed by their distances to them. auto: all rows up to
        10,000, else 1,000. It must be a whole number, at least 3, or 'auto'.
    n_iter : int, default=300
        Maximum number of iterations, for metric. It must be a whole number, at least 1.
    eps : float, default=1e-06
        Stop when two iterations lower the stress by less than this fraction of the squared distances, for metric. It must be a
        number from 0 to 1.
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
    stress_ : number
        Kruskal's stress 1 of the places of the landmarks, by metric scaling: scikit-learn's with normalized_stress.
    n_iter_ : number
        Steps that brought the stress down, by metric scaling.
    eigenvalues_ : ndarray of shape [k]
        Of the centered distances, by classical scaling.
    dissimilarity_matrix_ : ndarray of shape [n, n]
        The distances of all rows; found anew when it is first read.
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
    LocallyLinearEmbedding : LLE: coordinates that keep local reconstructions.
    Isomap : Isomap: coordinates that preserve geodesic distances.
    SpectralEmbedding : Laplacian eigenmaps: smoothest eigenvectors of the neighbor graph.
    DiffusionMap : Diffusion maps: coordinates that preserve diffusion distances.
    PHATE : PHATE: a map of branches, by random walks.
    sklearn.manifold.MDS : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any row may be a neighbor of any other
    - new rows are placed among their nearest fitted rows, even where nothing similar was fitted: a map has no coordinates for what it
      has not seen; `left_out_drift` is how far fitted rows land from their positions when placed as new ones
    - sparse counts are made dense: 4 bytes a cell, zeros included
    - a killed fit starts over: there are no checkpoints
    - a plan is accurate to a factor of 3: fill-in of the factored graph depends on the data

    References
    ----------
    .. [1] Torgerson 1952, Multidimensional scaling: I. Theory and method, doi:10.1007/BF02288916
    .. [2] Borg and Groenen 2005, Modern multidimensional scaling, doi:10.1007/0-387-28981-X

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import MDS
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = MDS(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["mds"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        scaling: Literal['metric', 'classical'] = 'metric',
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        n_landmarks: int | Literal['auto'] = 'auto',
        n_iter: int = 300,
        eps: float = 1e-06,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.scaling = scaling
        self.metric = metric
        self.n_landmarks = n_landmarks
        self.n_iter = n_iter
        self.eps = eps
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
    def stress_(self) -> Any:
        """Kruskal's stress 1 of the places of the landmarks, by metric scaling: scikit-learn's with normalized_stress."""
        return self._attribute("stress_")

    @property
    def n_iter_(self) -> Any:
        """Steps that brought the stress down, by metric scaling."""
        return self._attribute("n_iter_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """Of the centered distances, by classical scaling."""
        return self._attribute("eigenvalues_")

    @property
    def dissimilarity_matrix_(self) -> np.ndarray:
        """The distances of all rows; found anew when it is first read."""
        return self._attribute("dissimilarity_matrix_")
