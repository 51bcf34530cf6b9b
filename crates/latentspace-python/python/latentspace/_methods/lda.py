"""A method as an estimator. Generated from the registry's description by `UPDATE=1 make python-test`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from .._estimator import DESCRIBED, Decodes, Encodes, TellsWords


class LatentDirichletAllocation(TellsWords, Decodes, Encodes):
    r"""LDA: topics over words, and their share of documents.

    Parameters
    ----------
    n_components : int or 'auto', default='auto'
        Number of topics. auto: 10 below 500 documents, 20 below 5,000, 50 below 20,000, else 100. It must be a whole number from 1
        to 10000, or 'auto'.
    sampler : {'gibbs', 'variational'}, default='gibbs'
        How to infer topics: gibbs, the best topics, all documents in memory; variational (online variational Bayes), good topics in
        a few passes, also from files larger than memory. It must be 'gibbs' or 'variational'.
    n_iter : int or 'auto', default='auto'
        Number of sweeps over all words (gibbs; auto: 300), or of passes over all documents (variational; auto: 5). It must be a
        whole number from 1 to 100000, or 'auto'.
    alpha : float, default=0.1
        Dirichlet prior over a document's topics, in pseudo-counts per topic. The starting value where the prior is learned. It must
        be a number above 0, at most 1000.
    eta : float, default=0.01
        Dirichlet prior over a topic's words, in pseudo-counts per word. Small values make topics of fewer words. It must be a
        number above 0, at most 1000.
    learn_prior : bool, default=True
        Learn the prior of each topic, so that some topics can be more common than others. It must be true or false.
    seed_words : str, default=''
        Seed words that guide topics: commas separate words, semicolons separate topics. `star,galaxy; gene,protein` guides the
        first two topics. It must be a text.
    seed_weight : int, default=100
        Pseudo-counts of each seed word in its topic. It must be a whole number from 1 to 10000000.
    target : str or {'auto', 'none'}, default='auto'
        Column of labels that guide topics: documents with the first label (in sorted order) prefer the first topic, and so on;
        missing labels prefer none. auto or none: no labels. It must be the name of a column, or 'auto' or 'none'.
    target_weight : float, default=20.0
        Weight of a document's label, in words of the document. It must be a number above 0, at most 1000000.
    held_out : float, default=0.05
        Fraction of the documents held out to measure the likelihood of new documents, at most 2,000 of them. It must be a number
        from 0 to 0.5.
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
    components_ : ndarray of shape [k, d]
        How likely each word is in each topic: a row a topic, which adds up to 1.
    n_components_ : number
        Distributions.
    n_iter_ : number
        Sweeps, passes or rounds that were made.
    bound_ : number
        The perplexity of the documents learned from: of the words of one half of each, shares told by the other.
    doc_topic_prior_ : ndarray of shape [k]
        What each topic weighs in a document before any word is seen, in words.
    topic_word_prior_ : number
        What each word weighs in a topic before any document is seen, in words.
    embedding_ : ndarray of shape [n, k]
        Coordinates of the fitted rows (the embedding).
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
    PLSA : PLSA: topics over words, without a prior.
    sklearn.decomposition.LatentDirichletAllocation : The corresponding class.

    Notes
    -----
    - gibbs needs whole counts: it samples words one by one; fractions (tf-idf) are learned by variational, with a warning
    - gibbs needs all documents in memory: 12 bytes per word of text, and 9 per word of the vocabulary and topic
    - variational uses no labels and stores no titles of documents: streamed documents must give the same space

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
        max_memory: int | str | None = None,
        **others: Any,
    ) -> None:
        """Store the parameters; fit checks them."""
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
        self.max_memory = max_memory
        self._take(others)

    @property
    def components_(self) -> np.ndarray:
        """How likely each word is in each topic: a row a topic, which adds up to 1."""
        return self._attribute("components_")

    @property
    def n_components_(self) -> Any:
        """Distributions."""
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
        """Coordinates of the fitted rows (the embedding)."""
        return self._attribute("embedding_")
