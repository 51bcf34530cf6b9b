"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class Isomap(Decodes, Encodes):
    r"""Isomap: coordinates that preserve geodesic distances.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Number of neighbors per row: few follow the data, many create short circuits. It must be a whole number, at least 1.
    n_landmarks : int or 'auto', default='auto'
        Number of landmarks, the rows from which geodesic distances are computed; the others are placed by their distances to them.
        auto: all rows up to 10,000, else 1,000. It must be a whole number, at least 3, or 'auto'.
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
        Of the centered ways, in parts of the unit squared.
    dist_matrix_ : ndarray of shape [n, n]
        The length of the shortest way between each two rows; found anew when it is first read.
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
    SpectralEmbedding : Laplacian eigenmaps: smoothest eigenvectors of the neighbor graph.
    DiffusionMap : Diffusion maps: coordinates that preserve diffusion distances.
    PHATE : PHATE: a map of branches, by random walks.
    MDS : MDS: coordinates that preserve distances.
    sklearn.manifold.Isomap : The corresponding class.

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
    .. [1] Tenenbaum, de Silva and Langford 2000, A global geometric framework for nonlinear dimensionality reduction,
       doi:10.1126/science.290.5500.2319

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import Isomap
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = Isomap(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["isomap"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 12,
        n_landmarks: int | Literal['auto'] = 'auto',
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.n_landmarks = n_landmarks
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
        """Of the centered ways, in parts of the unit squared."""
        return self._attribute("eigenvalues_")

    @property
    def dist_matrix_(self) -> np.ndarray:
        """The length of the shortest way between each two rows; found anew when it is first read."""
        return self._attribute("dist_matrix_")

    def reconstruction_error(self) -> Any:
        """The root of the squared error of the centered ways, over n, as scikit-learn has it.

        Returns
        -------
        number
            The root of the squared error of the centered ways, over n, as scikit-learn has it.
        """
        return self._attribute("reconstruction_error()")
