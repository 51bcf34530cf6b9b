"""scikit-learn's own checks, and life among its tools."""

from __future__ import annotations

import os
import pickle
import warnings

import joblib
import latentspace
import numpy as np
import pytest
import sklearn
from conftest import EVERY, ROOT, quick, renew
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

#: Checks that an estimator may fail, by class: none.
EXPECTED: dict[str, dict[str, str]] = {}


@parametrize_with_checks(
    [cls() for cls in EVERY],
    expected_failed_checks=lambda estimator: EXPECTED.get(type(estimator).__name__, {}),
    xfail_strict=True,
)
def test_scikit_learn_finds_nothing(estimator, check):
    check(estimator)


def test_the_docs_print_how_many_checks_each_class_passes():
    path = ROOT / "docs/python.md"
    before, table, after = path.read_text(encoding="utf-8").split("<!-- checks -->\n")
    if os.environ.get("UPDATE") != "1" and f"scikit-learn {sklearn.__version__} " not in table:
        pytest.skip("the table was made with another version of scikit-learn, which may have other checks")
    lines = [f"| class | checks of scikit-learn {sklearn.__version__} | expected to fail |", "|---|---|---|"]
    for cls in EVERY:
        count = sum(1 for _ in estimator_checks_generator(cls()))
        lines.append(f"| `{cls.__name__}` | {count} | {len(EXPECTED.get(cls.__name__, {})) or 'none'} |")
    renew(path, f"{before}<!-- checks -->\n" + "\n".join(lines) + f"\n<!-- checks -->\n{after}")


def test_a_default_too_large_for_the_rows_is_lowered_and_a_given_value_is_refused(cls, rows):
    few = rows[::6]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        used = cls().fit(few).space_.params
    said = [str(warning.message) for warning in caught]
    for parameter in cls._description["parameters"]:
        name, default = parameter["name"], parameter["default"]
        if used[name] == default:
            continue
        assert any(text.startswith(f"{name}: {default:g} is the default; {used[name]:g} ") for text in said), said
        with pytest.raises(latentspace.ParamError, match=f"it is at most {used[name]:g}"):
            cls(**{name: default + 1}).fit(few)


def test_lda_learns_from_fractions_by_the_variational_sampler_and_says_so():
    weights = np.random.default_rng(0).gamma(0.3, size=(40, 12))
    with pytest.warns(latentspace.LatentspaceWarning, match="sampler: gibbs is the default; variational is used"):
        lda = latentspace.LatentDirichletAllocation(3).fit(weights)
    assert lda.space_.params["sampler"] == "variational"
    np.testing.assert_allclose(lda.transform(weights).sum(axis=1), 1, rtol=1e-5)
    with pytest.raises(ValueError, match="X, row 3, column 2: -1 was found; Negative values in data"):
        weights[3, 2] = -1
        lda.fit(weights)


def test_a_clone_has_the_parameters_and_a_pickle_the_space(cls, rows):
    fitted = quick(cls, random_state=3).fit(rows)
    assert clone(fitted).get_params() == fitted.get_params()
    before = fitted.measures_
    data = pickle.dumps(fitted)
    assert fitted.space_.to_bytes() in data
    again = pickle.loads(data)
    assert again.measures_ == before
    assert again.space_ == fitted.space_
    if fitted._description["encodes"]:
        np.testing.assert_array_equal(again.transform(rows), fitted.transform(rows))


def test_the_signature_and_the_docs_come_from_the_description(cls):
    import inspect

    names = list(inspect.signature(cls).parameters)
    own = [parameter["name"] for parameter in cls._description["parameters"]]
    assert names == [*own, "random_state", "n_jobs", "verbose", "max_memory"]
    for parameter in cls._description["parameters"]:
        assert f"{parameter['name']} : " in cls.__doc__
        assert inspect.signature(cls).parameters[parameter["name"]].default == parameter["default"]


def test_a_wrong_parameter_is_refused_in_the_librarys_words(cls, rows):
    with pytest.raises(ValueError, match=r"n_components: 0 was given; it must be .*\."):
        quick(cls, n_components=0).fit(rows)
    if "auto" not in next(p["words"] for p in cls._description["parameters"] if p["name"] == "n_components"):
        with pytest.raises(latentspace.ParamError, match="n_components: None was given"):
            quick(cls, n_components=None).fit(rows)
    with pytest.raises(latentspace.ParamError, match="random_state: 'x' was given"):
        quick(cls, random_state="x").fit(rows)
    with pytest.raises(TypeError, match=r"there is no such parameter(.|\n)*did you mean 'n_components'"):
        cls(n_componets=2)


