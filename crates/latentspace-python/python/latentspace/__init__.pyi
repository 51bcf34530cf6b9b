# Generated from the registry's description by `UPDATE=1 make python-test`.
from typing import Any

from ._analysis import (
    compare as compare,
    dimension as dimension,
    neighbors as neighbors,
    stability as stability,
)
from ._explore import (
    Explorer as Explorer,
    explore as explore,
)
from ._methods import (
    PCA as PCA,
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
from ._space import (
    Measure as Measure,
    Space as Space,
)

__version__: str
METHODS: list[dict[str, Any]]
