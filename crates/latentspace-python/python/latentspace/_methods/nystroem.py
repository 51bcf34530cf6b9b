"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Encodes, Folds


class Nystroem(Folds, Encodes):
    r"""Nyström approximation: coordinates in a kernel space from landmarks.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Dimensions of the space. auto: 100, or the number of rows if there are fewer. It must be a whole number, at least 1, or
        'auto'.
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
    n_landmarks : int or 'auto', default='auto'
        Number of landmarks, the rows that all others are compared with: more approximate the kernel better. auto: 1,000, or
        n_components if that is more. It must be a whole number, at least 1, or 'auto'.
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
    components_ : ndarray of shape [landmarks, d]
        The landmarks.
    normalization_ : ndarray of shape [k, landmarks]
        What kernel values with the landmarks are multiplied by.
    eigenvalues_ : ndarray of shape [k]
        Of the landmarks' kernel matrix, descending; 0 where only rounding is left.
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
    RBFSampler : Random Fourier features: random cosines, for a Gaussian kernel.
    SVM : SVM: widest margins between labels by a kernel.
    sklearn.kernel_approximation.Nystroem : The corresponding class.

    Notes
    -----
    - does not decode: its coordinates keep inner products alone; kernel PCA decodes
    - sparse counts are made dense in chunks of 4,096 rows: a kernel compares all cells
    - kernel values have 32 bits: a polynomial or cosine kernel of rows far from 0 loses the digits in which they differ; center them
      first

    References
    ----------
    .. [1] Williams and Seeger 2001, Using the Nyström method to speed up kernel machines, NIPS 13
    .. [2] Kumar, Mohri and Talwalkar 2012, Sampling methods for the Nyström method, JMLR 13:981

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import Nystroem
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = Nystroem(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["nystroem"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        kernel: Literal['rbf', 'poly', 'cosine', 'linear', 'precomputed'] = 'rbf',
        gamma: float | Literal['auto'] = 'auto',
        degree: float = 3.0,
        coef0: float = 1.0,
        n_landmarks: int | Literal['auto'] = 'auto',
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
        self.n_landmarks = n_landmarks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """The landmarks."""
        return self._attribute("components_")

    @property
    def normalization_(self) -> np.ndarray:
        """What kernel values with the landmarks are multiplied by."""
        return self._attribute("normalization_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """Of the landmarks' kernel matrix, descending; 0 where only rounding is left."""
        return self._attribute("eigenvalues_")

    @property
    def gamma_(self) -> Any:
        """The gamma that was used."""
        return self._attribute("gamma_")
