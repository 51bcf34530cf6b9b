"""Every method of the registry as an estimator. Made from its description: `UPDATE=1 make python-test` rewrites this file."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ._estimator import DESCRIBED, Decodes, Encodes, Estimator, Folds, TellsRows, TellsWords

__all__ = ["PCA", "TSNE", "UMAP", "PaCMAP", "LocallyLinearEmbedding", "Isomap", "SpectralEmbedding", "DiffusionMap", "PHATE", "MDS",
           "LatentDirichletAllocation", "PLSA"]


class PCA(TellsRows, Decodes, Folds, Encodes):
    r"""PCA: the directions along which rows differ most.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Dimensions of the space. auto: 50, or as many as the data have. It must be a whole number, at least 1, or 'auto'.
    solver : {'auto', 'covariance', 'gram', 'randomized'}, default='auto'
        The way to the components: covariance and gram are exact, randomized is faster where rows and columns are many. auto: the
        cheapest. It must be 'auto', 'covariance', 'gram' or 'randomized'.
    whiten : bool, default=False
        Whether each component is divided by its standard deviation. It must be true or false.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    components_ : ndarray of shape [k, d]
        Unit vectors, by falling variance; the entry of largest magnitude is positive.
    mean_ : ndarray of shape [d]
        The mean of the rows.
    explained_variance_ : ndarray of shape [k]
        The variance along each component, divided by n - 1.
    explained_variance_ratio_ : ndarray of shape [k]
        The share of all variance along each component.
    singular_values_ : ndarray of shape [k]
        The singular values of the centered rows: the root of (n - 1) times the variance.
    noise_variance_ : number
        The mean of the variances left out: the noise of probabilistic PCA.
    n_components_ : number
        Dimensions of the space.
    n_samples_ : number
        Rows it was learned from.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    sklearn.decomposition.PCA : The same elsewhere.

    Notes
    -----
    - counts are made dense a chunk of 4,096 rows at a time: 4 bytes a cell of these, zeros included

    References
    ----------
    .. [1] Pearson 1901, On lines and planes of closest fit to systems of points in space, doi:10.1080/14786440109462720
    .. [2] Halko, Martinsson and Tropp 2011, Finding structure with randomness, doi:10.1137/090771806
    .. [3] Tipping and Bishop 1999, Probabilistic principal component analysis, doi:10.1111/1467-9868.00196

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PCA
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PCA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["pca"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        solver: Literal['auto', 'covariance', 'gram', 'randomized'] = 'auto',
        whiten: bool = False,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.solver = solver
        self.whiten = whiten
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """Unit vectors, by falling variance; the entry of largest magnitude is positive."""
        return self._attribute("components_")

    @property
    def mean_(self) -> np.ndarray:
        """The mean of the rows."""
        return self._attribute("mean_")

    @property
    def explained_variance_(self) -> np.ndarray:
        """The variance along each component, divided by n - 1."""
        return self._attribute("explained_variance_")

    @property
    def explained_variance_ratio_(self) -> np.ndarray:
        """The share of all variance along each component."""
        return self._attribute("explained_variance_ratio_")

    @property
    def singular_values_(self) -> np.ndarray:
        """The singular values of the centered rows: the root of (n - 1) times the variance."""
        return self._attribute("singular_values_")

    @property
    def noise_variance_(self) -> Any:
        """The mean of the variances left out: the noise of probabilistic PCA."""
        return self._attribute("noise_variance_")

    @property
    def n_components_(self) -> Any:
        """Dimensions of the space."""
        return self._attribute("n_components_")

    @property
    def n_samples_(self) -> Any:
        """Rows it was learned from."""
        return self._attribute("n_samples_")

    def get_covariance(self) -> np.ndarray:
        """The covariance of the columns by probabilistic PCA.

        Returns
        -------
        ndarray of shape [d, d]
            The covariance of the columns by probabilistic PCA.
        """
        return self._attribute("get_covariance()")

    def get_precision(self) -> np.ndarray:
        """The inverse of that covariance.

        Returns
        -------
        ndarray of shape [d, d]
            The inverse of that covariance.
        """
        return self._attribute("get_precision()")


class TSNE(Decodes, Encodes):
    r"""t-SNE: a map that keeps neighbors together.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map: 2 or 3 for the eye, 1 for an order. It must be a whole number from 1 to 3.
    perplexity : float, default=30.0
        About how many neighbors a row has: 30 is usual, 100 shows coarser structure. At most a third of the rows. It must be a
        number above 1.
    second_perplexity : float, default=0.0
        A second perplexity, whose affinities are taken to equal parts with those of the first: a larger one keeps coarse structure,
        too. 0: none. It must be a number, at least 0.
    affinity : {'gaussian', 'uniform'}, default='gaussian'
        How much the neighbors of a row count. It must be 'gaussian' or 'uniform'.
    early_exaggeration : float, default=12.0
        What the attraction is multiplied by at first, so that clusters find together. It must be a number above 0.
    exaggeration : float, default=1.0
        What the attraction is multiplied by afterwards: 1 is t-SNE, 2 to 4 draw clusters closer, as UMAP does. It must be a number
        above 0.
    n_iter_early : int, default=250
        Iterations with early exaggeration. It must be a whole number from 0 to 100000.
    n_iter : int, default=500
        Iterations afterwards. It must be a whole number from 0 to 100000.
    min_kl_change : float, default=0.0
        It ends when 50 iterations after the early ones take less than this off the divergence. 0: never. It must be a number, at
        least 0.
    learning_rate : float or 'auto', default='auto'
        What the gradient is multiplied by. auto: the number of rows divided by the exaggeration of the phase. It must be a number
        above 0, or 'auto'.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        How far two rows lie apart. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming' or
        'jaccard'.
    init : {'pca', 'spectral', 'random'}, default='pca'
        Where the map starts. It must be 'pca', 'spectral' or 'random'.
    pca_components : int or 'auto', default=0
        Principal components that rows are reduced to before neighbors are sought, which is faster and takes noise away. 0: the rows
        as they are; auto: 50 where there are more columns. It must be a whole number, at least 0, or 'auto'.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    kl_divergence_ : number
        The Kullback-Leibler divergence that is left.
    n_iter_ : number
        Iterations that were made, those with early exaggeration included.
    learning_rate_ : number
        The learning rate; what auto became.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    UMAP : UMAP: a map of the graph of neighbors.
    PaCMAP : PaCMAP: a map laid out as a whole, then in detail.
    sklearn.manifold.TSNE : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts of which at most one cell in twenty is not 0 are kept sparse, and all pairs of them are looked at; others are taken as a
      dense table: 4 bytes a cell, zeros included
    - in 1 dimension at most 16,000 rows: a line has no grid, and all pairs are summed

    References
    ----------
    .. [1] van der Maaten and Hinton 2008, Visualizing data using t-SNE, JMLR 9(86):2579-2605
    .. [2] Linderman and others 2019, Fast interpolation-based t-SNE, doi:10.1038/s41592-018-0308-4

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import TSNE
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = TSNE(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["tsne"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        second_perplexity: float = 0.0,
        affinity: Literal['gaussian', 'uniform'] = 'gaussian',
        early_exaggeration: float = 12.0,
        exaggeration: float = 1.0,
        n_iter_early: int = 250,
        n_iter: int = 500,
        min_kl_change: float = 0.0,
        learning_rate: float | Literal['auto'] = 'auto',
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        init: Literal['pca', 'spectral', 'random'] = 'pca',
        pca_components: int | Literal['auto'] = 0,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.perplexity = perplexity
        self.second_perplexity = second_perplexity
        self.affinity = affinity
        self.early_exaggeration = early_exaggeration
        self.exaggeration = exaggeration
        self.n_iter_early = n_iter_early
        self.n_iter = n_iter
        self.min_kl_change = min_kl_change
        self.learning_rate = learning_rate
        self.metric = metric
        self.init = init
        self.pca_components = pca_components
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def kl_divergence_(self) -> Any:
        """The Kullback-Leibler divergence that is left."""
        return self._attribute("kl_divergence_")

    @property
    def n_iter_(self) -> Any:
        """Iterations that were made, those with early exaggeration included."""
        return self._attribute("n_iter_")

    @property
    def learning_rate_(self) -> Any:
        """The learning rate; what auto became."""
        return self._attribute("learning_rate_")


class UMAP(Decodes, Encodes):
    r"""UMAP: a map of the graph of neighbors.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map: 2 or 3 for the eye, 5 to 50 to cluster in. It must be a whole number from 1 to 50.
    n_neighbors : int, default=15
        Neighbors of a row, the row itself counted: few show fine structure, 50 and more coarse one. It must be a whole number, at
        least 2.
    min_dist : float, default=0.1
        How near points may come to each other: small values pack groups tightly, large ones spread them evenly. At most the spread.
        It must be a number, at least 0.
    spread : float, default=1.0
        The scale of the map: how far apart points are that hardly belong together. It must be a number above 0.
    n_epochs : int or 'auto', default='auto'
        Times that all rows are moved. auto: 500 up to 10,000 rows, else 200; with densmap 200 more. It must be a whole number from
        1 to 100000, or 'auto'.
    learning_rate : float, default=1.0
        What forces are multiplied by in the first epoch; it falls to 0. It must be a number above 0.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        How far two rows lie apart. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming' or
        'jaccard'.
    init : {'pca', 'spectral', 'random'}, default='spectral'
        Where the map starts. It must be 'pca', 'spectral' or 'random'.
    negative_sample_rate : int, default=5
        Pushes that a row gets for each pull. It must be a whole number from 0 to 1000.
    set_op_mix_ratio : float, default=1.0
        What two rows are to each other: 1 neighbors if either thinks so, 0 only if both do; between, a mixture. It must be a number
        from 0 to 1.
    local_connectivity : float, default=1.0
        Nearest neighbors that surely belong to a row, however far they are. It must be a number, at least 0.
    repulsion_strength : float, default=1.0
        What a push weighs. It must be a number, at least 0.
    target : str or {'auto', 'none'}, default='auto'
        The column of labels to learn from, too: rows of unlike labels belong together less. auto: what Python's fit is given as y,
        else none. It must be a text, or 'auto' or 'none'.
    target_weight : float, default=0.5
        How much labels count beside rows: at 1, nothing holds rows of unlike labels together. It must be a number from 0 to 1.
    densmap : bool, default=False
        Whether the map shows how dense rows lie, too (densMAP): where they lie close together, so do their points. It must be true
        or false.
    dens_lambda : float, default=2.0
        How much density counts beside neighbors. It must be a number, at least 0.
    dens_frac : float, default=0.3
        The share of the epochs, the last ones, in which density counts. It must be a number from 0 to 1.
    dens_var_shift : float, default=0.1
        What is added to the variance of the map's log radii: it eases the correlation where they are nearly equal. It must be a
        number above 0.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    graph_ : sparse array of shape [n, n]
        How far rows belong together, without what labels say; sought anew when it is first read.
    a_ : number
        Of the curve 1 / (1 + a x^(2b)) over distances on the map.
    b_ : number
        Of the same curve.
    n_epochs_ : number
        Epochs that were made.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    TSNE : t-SNE: a map that keeps neighbors together.
    PaCMAP : PaCMAP: a map laid out as a whole, then in detail.
    umap.UMAP : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts of which at most one cell in twenty is not 0 are kept sparse, and all pairs of them are looked at; others are taken as a
      dense table: 4 bytes a cell, zeros included
    - with densmap, new rows are placed as without it: how dense rows lie is told by all of them together
    - labels that were learned from stand apart on the map: that is no sign that the rows do
    - where the graph of neighbors falls into parts, how these lie to each other is that of the principal components: the graph does not
      say

    References
    ----------
    .. [1] McInnes, Healy and Melville 2018, UMAP: uniform manifold approximation and projection, doi:10.21105/joss.00861
    .. [2] Narayan, Berger and Cho 2021, Assessing single-cell transcriptomic variability through density-preserving data visualization,
       doi:10.1038/s41587-020-00801-7

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import UMAP
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = UMAP(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["umap"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        spread: float = 1.0,
        n_epochs: int | Literal['auto'] = 'auto',
        learning_rate: float = 1.0,
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        init: Literal['pca', 'spectral', 'random'] = 'spectral',
        negative_sample_rate: int = 5,
        set_op_mix_ratio: float = 1.0,
        local_connectivity: float = 1.0,
        repulsion_strength: float = 1.0,
        target: str | Literal['auto', 'none'] = 'auto',
        target_weight: float = 0.5,
        densmap: bool = False,
        dens_lambda: float = 2.0,
        dens_frac: float = 0.3,
        dens_var_shift: float = 0.1,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.spread = spread
        self.n_epochs = n_epochs
        self.learning_rate = learning_rate
        self.metric = metric
        self.init = init
        self.negative_sample_rate = negative_sample_rate
        self.set_op_mix_ratio = set_op_mix_ratio
        self.local_connectivity = local_connectivity
        self.repulsion_strength = repulsion_strength
        self.target = target
        self.target_weight = target_weight
        self.densmap = densmap
        self.dens_lambda = dens_lambda
        self.dens_frac = dens_frac
        self.dens_var_shift = dens_var_shift
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def graph_(self) -> Any:
        """How far rows belong together, without what labels say; sought anew when it is first read."""
        return self._attribute("graph_")

    @property
    def a_(self) -> Any:
        """Of the curve 1 / (1 + a x^(2b)) over distances on the map."""
        return self._attribute("a_")

    @property
    def b_(self) -> Any:
        """Of the same curve."""
        return self._attribute("b_")

    @property
    def n_epochs_(self) -> Any:
        """Epochs that were made."""
        return self._attribute("n_epochs_")


class PaCMAP(Decodes, Encodes):
    r"""PaCMAP: a map laid out as a whole, then in detail.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the map. It must be a whole number from 1 to 10.
    n_neighbors : int or 'auto', default='auto'
        Near rows of a row. auto: 10 up to 10,000 rows, 15 more for each ten times as many. It must be a whole number, at least 1,
        or 'auto'.
    mn_ratio : float, default=0.5
        Half-way pairs for each near one. It must be a number from 0 to 100.
    fp_ratio : float, default=2.0
        Far pairs for each near one. It must be a number from 0 to 100.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        How far two rows lie apart; an inner product is no distance. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan',
        'hellinger', 'hamming' or 'jaccard'.
    pca_components : int or 'auto', default='auto'
        Principal components that rows are reduced to before neighbors are sought. 0: the rows as they are; auto: 100 where there
        are more columns and the metric is Euclidean. It must be a whole number, at least 0, or 'auto'.
    learning_rate : float, default=1.0
        How far a step goes. It must be a number above 0.
    n_iter : int, default=450
        Steps: the first two ninths set the whole, two more let it go, the rest set the detail. It must be a whole number from 1 to
        100000.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    n_iter_ : number
        Steps that were made.
    n_neighbors_ : number
        Near pairs of each row; what auto became.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    TSNE : t-SNE: a map that keeps neighbors together.
    UMAP : UMAP: a map of the graph of neighbors.
    pacmap.PaCMAP : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included

    References
    ----------
    .. [1] Wang, Huang, Rudin and Shaposhnik 2021, Understanding how dimension reduction tools work, JMLR 22(201), arXiv:2012.04456

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PaCMAP
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(size=(200, 6))
    >>> estimator = PaCMAP(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["pacmap"]

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int | Literal['auto'] = 'auto',
        mn_ratio: float = 0.5,
        fp_ratio: float = 2.0,
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = 'euclidean',
        pca_components: int | Literal['auto'] = 'auto',
        learning_rate: float = 1.0,
        n_iter: int = 450,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.mn_ratio = mn_ratio
        self.fp_ratio = fp_ratio
        self.metric = metric
        self.pca_components = pca_components
        self.learning_rate = learning_rate
        self.n_iter = n_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def n_iter_(self) -> Any:
        """Steps that were made."""
        return self._attribute("n_iter_")

    @property
    def n_neighbors_(self) -> Any:
        """Near pairs of each row; what auto became."""
        return self._attribute("n_neighbors_")


class LocallyLinearEmbedding(Decodes, Encodes):
    r"""LLE: places in which neighbors lie as they did.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Neighbors of a row: few follow sharp bends, many join what is sparse. `hessian` needs at least n_components (n_components +
        3) / 2, the others more than n_components to be of use. It must be a whole number, at least 1.
    variant : {'standard', 'modified', 'hessian', 'ltsa'}, default='standard'
        What a neighborhood asks for. It must be 'standard', 'modified', 'hessian' or 'ltsa'.
    reg : float, default=0.001
        How evenly a row is mixed of its neighbors, in parts of their squared distances; for `standard` and `modified`. It must be a
        number above 0, at most 1.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    reconstruction_error_ : number
        The squared error of rows put together from their neighbors, on the map: the sum of the eigenvalues.
    eigenvalues_ : ndarray of shape [k]
        The smallest eigenvalues that are not 0.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    Isomap : Isomap: places as far apart as the ways along the data.
    SpectralEmbedding : Laplacian eigenmaps: slowest vibrations of the graph of neighbors.
    DiffusionMap : diffusion maps: how far rows are for a walker among neighbors.
    PHATE : PHATE: branches and transitions, by what walkers see.
    MDS : MDS: places as far apart as the rows are.
    sklearn.manifold.LocallyLinearEmbedding : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.variant = variant
        self.reg = reg
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
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
    r"""Isomap: places as far apart as the ways along the data.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Neighbors of a row: few keep to the data, many take short cuts. It must be a whole number, at least 1.
    n_landmarks : int or 'auto', default='auto'
        Rows from which ways are measured; the others are placed by their distances to them. auto: all up to 10,000 rows, else
        1,000. It must be a whole number, at least 3, or 'auto'.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    eigenvalues_ : ndarray of shape [k]
        Of the centered ways, in parts of the unit squared.
    dist_matrix_ : ndarray of shape [n, n]
        The length of the shortest way between each two rows; found anew when it is first read.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LocallyLinearEmbedding : LLE: places in which neighbors lie as they did.
    SpectralEmbedding : Laplacian eigenmaps: slowest vibrations of the graph of neighbors.
    DiffusionMap : diffusion maps: how far rows are for a walker among neighbors.
    PHATE : PHATE: branches and transitions, by what walkers see.
    MDS : MDS: places as far apart as the rows are.
    sklearn.manifold.Isomap : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.n_landmarks = n_landmarks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
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
    r"""Laplacian eigenmaps: slowest vibrations of the graph of neighbors.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Neighbors of a row: few follow sharp bends, many join what is sparse. It must be a whole number, at least 1.
    affinity : {'connectivity', 'heat'}, default='connectivity'
        What two neighbors weigh for each other. It must be 'connectivity' or 'heat'.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    eigenvalues_ : ndarray of shape [k]
        The smallest eigenvalues of the normalized Laplacian that are not 0.
    affinity_matrix_ : sparse array of shape [n, n]
        What neighbors weigh for each other; sought anew when it is first read.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LocallyLinearEmbedding : LLE: places in which neighbors lie as they did.
    Isomap : Isomap: places as far apart as the ways along the data.
    DiffusionMap : diffusion maps: how far rows are for a walker among neighbors.
    PHATE : PHATE: branches and transitions, by what walkers see.
    MDS : MDS: places as far apart as the rows are.
    sklearn.manifold.SpectralEmbedding : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.affinity = affinity
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
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
    r"""diffusion maps: how far rows are for a walker among neighbors.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=12
        Rows that a walker may step to. It must be a whole number, at least 1.
    alpha : float, default=1.0
        How much of the density of rows is taken out: 0 nothing, 1 all. It must be a number from 0 to 1.
    n_steps : int, default=1
        Steps that walkers make: more wash out what is near and leave what is far. It must be a whole number from 0 to 100000.
    bandwidth : float or 'auto', default='auto'
        The distance at which a step is half as likely as at none, times 0.85. auto: the median distance of neighbors. It must be a
        number above 0, or 'auto'.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    eigenvalues_ : ndarray of shape [k]
        What is left of each vibration after a step.
    bandwidth_ : number
        The distance at which neighbors weigh less; what auto became.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LocallyLinearEmbedding : LLE: places in which neighbors lie as they did.
    Isomap : Isomap: places as far apart as the ways along the data.
    SpectralEmbedding : Laplacian eigenmaps: slowest vibrations of the graph of neighbors.
    PHATE : PHATE: branches and transitions, by what walkers see.
    MDS : MDS: places as far apart as the rows are.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.alpha = alpha
        self.n_steps = n_steps
        self.bandwidth = bandwidth
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")

    @property
    def eigenvalues_(self) -> np.ndarray:
        """What is left of each vibration after a step."""
        return self._attribute("eigenvalues_")

    @property
    def bandwidth_(self) -> Any:
        """The distance at which neighbors weigh less; what auto became."""
        return self._attribute("bandwidth_")


class PHATE(Decodes, Encodes):
    r"""PHATE: branches and transitions, by what walkers see.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    n_neighbors : int, default=5
        Neighbors that set how far a walker's step reaches: where rows have that many within it. It must be a whole number, at least
        1.
    decay : float, default=40.0
        How sharply a step ends at its reach: 2 as heat does, 40 nearly at once. It must be a number above 0, at most 1000.
    t : int or 'auto', default='auto'
        Steps of a walker: more wash out noise, then branches. auto: where the entropy of the walks stops to fall fast. It must be a
        whole number from 1 to 1000, or 'auto'.
    gamma : float, default=1.0
        How small chances count: 1 by their logarithm, 0 by their root, -1 as they are. It must be a number from -1 to 1.
    n_landmarks : int or 'auto', default='auto'
        Rows that walks are summed up at. auto: all up to 2,000 rows, else 2,000. It must be a whole number, at least 3, or 'auto'.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

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
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LocallyLinearEmbedding : LLE: places in which neighbors lie as they did.
    Isomap : Isomap: places as far apart as the ways along the data.
    SpectralEmbedding : Laplacian eigenmaps: slowest vibrations of the graph of neighbors.
    DiffusionMap : diffusion maps: how far rows are for a walker among neighbors.
    MDS : MDS: places as far apart as the rows are.
    phate.PHATE : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.decay = decay
        self.t = t
        self.gamma = gamma
        self.n_landmarks = n_landmarks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
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
    r"""MDS: places as far apart as the rows are.

    Parameters
    ----------
    n_components : int, default=2
        Dimensions of the space. It must be a whole number from 1 to 50.
    scaling : {'metric', 'classical'}, default='metric'
        What is kept of the distances. It must be 'metric' or 'classical'.
    metric : {'euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'}, default='euclidean'
        How far two rows lie apart; an inner product is no distance. It must be 'euclidean', 'cosine', 'inner_product', 'manhattan',
        'hellinger', 'hamming' or 'jaccard'.
    n_landmarks : int or 'auto', default='auto'
        Rows that are laid out; the others are placed by their distances from them. auto: all up to 10,000 rows, else 1,000. It must
        be a whole number, at least 3, or 'auto'.
    n_iter : int, default=300
        Steps at most, for `metric`. It must be a whole number, at least 1.
    eps : float, default=1e-06
        It ends when two steps take off less than this part of the squared distances, for `metric`. It must be a number from 0 to 1.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

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
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LocallyLinearEmbedding : LLE: places in which neighbors lie as they did.
    Isomap : Isomap: places as far apart as the ways along the data.
    SpectralEmbedding : Laplacian eigenmaps: slowest vibrations of the graph of neighbors.
    DiffusionMap : diffusion maps: how far rows are for a walker among neighbors.
    PHATE : PHATE: branches and transitions, by what walkers see.
    sklearn.manifold.MDS : The same elsewhere.

    Notes
    -----
    - needs all rows in memory: every row is a neighbor of others
    - new rows are placed on the map as it stands: where nothing like them was fitted, they land beside what is nearest;
      `left_out_drift` tells how far fitted rows would land from their places if they were new
    - counts are taken as a dense table: 4 bytes a cell, zeros included
    - a killed fit begins anew: it has no steps between which it could be kept
    - a plan tells bytes and seconds to a factor of 3: how entangled the graph of neighbors is, only the rows know

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
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.scaling = scaling
        self.metric = metric
        self.n_landmarks = n_landmarks
        self.n_iter = n_iter
        self.eps = eps
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
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


class LatentDirichletAllocation(TellsWords, Decodes, Encodes):
    r"""LDA: what documents are about: topics, and each one's shares.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100. It must be a whole number from 1 to 10000,
        or 'auto'.
    sampler : {'gibbs', 'variational'}, default='gibbs'
        How topics are found. It must be 'gibbs' or 'variational'.
    n_iter : int or 'auto', default='auto'
        Sweeps over all words of Gibbs sampling (auto: 300), or passes over all documents of variational Bayes (auto: 5). It must be
        a whole number from 1 to 100000, or 'auto'.
    alpha : float, default=0.1
        What each topic weighs in a document before any word is seen, in words; where it is learned, at the start. It must be a
        number above 0, at most 1000.
    eta : float, default=0.01
        What each word weighs in a topic before any is seen, in words: less makes topics of fewer words. It must be a number above
        0, at most 1000.
    learn_prior : bool, default=True
        Whether the weight of each topic in documents is learned, so that common topics may be common. It must be true or false.
    seed_words : str, default=''
        Words that are to be in a topic: those of one topic with commas between, topics with semicolons; `star,galaxy; gene,protein`
        guides the first two topics. It must be a text.
    seed_weight : int, default=100
        As how many uses in its topic each seed word counts. It must be a whole number from 1 to 10000000.
    target : str or {'auto', 'none'}, default='auto'
        The column of metadata whose labels guide topics: documents of the first label (in order) are drawn to the first topic, and
        so on; missing labels to none. auto or none: no column. It must be a text, or 'auto' or 'none'.
    target_weight : float, default=20.0
        As how many of its words a document's label counts. It must be a number above 0, at most 1000000.
    held_out : float, default=0.05
        The share of documents that is not learned from, but used to tell how well the topics tell new ones: 2,000 documents at
        most. It must be a number from 0 to 0.5.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    components_ : ndarray of shape [k, d]
        How likely each word is in each topic: a row a topic, which adds up to 1.
    n_components_ : number
        Topics.
    n_iter_ : number
        Sweeps, passes or rounds that were made.
    bound_ : number
        The perplexity of the documents learned from: of the words of one half of each, shares told by the other.
    doc_topic_prior_ : ndarray of shape [k]
        What each topic weighs in a document before any word is seen, in words.
    topic_word_prior_ : number
        What each word weighs in a topic before any document is seen, in words.
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    PLSA : PLSA: what documents are about, learned without any prior.
    sklearn.decomposition.LatentDirichletAllocation : The same elsewhere.

    Notes
    -----
    - whole counts alone, by Gibbs sampling: words are drawn one by one; variational Bayes takes any weights
    - all documents in memory, by Gibbs sampling: each of their words has a topic, 12 bytes a word, and 9 a word of the vocabulary and
      topic
    - no labels, and no titles in the space beside documents' words, by variational Bayes: it is the same where documents stream by

    References
    ----------
    .. [1] Blei, Ng and Jordan 2003, Latent Dirichlet allocation, JMLR 3:993-1022
    .. [2] Griffiths and Steyvers 2004, Finding scientific topics, doi:10.1073/pnas.0307752101
    .. [3] Wallach, Mimno and McCallum 2009, Rethinking LDA: why priors matter, NIPS 22

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import LatentDirichletAllocation
    >>> random = np.random.default_rng(0)
    >>> X = random.poisson(0.3, size=(200, 30))
    >>> estimator = LatentDirichletAllocation(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["lda"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        sampler: Literal['gibbs', 'variational'] = 'gibbs',
        n_iter: int | Literal['auto'] = 'auto',
        alpha: float = 0.1,
        eta: float = 0.01,
        learn_prior: bool = True,
        seed_words: str = '',
        seed_weight: int = 100,
        target: str | Literal['auto', 'none'] = 'auto',
        target_weight: float = 20.0,
        held_out: float = 0.05,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.sampler = sampler
        self.n_iter = n_iter
        self.alpha = alpha
        self.eta = eta
        self.learn_prior = learn_prior
        self.seed_words = seed_words
        self.seed_weight = seed_weight
        self.target = target
        self.target_weight = target_weight
        self.held_out = held_out
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """How likely each word is in each topic: a row a topic, which adds up to 1."""
        return self._attribute("components_")

    @property
    def n_components_(self) -> Any:
        """Topics."""
        return self._attribute("n_components_")

    @property
    def n_iter_(self) -> Any:
        """Sweeps, passes or rounds that were made."""
        return self._attribute("n_iter_")

    @property
    def bound_(self) -> Any:
        """The perplexity of the documents learned from: of the words of one half of each, shares told by the other."""
        return self._attribute("bound_")

    @property
    def doc_topic_prior_(self) -> np.ndarray:
        """What each topic weighs in a document before any word is seen, in words."""
        return self._attribute("doc_topic_prior_")

    @property
    def topic_word_prior_(self) -> Any:
        """What each word weighs in a topic before any document is seen, in words."""
        return self._attribute("topic_word_prior_")

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")


class PLSA(TellsWords, Decodes, Encodes):
    r"""PLSA: what documents are about, learned without any prior.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100. It must be a whole number from 1 to 10000,
        or 'auto'.
    n_iter : int, default=200
        Rounds over all documents at most; learning ends sooner where the likelihood settles, or documents held out are told no
        better. It must be a whole number from 1 to 100000.
    temper : float, default=0.9
        What the power β of tempered expectation maximization, 1 at first, is multiplied by when documents held out are told worse;
        1: learning ends there instead. It must be a number above 0, at most 1.
    smoothing : float, default=10.0
        As how many words of the corpus at large each topic is told beside its own, so that no word is impossible in any. It must be
        a number from 0 to 1000000.
    held_out : float, default=0.05
        The share of documents that is not learned from, but used to tell how well the topics tell new ones, and when to temper and
        to end: 2,000 documents at most. It must be a number from 0 to 0.5.
    random_state : int, RandomState, Generator or None, default=None
        The seed: equal seeds give equal bytes, for any number of threads. None is 0; a generator draws one.
    n_jobs : int or None, default=None
        Threads. None and -1: all that the machine has, or 1 inside a worker of joblib.
    verbose : bool, default=False
        Whether notes and progress are shown.

    Attributes
    ----------
    components_ : ndarray of shape [k, d]
        How likely each word is in each topic: a row a topic, which adds up to 1.
    n_components_ : number
        Topics.
    n_iter_ : number
        Sweeps, passes or rounds that were made.
    bound_ : number
        The perplexity of the documents learned from: of the words of one half of each, shares told by the other.
    embedding_ : ndarray of shape [n, k]
        Where the fitted rows lie.
    space_ : Space
        What was learned, as the command line's fit learns it: its file has the same bytes.
    measures_ : dict of str to Measure
        How far to trust it; measured when first read.
    n_features_in_ : int
        Columns of the rows.
    feature_names_in_ : ndarray of str
        Their names, where the rows came as a data frame.

    See Also
    --------
    LatentDirichletAllocation : LDA: what documents are about: topics, and each one's shares.
    sklearn.decomposition.LatentDirichletAllocation : The same elsewhere.

    Notes
    -----
    - no titles in the space, only documents' words: it is the same whether they lay in memory, streamed by or were worked on in shares
    - weights below 0 are refused: they are how often a word is in a document

    References
    ----------
    .. [1] Hofmann 1999, Probabilistic latent semantic indexing, doi:10.1145/312624.312649
    .. [2] Hofmann 2001, Unsupervised learning by probabilistic latent semantic analysis, doi:10.1023/A:1007617005950

    Examples
    --------
    >>> import numpy as np
    >>> from latentspace import PLSA
    >>> random = np.random.default_rng(0)
    >>> X = random.poisson(0.3, size=(200, 30))
    >>> estimator = PLSA(n_components=2)
    >>> estimator.fit_transform(X).shape
    (200, 2)
    >>> estimator.transform(X[:5]).shape
    (5, 2)
    """

    _description = DESCRIBED["plsa"]

    def __init__(
        self,
        n_components: int | Literal['auto'] = 'auto',
        *,
        n_iter: int = 200,
        temper: float = 0.9,
        smoothing: float = 10.0,
        held_out: float = 0.05,
        random_state: int | np.random.RandomState | np.random.Generator | None = None,
        n_jobs: int | None = None,
        verbose: bool | int = False,
        **others: Any,
    ) -> None:
        """Keep the parameters; fit checks them."""
        self.n_components = n_components
        self.n_iter = n_iter
        self.temper = temper
        self.smoothing = smoothing
        self.held_out = held_out
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """How likely each word is in each topic: a row a topic, which adds up to 1."""
        return self._attribute("components_")

    @property
    def n_components_(self) -> Any:
        """Topics."""
        return self._attribute("n_components_")

    @property
    def n_iter_(self) -> Any:
        """Sweeps, passes or rounds that were made."""
        return self._attribute("n_iter_")

    @property
    def bound_(self) -> Any:
        """The perplexity of the documents learned from: of the words of one half of each, shares told by the other."""
        return self._attribute("bound_")

    @property
    def embedding_(self) -> np.ndarray:
        """Where the fitted rows lie."""
        return self._attribute("embedding_")
