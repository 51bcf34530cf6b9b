"""The methods of a family as estimators. Generated from the registry's description by `UPDATE=1 make python-test`."""

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
        Where the fitted rows lie.
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
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def reconstruction_error_(self) -> Any:
        """The squared error of rows put together from their neighbors, on the map: the sum of the eigenvalues."""
        return self._attribute("reconstruction_error_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """The smallest eigenvalues that are not 0."""
        return self._attribute("eigenvalues_")


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
        Where the fitted rows lie.
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
        """Where the fitted rows lie."""
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


class SpectralEmbedding(Decodes, Encodes):
    r"""Laplacian eigenmaps: smoothest eigenvectors of the neighbor graph.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Number of neighbors per row: few follow sharp bends, many bridge sparse regions. It must be a whole number, at least 1.
    affinity : {'connectivity', 'heat'}, default='connectivity'
        Weights of the neighbor graph's edges: connectivity, 1 for mutual neighbors and 0.5 for others; heat, a Gaussian of the
        distance. It must be 'connectivity' or 'heat'.
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
        Where the fitted rows lie.
    eigenvalues_ : ndarray of shape [k]
        The smallest eigenvalues of the normalized Laplacian that are not 0.
    affinity_matrix_ : sparse array of shape [n, n]
        What neighbors weigh for each other; sought anew when it is first read.
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
    DiffusionMap : Diffusion maps: coordinates that preserve diffusion distances.
    PHATE : PHATE: a map of branches, by random walks.
    MDS : MDS: coordinates that preserve distances.
    sklearn.manifold.SpectralEmbedding : The corresponding class.

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
    .. [1] Belkin and Niyogi 2003, Laplacian eigenmaps for dimensionality reduction and data representation,
       doi:10.1162/089976603321780317

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import SpectralEmbedding
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = SpectralEmbedding(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["laplacian"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 12,
        affinity: Literal['connectivity', 'heat'] = 'connectivity',
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.affinity = affinity
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """The smallest eigenvalues of the normalized Laplacian that are not 0."""
        return self._attribute("eigenvalues_")

    @property
    def affinity_matrix_(self) -> Any:
        """What neighbors weigh for each other; sought anew when it is first read."""
        return self._attribute("affinity_matrix_")


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
        Where the fitted rows lie.
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
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """Eigenvalue of each dimension: what remains of it after one diffusion step."""
        return self._attribute("eigenvalues_")

    @property
    def bandwidth_(self) -> Any:
        """The distance at which neighbors weigh less; what auto became."""
        return self._attribute("bandwidth_")


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
        Where the fitted rows lie.
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
        """Where the fitted rows lie."""
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
        Where the fitted rows lie.
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
        """Where the fitted rows lie."""
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