def test_seeds_may_be_numbers_or_generators(cls, rows):
    def bytes_of(seed):
        return quick(cls, random_state=seed).fit(rows).space_.to_bytes()

    assert bytes_of(None) == bytes_of(0) == bytes_of(np.int64(0)) != bytes_of(1)
    assert bytes_of(np.random.RandomState(4)) == bytes_of(np.random.RandomState(4))
    assert bytes_of(np.random.default_rng(4)) == bytes_of(np.random.default_rng(4))


def test_any_number_of_threads_gives_the_same_bytes(cls, rows):
    one = quick(cls, n_jobs=1).fit(rows).space_
    assert all(quick(cls, n_jobs=jobs).fit(rows).space_ == one for jobs in (2, 3, -1, None))


def test_pipelines_columns_and_searches(cls, rows):
    if not cls._description["encodes"]:
        pytest.skip("a step of a pipeline takes new rows")
    y = np.repeat([0, 1, 2], 20)
    # Two random directions, or atoms of which a row takes one, say nothing.
    k = 40 if cls in (latentspace.RBFSampler, latentspace.DictionaryLearning) else 2
    pipeline = make_pipeline(StandardScaler(), quick(cls, n_components=k), LogisticRegression())
    assert pipeline.fit(rows, y).score(rows, y) > 0.9
    columns = ColumnTransformer([("some", quick(cls, n_components=k), [0, 1, 2, 3])], remainder="passthrough")
    assert columns.fit_transform(rows).shape == (60, k + 2)
    steps = Pipeline([("space", quick(cls)), ("classes", LogisticRegression())])
    search = GridSearchCV(steps, {"space__n_components": [k // 2, k]}, cv=2, n_jobs=2)
    assert search.fit(rows, y).best_score_ > 0.6


def _threads(_: int) -> int:
    from latentspace._jobs import threads

    return threads(None)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_worker_of_joblib_works_on_one_thread(backend):
    with joblib.parallel_config(backend=backend):
        assert joblib.Parallel(n_jobs=2)(joblib.delayed(_threads)(i) for i in range(4)) == [1, 1, 1, 1]
    assert _threads(0) == 0


def test_part_after_part_the_space_is_that_of_all_rows(cls):
    assert hasattr(cls, "partial_fit") == cls._description["parts"]
    if not hasattr(cls, "partial_fit"):
        pytest.skip("it needs all rows at once")
    rows = np.random.default_rng(5).normal(size=(9000, 7)).astype(np.float32)
    parts = quick(cls, n_components=3)
    for part in np.array_split(rows, 5):
        parts = pickle.loads(pickle.dumps(parts.partial_fit(part)))
    whole = quick(cls, n_components=3).fit(rows)
    np.testing.assert_array_equal(parts.transform(rows), whole.transform(rows))
    assert parts.space_.rows == 9000
    # Neighbors are not measured of rows that are gone.
    assert parts.measures_ == {name: measure for name, measure in whole.measures_.items() if name in parts.measures_}
    assert parts.fit(rows[:100]).partial_fit(rows[:50]).space_.rows == 50


def test_labels_are_learned_from_where_a_target_asks_for_them(cls, rows):
    y = np.repeat([0, 1, 2], 20)
    own = {parameter["name"] for parameter in cls._description["parameters"]}
    plain = quick(cls).fit(rows)
    # A label in a pipeline is for its last step.
    assert quick(cls).fit(rows, y).space_ == plain.space_
    if "target" not in own:
        return
    told = quick(cls, target="label").fit(rows, y)
    assert told.space_ == quick(cls, target="label").fit(rows, y.tolist()).space_
    assert not np.array_equal(told.embedding_, plain.embedding_)
    np.testing.assert_array_equal(quick(cls, target="none").fit(rows, y).embedding_, plain.embedding_)
    words = np.array(["a", "b", "c"])[y]
    np.testing.assert_array_equal(quick(cls, target="label").fit(rows, words).embedding_, told.embedding_)
    some = np.where(y == 1, -1, y)
    missing = [None if label < 0 else f"kind {label}" for label in some]
    expected = quick(cls, target="label").fit(rows, some).embedding_
    for labels in (np.where(some < 0, np.nan, some), np.array(missing, dtype=object)):
        np.testing.assert_array_equal(quick(cls, target="label").fit(rows, labels).embedding_, expected)
    if cls._description["encodes"]:
        assert told.transform(rows[:5] + 0.01).shape == told.embedding_[:5].shape
    with pytest.raises(ValueError, match="y: 59 labels was given; there are 60 rows"):
        quick(cls, target="label").fit(rows, y[:-1])
    with pytest.raises(ValueError, match="target: 'kind' was given; the rows have no labels"):
        quick(cls, target="kind").fit(rows)
