"""The methods of a family as estimators. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, Folds


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


class SVM(Encodes):
    r"""SVM: widest margins between labels by a kernel.

    Parameters
    ----------
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
    c : float, default=1.0
        Cost of a row beyond its margin, against the width of the margin: larger values fit the rows more closely. It must be a
        number above 0, at most 1000000000.
    target : str or {'auto', 'none'}, default='auto'
        Column of labels to separate. auto: none, and a one-class SVM learns where the rows lie. It must be the name of a column, or
        'auto' or 'none'.
    nu : float, default=0.1
        Of a one-class SVM: at most this share of the rows lies outside, and at least this share are support vectors. It must be a
        number above 0, at most 1.
    probability : bool, default=False
        Also learn probabilities of the labels, from held-out decision values: five more fits. It must be true or false.
    tol : float, default=0.001
        Tolerance: how far the gradient may be from its optimality conditions. It must be a number above 0.
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
    intercept_ : ndarray of shape [k]
        What is subtracted in the decision value of each pair of labels.
    classes_ : ndarray of shape [labels]
        The labels, sorted; absent without any.
    gamma_ : number
        The gamma that was used.
    objective_ : number
        The value of the dual problem, summed over the pairs of labels; less is better.
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
    RBFSampler : Random Fourier features: random cosines, for a Gaussian kernel.
    sklearn.svm.SVC : The corresponding class.

    Notes
    -----
    - needs all rows in memory: any of them may become a support vector
    - sparse counts are made dense: 4 bytes a cell, zeros included
    - a killed fit starts over: there are no checkpoints
    - kernel values have 32 bits: a polynomial or cosine kernel of rows far from 0 loses the digits in which they differ; center them
      first
    - does not decode: decision values say on which side of each plane a row lies, not where
    - the labels choose the dimensions: one for each pair of at most 100 labels, one without labels
    - a plan is accurate to a factor of 10: how many rows become support vectors depends on the data

    References
    ----------
    .. [1] Cortes and Vapnik 1995, Support-vector networks, doi:10.1007/BF00994018
    .. [2] Fan, Chen and Lin 2005, Working set selection using second order information for training support vector machines, JMLR
       6:1889
    .. [3] Schölkopf, Platt, Shawe-Taylor, Smola and Williamson 2001, Estimating the support of a high-dimensional distribution,
       doi:10.1162/089976601750264965
    .. [4] Lin, Lin and Weng 2007, A note on Platt's probabilistic outputs for support vector machines, doi:10.1007/s10994-007-5018-6
    .. [5] Wu, Lin and Weng 2004, Probability estimates for multi-class classification by pairwise coupling, JMLR 5:975

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import SVM
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = SVM()
    >>> estimator.fit_transform(X).shape
    (200, 1)
    >>> estimator.transform(X[:5]).shape
    (5, 1)
    """

    _description = DESCRIBED["svm"]

    def __init__(
        self,
        kernel: Literal['rbf', 'poly', 'cosine', 'linear', 'precomputed'] = 'rbf',
        *,
        gamma: float | Literal['auto'] = 'auto',
        degree: float = 3.0,
        coef0: float = 1.0,
        c: float = 1.0,
        target: str | Literal['auto', 'none'] = 'auto',
        nu: float = 0.1,
        probability: bool = False,
        tol: float = 0.001,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.c = c
        self.target = target
        self.nu = nu
        self.probability = probability
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.max_memory = max_memory
        self._take(others)

    @property
    def intercept_(self) -> np.ndarray:
        """What is subtracted in the decision value of each pair of labels."""
        return self._attribute("intercept_")

    @property
    def classes_(self) -> np.ndarray:
        """The labels, sorted; absent without any."""
        return self._attribute("classes_")

    @property
    def gamma_(self) -> Any:
        """The gamma that was used."""
        return self._attribute("gamma_")

    @property
    def objective_(self) -> Any:
        """The value of the dual problem, summed over the pairs of labels; less is better."""
        return self._attribute("objective_")
