"""A class for each method of the registry. Made from its description: `UPDATE=1 make python-test` rewrites this file."""

from .linear import (
    PCA as PCA,
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
