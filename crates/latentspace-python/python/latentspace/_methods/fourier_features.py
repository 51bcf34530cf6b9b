"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Encodes, Folds


class RBFSampler(Folds, Encodes):
    r"""Random Fourier features: random cosines, for a Gaussian kernel.

    Parameters
    ----------
    n_components : int, default=100
        Dimensions of the space: the error of the kernel falls with their root. It must be a whole number, at least 1.
    gamma : float or 'auto', default='auto'
        Inverse squared width of the Gaussian kernel. auto: 1 / (columns · variance of all cells). It must be a number above 0, or
        'auto'.
    orthogonal : bool, default=True
        Use orthogonal directions, which approximate the kernel better; otherwise independent ones. It must be true or false.
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
    random_weights_ : ndarray of shape [d, k]
        Random directions: a feature is √(2/k) cos(row · direction + offset).
    random_offset_ : ndarray of shape [k]
        Random phases, from 0 to 2π.
    gamma_ : number
        The gamma that was used.
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
    KernelPCA : Kernel PCA: directions of largest variance of a kernel.
    Nystroem : Nyström approximation: coordinates in a kernel space from landmarks.
    SVM : SVM: widest margins between labels by a kernel.
    sklearn.kernel_approximation.RBFSampler : The corresponding class.

    Notes
    -----
    - does not decode: a cosine has many angles; kernel PCA decodes
    - sparse counts are made dense in chunks of 4,096 rows: a random direction has all columns

    References
    ----------
    .. [1] Rahimi and Recht 2007, Random features for large-scale kernel machines, Advances in Neural Information Processing Systems 20
    .. [2] Yu and others 2016, Orthogonal random features, doi:10.48550/arXiv.1610.09072

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import RBFSampler
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = RBFSampler(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["fourier-features"]

    def __init__(
        self,
        n_components: int = 100,
        *,
        gamma: float | Literal['auto'] = 'auto',
        orthogonal: bool = True,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.gamma = gamma
        self.orthogonal = orthogonal
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def random_weights_(self) -> np.ndarray:
        """Random directions: a feature is √(2/k) cos(row · direction + offset)."""
        return self._attribute("random_weights_")

    @property
    def random_offset_(self) -> np.ndarray:
        """Random phases, from 0 to 2π."""
        return self._attribute("random_offset_")

    @property
    def gamma_(self) -> Any:
        """The gamma that was used."""
        return self._attribute("gamma_")
