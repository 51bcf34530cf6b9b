"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class PHATE(Decodes, Encodes):
    r"""PHATE: a map of branches, by random walks.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map. It must be a whole number from 1 to 50.
    n_neighbors : int, default=5
        Number of neighbors that sets the kernel's bandwidth: the distance to that neighbor. It must be a whole number, at least 1.
    decay : float, default=40.0
        Decay rate of the kernel's tail: 2 is Gaussian, 40 nearly a cutoff at the bandwidth. It must be a number above 0, at most
        1000.
    t : int or 'auto', default='auto'
        Number of steps of the random walk: more remove noise, then branches. auto: the knee of the von Neumann entropy. It must be
        a whole number from 1 to 1000, or 'auto'.
    gamma : float, default=1.0
        Informational distance of the potential: 1 logarithm, 0 square root, -1 the probabilities themselves. It must be a number
        from -1 to 1.
    n_landmarks : int or 'auto', default='auto'
        Number of landmarks that random walks are summarized by. auto: all rows up to 2,000, else 2,000. It must be a whole number,
        at least 3, or 'auto'.
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
    t_ : number
        Steps of the walkers; what auto became.
    stress_ : number
        Kruskal's stress 1 of the places of the landmarks.
    n_iter_ : number
        Steps that brought the stress down.
    n_landmarks_ : number
        Landmarks; what auto became.
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
    MDS : MDS: coordinates that preserve distances.
    phate.PHATE : The corresponding class.

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
    .. [1] Moon and others 2019, Visualizing structure and transitions in high-dimensional biological data,
       doi:10.1038/s41587-019-0336-3

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PHATE
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PHATE(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["phate"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 5,
        decay: float = 40.0,
        t: int | Literal['auto'] = 'auto',
        gamma: float = 1.0,
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
        self.decay = decay
        self.t = t
        self.gamma = gamma
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
    def t_(self) -> Any:
        """Steps of the walkers; what auto became."""
        return self._attribute("t_")

    @property
    def stress_(self) -> Any:
        """Kruskal's stress 1 of the places of the landmarks."""
        return self._attribute("stress_")

    @property
    def n_iter_(self) -> Any:
        """Steps that brought the stress down."""
        return self._attribute("n_iter_")

    @property
    def n_landmarks_(self) -> Any:
        """Landmarks; what auto became."""
        return self._attribute("n_landmarks_")
