"""A class for each method of the registry. Generated from its description by `UPDATE=1 make python-test`."""

from .pca import PCA as PCA
from .svd import TruncatedSVD as TruncatedSVD
from .factor_analysis import FactorAnalysis as FactorAnalysis
from .ppca import PPCA as PPCA
from .ica import FastICA as FastICA
from .nmf import NMF as NMF
from .sparse_pca import SparsePCA as SparsePCA
from .dictionary import DictionaryLearning as DictionaryLearning
from .kernel_pca import KernelPCA as KernelPCA
from .nystroem import Nystroem as Nystroem
from .fourier_features import RBFSampler as RBFSampler
from .svm import SVM as SVM
from .tsne import TSNE as TSNE
from .umap import UMAP as UMAP
from .pacmap import PaCMAP as PaCMAP
from .lle import LocallyLinearEmbedding as LocallyLinearEmbedding
from .isomap import Isomap as Isomap
from .laplacian import SpectralEmbedding as SpectralEmbedding
from .diffusion import DiffusionMap as DiffusionMap
from .phate import PHATE as PHATE
from .mds import MDS as MDS
from .lda import LatentDirichletAllocation as LatentDirichletAllocation
from .plsa import PLSA as PLSA
