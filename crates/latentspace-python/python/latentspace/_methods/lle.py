"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class LocallyLinearEmbedding(Decodes, Encodes):
    r"""LLE: coordinates that keep local reconstructions.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Number of neighbors per row: few follow sharp bends, many bridge sparse regions. hessian needs at least n_components
        (n_components + 3) / 2, the others more than n_components. It must be a whole number, at least 1.
    variant : {'standard', 'modified', 'hessian', 'ltsa'}, default='standard'
        Kind of embedding: standard; modified (MLLE, several weights per row); hessian (Hessian eigenmaps); ltsa (local tangent
        space alignment). It must be 'standard', 'modified', 'hessian' or 'ltsa'.
    reg : float, default=0.001
        Regularization of the reconstruction weights, relative to the trace of the local Gram matrix; used by standard and modified.
        It must be a number above 0, at most 1.
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
    reconstruction_error_ : number
        The squared error of rows put together from their neighbors, on the map: the sum of the eigenvalues.
    eigenvalues_ : ndarray of shape [k]
        The smallest eigenvalues that are not 0.
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
    Isomap : Isomap: coordinates that preserve geodesic distances.
    SpectralEmbedding : Laplacian eigenmaps: smoothest eigenvectors of the neighbor graph.
    DiffusionMap : Diffusion maps: coordinates that preserve diffusion distances.
    PHATE : PHATE: a map of branches, by random walks.
    MDS : MDS: coordinates that preserve distances.
    sklearn.manifold.LocallyLinearEmbedding : The corresponding class.

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
    .. [1] Roweis and Saul 2000, Nonlinear dimensionality reduction by locally linear embedding, doi:10.1126/science.290.5500.2323

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import LocallyLinearEmbedding
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = LocallyLinearEmbedding(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["lle"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 12,
        variant: Literal['standard', 'modified', 'hessian', 'ltsa'] = 'standard',
        reg: float = 0.001,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.variant = variant
        self.reg = reg
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
    def reconstruction_error_(self) -> Any:
        """The squared error of rows put together from their neighbors, on the map: the sum of the eigenvalues."""
        return self._attribute("reconstruction_error_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """The smallest eigenvalues that are not 0."""
        return self._attribute("eigenvalues_")
