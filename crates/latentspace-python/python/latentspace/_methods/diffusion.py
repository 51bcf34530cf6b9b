"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class DiffusionMap(Decodes, Encodes):
    r"""Diffusion maps: coordinates that preserve diffusion distances.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Number of neighbors per row, to which a random walk can step. It must be a whole number, at least 1.
    alpha : float, default=1.0
        Normalization of the sampling density: 0 none, 1 full. It must be a number from 0 to 1.
    n_steps : int, default=1
        Number of steps of the random walk: more steps smooth fine structure and keep coarse structure. It must be a whole number
        from 0 to 100000.
    bandwidth : float or 'auto', default='auto'
        Width s of the kernel exp(-d²/2s²). auto: the median distance of neighbors. It must be a number above 0, or 'auto'.
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
    eigenvalues_ : ndarray of shape [k]
        Eigenvalue of each dimension: what remains of it after one diffusion step.
    bandwidth_ : number
        The distance at which neighbors weigh less; what auto became.
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
    PHATE : PHATE: a map of branches, by random walks.
    MDS : MDS: coordinates that preserve distances.

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
    .. [1] Coifman and Lafon 2006, Diffusion maps, doi:10.1016/j.acha.2006.04.006

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import DiffusionMap
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = DiffusionMap(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["diffusion"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 12,
        alpha: float = 1.0,
        n_steps: int = 1,
        bandwidth: float | Literal['auto'] = 'auto',
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.n_steps = n_steps
        self.bandwidth = bandwidth
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
    def eigenvalues_(self) -> np.ndarray:
        """Eigenvalue of each dimension: what remains of it after one diffusion step."""
        return self._attribute("eigenvalues_")

    @property
    def bandwidth_(self) -> Any:
        """The distance at which neighbors weigh less; what auto became."""
        return self._attribute("bandwidth_")
