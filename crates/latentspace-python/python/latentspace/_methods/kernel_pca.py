"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes


class KernelPCA(Decodes, Encodes):
    r"""Kernel PCA: directions of largest variance of a kernel.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of components (dimensions of the space). auto: 50, or as many as there are rows. It must be a whole number, at least
        1, or 'auto'.
    kernel : {'rbf', 'poly', 'cosine', 'linear', 'precomputed'}, default='rbf'
        Inner product in the feature space: rbf (Gaussian), poly, cosine, linear, or precomputed, where column j of a row is its
        kernel with fitted row j. It must be 'rbf', 'poly', 'cosine', 'linear' or 'precomputed'.
    gamma : float or 'auto', default='auto'
        Inverse squared width of the rbf kernel, factor of the inner product of the poly kernel. auto: 1 / (columns · variance of
        all cells). It must be a number above 0, or 'auto'.
    degree : float, default=3.0
        Degree of the poly kernel. It must be a number above 0, at most 100.
    coef0 : float, default=1.0
        Constant term of the poly kernel. It must be a number.
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
    eigenvalues_ : ndarray of shape [k]
        Of the centered kernel matrix, descending; 0 where only rounding is left.
    eigenvectors_ : ndarray of shape [n, k]
        Unit eigenvectors of the centered kernel matrix; the entry of largest magnitude is positive.
    X_transformed_fit_ : ndarray of shape [n, k]
        Codes of the fitted rows.
    X_fit_ : ndarray of shape [n, d]
        The fitted rows; a precomputed kernel is not kept.
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
    Nystroem : Nyström approximation: coordinates in a kernel space from landmarks.
    RBFSampler : Random Fourier features: random cosines, for a Gaussian kernel.
    SVM : SVM: widest margins between labels by a kernel.
    sklearn.decomposition.KernelPCA : The corresponding class.

    Notes
    -----
    - needs all rows in memory: the kernel compares each row with all others
    - sparse counts are made dense: 4 bytes a cell, zeros included
    - a killed fit starts over: there are no checkpoints
    - kernel values have 32 bits: a polynomial or cosine kernel of rows far from 0 loses the digits in which they differ; center them
      first
    - a plan is accurate to a factor of 3: how many steps the eigenvectors take depends on the data
    - spaces of a precomputed kernel neither decode nor keep their rows: they never saw them

    References
    ----------
    .. [1] Schölkopf, Smola and Müller 1998, Nonlinear component analysis as a kernel eigenvalue problem, doi:10.1162/089976698300017467
    .. [2] Golub and Underwood 1977, The block Lanczos method for computing eigenvalues, doi:10.1016/B978-0-12-587260-7.50018-2

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import KernelPCA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = KernelPCA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["kernel-pca"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        kernel: Literal['rbf', 'poly', 'cosine', 'linear', 'precomputed'] = 'rbf',
        gamma: float | Literal['auto'] = 'auto',
        degree: float = 3.0,
        coef0: float = 1.0,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.n_components = n_components
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def eigenvalues_(self) -> np.ndarray:
        """Of the centered kernel matrix, descending; 0 where only rounding is left."""
        return self._attribute("eigenvalues_")

    @property
    def eigenvectors_(self) -> np.ndarray:
        """Unit eigenvectors of the centered kernel matrix; the entry of largest magnitude is positive."""
        return self._attribute("eigenvectors_")

    @property
    def X_transformed_fit_(self) -> np.ndarray:
        """Codes of the fitted rows."""
        return self._attribute("X_transformed_fit_")

    @property
    def X_fit_(self) -> np.ndarray:
        """The fitted rows; a precomputed kernel is not kept."""
        return self._attribute("X_fit_")

    @property
    def gamma_(self) -> Any:
        """The gamma that was used."""
        return self._attribute("gamma_")
