# Made from the registry's description: `UPDATE=1 make python-test` rewrites it.
from typing import Any, Literal

import numpy as np

from ._estimator import Decodes, Encodes, Estimator, Folds
from ._explore import Explorer as Explorer, explore as explore
from ._native import InputError as InputError, ParamError as ParamError
from ._space import Measure as Measure, Space as Space

__version__: str
METHODS: list[dict[str, Any]]

class PCA(Decodes, Folds, Encodes):
    """PCA: the directions along which rows differ most."""

    n_components: int | Literal['auto']
    solver: Literal['auto', 'covariance', 'gram', 'randomized']
    whiten: bool
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int | Literal['auto'] = ...,  # 'auto'
        *,
        solver: Literal['auto', 'covariance', 'gram', 'randomized'] = ...,  # 'auto'
        whiten: bool = ...,  # False
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class TSNE(Decodes, Encodes):
    """t-SNE: a map that keeps neighbors together."""

    n_components: int
    perplexity: float
    second_perplexity: float
    affinity: Literal['gaussian', 'uniform']
    early_exaggeration: float
    exaggeration: float
    n_iter_early: int
    n_iter: int
    min_kl_change: float
    learning_rate: float | Literal['auto']
    metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard']
    init: Literal['pca', 'spectral', 'random']
    pca_components: int | Literal['auto']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        perplexity: float = ...,  # 30.0
        second_perplexity: float = ...,  # 0.0
        affinity: Literal['gaussian', 'uniform'] = ...,  # 'gaussian'
        early_exaggeration: float = ...,  # 12.0
        exaggeration: float = ...,  # 1.0
        n_iter_early: int = ...,  # 250
        n_iter: int = ...,  # 500
        min_kl_change: float = ...,  # 0.0
        learning_rate: float | Literal['auto'] = ...,  # 'auto'
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = ...,  # 'euclidean'
        init: Literal['pca', 'spectral', 'random'] = ...,  # 'pca'
        pca_components: int | Literal['auto'] = ...,  # 0
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class UMAP(Decodes, Encodes):
    """UMAP: a map of the graph of neighbors."""

    n_components: int
    n_neighbors: int
    min_dist: float
    spread: float
    n_epochs: int | Literal['auto']
    learning_rate: float
    metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard']
    init: Literal['pca', 'spectral', 'random']
    negative_sample_rate: int
    set_op_mix_ratio: float
    local_connectivity: float
    repulsion_strength: float
    target: str | Literal['auto', 'none']
    target_weight: float
    densmap: bool
    dens_lambda: float
    dens_frac: float
    dens_var_shift: float
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 15
        min_dist: float = ...,  # 0.1
        spread: float = ...,  # 1.0
        n_epochs: int | Literal['auto'] = ...,  # 'auto'
        learning_rate: float = ...,  # 1.0
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = ...,  # 'euclidean'
        init: Literal['pca', 'spectral', 'random'] = ...,  # 'spectral'
        negative_sample_rate: int = ...,  # 5
        set_op_mix_ratio: float = ...,  # 1.0
        local_connectivity: float = ...,  # 1.0
        repulsion_strength: float = ...,  # 1.0
        target: str | Literal['auto', 'none'] = ...,  # 'auto'
        target_weight: float = ...,  # 0.5
        densmap: bool = ...,  # False
        dens_lambda: float = ...,  # 2.0
        dens_frac: float = ...,  # 0.3
        dens_var_shift: float = ...,  # 0.1
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class PaCMAP(Decodes, Encodes):
    """PaCMAP: a map laid out as a whole, then in detail."""

    n_components: int
    n_neighbors: int | Literal['auto']
    mn_ratio: float
    fp_ratio: float
    metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard']
    pca_components: int | Literal['auto']
    learning_rate: float
    n_iter: int
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int | Literal['auto'] = ...,  # 'auto'
        mn_ratio: float = ...,  # 0.5
        fp_ratio: float = ...,  # 2.0
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = ...,  # 'euclidean'
        pca_components: int | Literal['auto'] = ...,  # 'auto'
        learning_rate: float = ...,  # 1.0
        n_iter: int = ...,  # 450
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class LocallyLinearEmbedding(Decodes, Encodes):
    """LLE: places in which neighbors lie as they did."""

    n_components: int
    n_neighbors: int
    variant: Literal['standard', 'modified', 'hessian', 'ltsa']
    reg: float
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 12
        variant: Literal['standard', 'modified', 'hessian', 'ltsa'] = ...,  # 'standard'
        reg: float = ...,  # 0.001
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class Isomap(Decodes, Encodes):
    """Isomap: places as far apart as the ways along the data."""

    n_components: int
    n_neighbors: int
    n_landmarks: int | Literal['auto']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 12
        n_landmarks: int | Literal['auto'] = ...,  # 'auto'
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class SpectralEmbedding(Decodes, Encodes):
    """Laplacian eigenmaps: slowest vibrations of the graph of neighbors."""

    n_components: int
    n_neighbors: int
    affinity: Literal['connectivity', 'heat']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 12
        affinity: Literal['connectivity', 'heat'] = ...,  # 'connectivity'
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class DiffusionMap(Decodes, Encodes):
    """diffusion maps: how far rows are for a walker among neighbors."""

    n_components: int
    n_neighbors: int
    alpha: float
    n_steps: int
    bandwidth: float | Literal['auto']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 12
        alpha: float = ...,  # 1.0
        n_steps: int = ...,  # 1
        bandwidth: float | Literal['auto'] = ...,  # 'auto'
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class PHATE(Decodes, Encodes):
    """PHATE: branches and transitions, by what walkers see."""

    n_components: int
    n_neighbors: int
    decay: float
    t: int | Literal['auto']
    gamma: float
    n_landmarks: int | Literal['auto']
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        n_neighbors: int = ...,  # 5
        decay: float = ...,  # 40.0
        t: int | Literal['auto'] = ...,  # 'auto'
        gamma: float = ...,  # 1.0
        n_landmarks: int | Literal['auto'] = ...,  # 'auto'
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class MDS(Decodes, Encodes):
    """MDS: places as far apart as the rows are."""

    n_components: int
    scaling: Literal['metric', 'classical']
    metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard']
    n_landmarks: int | Literal['auto']
    n_iter: int
    eps: float
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int = ...,  # 2
        *,
        scaling: Literal['metric', 'classical'] = ...,  # 'metric'
        metric: Literal['euclidean', 'cosine', 'inner_product', 'manhattan', 'hellinger', 'hamming', 'jaccard'] = ...,  # 'euclidean'
        n_landmarks: int | Literal['auto'] = ...,  # 'auto'
        n_iter: int = ...,  # 300
        eps: float = ...,  # 1e-06
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class LatentDirichletAllocation(Decodes, Encodes):
    """LDA: what documents are about: topics, and each one's shares."""

    n_components: int | Literal['auto']
    sampler: Literal['gibbs', 'variational']
    n_iter: int | Literal['auto']
    alpha: float
    eta: float
    learn_prior: bool
    seed_words: str
    seed_weight: int
    target: str | Literal['auto', 'none']
    target_weight: float
    held_out: float
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int | Literal['auto'] = ...,  # 'auto'
        *,
        sampler: Literal['gibbs', 'variational'] = ...,  # 'gibbs'
        n_iter: int | Literal['auto'] = ...,  # 'auto'
        alpha: float = ...,  # 0.1
        eta: float = ...,  # 0.01
        learn_prior: bool = ...,  # True
        seed_words: str = ...,  # ''
        seed_weight: int = ...,  # 100
        target: str | Literal['auto', 'none'] = ...,  # 'auto'
        target_weight: float = ...,  # 20.0
        held_out: float = ...,  # 0.05
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...

class PLSA(Decodes, Folds, Encodes):
    """PLSA: what documents are about, learned without any prior."""

    n_components: int | Literal['auto']
    n_iter: int
    temper: float
    smoothing: float
    held_out: float
    random_state: int | np.random.RandomState | np.random.Generator | None
    n_jobs: int | None
    verbose: bool | int
    def __init__(
        self,
        n_components: int | Literal['auto'] = ...,  # 'auto'
        *,
        n_iter: int = ...,  # 200
        temper: float = ...,  # 0.9
        smoothing: float = ...,  # 10.0
        held_out: float = ...,  # 0.05
        random_state: int | np.random.RandomState | np.random.Generator | None = ...,  # None
        n_jobs: int | None = ...,  # None
        verbose: bool | int = ...,  # False
    ) -> None: ...
