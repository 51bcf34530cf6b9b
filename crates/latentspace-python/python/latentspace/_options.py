"""Options of a preparation and of text. Generated from their description by `UPDATE=1 make python-test`."""

from typing import Literal, TypedDict

#: Scale columns: none, standard (z-scores), robust (median and quartiles), unit (0 to 1), or mixed (z-scores, and levels of categories by the root of their share: PCA is then FAMD, of categories alone MCA). Default: auto: standard where standard deviations differ tenfold.
Scale = Literal['auto', 'none', 'standard', 'robust', 'unit', 'mixed']
#: Fill missing cells: mean, median, error to refuse them, or keep to learn from the others, where the method can. Default: mean in tables, else error.
Missing = Literal['error', 'mean', 'median', 'keep']


class TextOptions(TypedDict, total=False):
    """Which words of text are counted: options by their names."""

    #: Tokens to count: words (Unicode word boundaries and dictionaries), runs (of letters, digits and underscores) or spaces (text
    #: that was separated into words before). Default: words.
    tokens: Literal['words', 'runs', 'spaces']

    #: Convert words to lower case.
    lowercase: bool

    #: Count numbers, too.
    keep_numbers: bool

    #: Stop words to remove: auto, none, languages (english,german), or a file of words (in Python a list); english,+FILE adds those
    #: of a file. Default: auto: the language is detected.
    stop_words: Literal['auto', 'none'] | str | list[str]

    #: Additional stop words to remove, such as kinase,protein.
    extra_stop_words: str | list[str]

    #: Minimum letters of a word. Default: 2; 1 in scripts with one-letter words.
    min_letters: int | None

    #: Minimum number of documents that contain a word, or their share (0.01). Default: 5 of 1,000 and more, 2 of 50 and more, else
    #: 1.
    min_df: int | float | None

    #: Maximum number of documents that contain a word, or their share (0.9). Default: 0.5 of 20 and more.
    max_df: int | float | None

    #: Maximum size of the vocabulary: the most frequent words are kept. Default: 100000.
    max_words: int | None

    #: Also count n-grams of up to this many words: 1 to 3. Default: 1.
    ngrams: int | None

    #: Join word pairs that occur together (new_york), by npmi or pmi. Default: no phrases.
    phrases: Literal['npmi', 'pmi'] | None
