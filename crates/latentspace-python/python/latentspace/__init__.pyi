# Generated from the registry's description by `UPDATE=1 make python-test`.
from typing import Any

from ._analysis import (
    compare as compare,
    describe as describe,
    dimension as dimension,
    explain as explain,
    fit as fit,
    measure as measure,
    neighbors as neighbors,
    plan as plan,
    stability as stability,
    sweep as sweep,
)
from ._explore import (
    Explorer as Explorer,
    explore as explore,
)
from ._methods import (
    PCA as PCA,
    TruncatedSVD as TruncatedSVD,
    FactorAnalysis as FactorAnalysis,
    PPCA as PPCA,
    FastICA as FastICA,
    NMF as NMF,
    SparsePCA as SparsePCA,
    DictionaryLearning as DictionaryLearning,
    KernelPCA as KernelPCA,
    Nystroem as Nystroem,
    RBFSampler as RBFSampler,
    SVM as SVM,
    TSNE as TSNE,
    UMAP as UMAP,
    PaCMAP as PaCMAP,
    LocallyLinearEmbedding as LocallyLinearEmbedding,
    Isomap as Isomap,
    SpectralEmbedding as SpectralEmbedding,
    DiffusionMap as DiffusionMap,
    PHATE as PHATE,
    MDS as MDS,
    LatentDirichletAllocation as LatentDirichletAllocation,
    PLSA as PLSA,
)
from ._native import (
    InputError as InputError,
    ParamError as ParamError,
)
from ._observations import (
    Observations as Observations,
    read as read,
)
from ._options import (
    TextOptions as TextOptions,
)
from ._progress import (
    LatentspaceWarning as LatentspaceWarning,
)
from ._report import (
    Explanation as Explanation,
    Measure as Measure,
    Measures as Measures,
    Report as Report,
)
from ._space import (
    Space as Space,
)

__version__: str
METHODS: list[dict[str, Any]]
