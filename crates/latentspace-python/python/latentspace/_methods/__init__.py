"""A class for each method of the registry. Generated from its description by `UPDATE=1 make python-test`."""

from .linear import (
    PCA as PCA,
    TruncatedSVD as TruncatedSVD,
    FactorAnalysis as FactorAnalysis,
    PPCA as PPCA,
    FastICA as FastICA,
    NMF as NMF,
    SparsePCA as SparsePCA,
    DictionaryLearning as DictionaryLearning,
)
from .kernel import (
    KernelPCA as KernelPCA,
    Nystroem as Nystroem,
    RBFSampler as RBFSampler,
    SVM as SVM,
)
from .map import (
    TSNE as TSNE,
    UMAP as UMAP,
    PaCMAP as PaCMAP,
)
from .manifold import (
    LocallyLinearEmbedding as LocallyLinearEmbedding,
    Isomap as Isomap,
    SpectralEmbedding as SpectralEmbedding,
    DiffusionMap as DiffusionMap,
    PHATE as PHATE,
    MDS as MDS,
)
from .topics import (
    LatentDirichletAllocation as LatentDirichletAllocation,
    PLSA as PLSA,
)
