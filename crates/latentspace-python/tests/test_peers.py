"""What scikit-learn's and umap-learn's users write: taken where it means the same, refused with what to write where it does not."""

from __future__ import annotations

import latentspace
import numpy as np
import pytest
from conftest import CLASSES, quick
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import clone


def has(cls, *names):
    return {*names} <= {parameter["name"] for parameter in cls._description["parameters"]}


GIVEN = [cls for cls in CLASSES if "neighbors" in cls._description["given"] and has(cls, "metric")]
STARTED = [cls for cls in CLASSES if "start" in cls._description["given"] and has(cls, "init")]
EARLY = [cls for cls in CLASSES if has(cls, "n_iter_early")]
WHOLE = [cls for cls in CLASSES if has(cls, "metric") and cls not in GIVEN]


@pytest.mark.parametrize("cls", EARLY)
def test_iterations_that_are_counted_in_another_way_are_refused(cls):
    with pytest.raises(TypeError, match="write n_iter=750, n_iter_early=250"):
        cls(max_iter=1000)
    with pytest.raises(TypeError, match="write n_iter=900, n_iter_early=100"):
        cls(max_iter=1000, n_iter_early=100)


def test_other_names_are_taken_and_estimators_know_them_by_ours():
    for cls in CLASSES:
        if has(cls, "n_iter") and not has(cls, "n_iter_early"):
            estimator = cls(max_iter=70, seed=3)
            assert estimator.n_iter == 70 and estimator.random_state == 3
            assert clone(estimator).get_params() == estimator.get_params() and "max_iter" not in estimator.get_params()
            assert cls().set_params(max_iter=71).n_iter == 71
            with pytest.raises(TypeError, match="max_iter: it is another name of n_iter, which was given, too"):
                cls(max_iter=70, n_iter=60)
        if has(cls, "solver"):
            assert cls(svd_solver="full").solver == cls(svd_solver="covariance_eigh").solver == "covariance"
            with pytest.raises(TypeError, match="svd_solver: 'arpack' was given; here it is solver, one of 'auto'"):
                cls(svd_solver="arpack")
        with pytest.raises((TypeError, ValueError), match="there is no such parameter|Invalid parameter"):
            cls().set_params(nonsense=1)
    lda = latentspace.LatentDirichletAllocation(num_topics=7, doc_topic_prior=None, topic_word_prior=0.02)
    assert (lda.n_components, lda.alpha, lda.eta) == (7, latentspace.LatentDirichletAllocation().alpha, 0.02)
    with pytest.raises(TypeError, match="write n_iter"):
        latentspace.LatentDirichletAllocation(max_iter=10)


def test_none_is_all_components_or_what_is_chosen(cls, rows):
    words = {parameter["name"]: parameter["words"] for parameter in cls._description["parameters"]}
    for name in (name for name, known in words.items() if "auto" in known and name != "target"):
        chosen = quick(cls).set_params(**{name: None}).fit(rows).space_
        if name == "n_components":
            assert chosen.n_components == 6
            assert quick(cls, n_components=None).fit(rows[:5]).space_.n_components == 4
        else:
            assert chosen == quick(cls).set_params(**{name: "auto"}).fit(rows).space_


@pytest.mark.parametrize("cls", STARTED)
def test_a_start_is_what_others_call_init(cls, rows):
    start = quick(cls, random_state=1).fit_transform(rows)
    estimator = quick(cls, init=start)
    np.testing.assert_array_equal(clone(estimator).fit_transform(rows), quick(cls).fit_transform(rows, start=start))
    with pytest.raises(latentspace.ParamError, match="init: an array was given, and start, too"):
        estimator.fit(rows, start=start)
    with pytest.raises(ValueError, match="59 rows"):
        quick(cls, init=start[:-1]).fit(rows)


@pytest.mark.parametrize("cls", GIVEN)
def test_distances_in_place_of_rows(cls, rows):
    # Of quarters, so that the distances are those that the method finds.
    rows = (np.round(4 * rows) / 4).astype(np.float32)
    distances = cdist(rows, rows)
    estimator = quick(cls, metric="precomputed")
    codes = estimator.fit_transform(distances)
    assert codes.shape == (60, 2) and estimator.n_features_in_ == 60
    plain = quick(cls).fit(rows)
    near = estimator.measures_["trustworthiness"].value, plain.measures_["trustworthiness"].value
    assert abs(near[0] - near[1]) < 0.08, near
    with pytest.raises(latentspace.ParamError, match="new rows cannot be encoded"):
        estimator.transform(distances)
    with pytest.warns(UserWarning, match="these distances are not Euclidean"):
        quick(cls, metric="precomputed").fit(cdist(rows, rows, "cityblock"))
    assert np.array_equal(clone(estimator).fit_transform(distances), codes)


@pytest.mark.parametrize("cls", WHOLE)
def test_distances_of_points_in_place_of_rows(cls, rows):
    distances = cdist(rows, rows)
    codes = quick(cls, metric="precomputed").fit_transform(distances)
    np.testing.assert_allclose(cdist(codes, codes), cdist(*[quick(cls).fit_transform(rows)] * 2), atol=1e-2)
    with pytest.raises(latentspace.ParamError, match="distances that are not Euclidean"):
        quick(cls, metric="precomputed").fit(cdist(rows, rows, "cityblock"))


def test_what_is_no_distance_is_refused(rows):
    cls, distances = GIVEN[0], cdist(rows, rows)
    odd = distances.copy()
    odd[3, 4] += 1.0
    similar = np.exp(-distances)
    for X, words in (
        (rows, "X is 60 x 6; distances of n rows are n x n"),
        (-distances, "row 0, column 1: -.* was found; a distance is 0 or more"),
        (odd, "the distance from row 3 to row 4 is .*, and back .*; distances are symmetric"),
        (similar, "row 0, column 0: 1 was found; a row is at distance 0 from itself"),
        (sparse.csr_array(distances), "sparse rows(.|\n)*neighbors=graph"),
    ):
        with pytest.raises(latentspace.ParamError, match=words):
            quick(cls, metric="precomputed").fit(X)
    for cls in CLASSES:
        if not has(cls, "metric"):
            with pytest.raises(TypeError, match="metric: 'precomputed' was given; .* takes rows"):
                cls(metric="precomputed")


def test_a_share_of_the_variance_in_place_of_a_number_of_components(rows):
    from sklearn.decomposition import PCA

    for cls in CLASSES:
        if any(attribute["name"] == "explained_variance_ratio_" for attribute in cls._description["attributes"]):
            for share in (0.1, 0.5, 0.8, 0.95, 0.999):
                estimator = cls(n_components=share).fit(rows)
                kept = np.cumsum(cls(n_components=6).fit(rows).explained_variance_ratio_)
                assert estimator.space_.n_components == (kept < share).sum() + 1
                if cls is latentspace.PCA:
                    assert estimator.space_.n_components == PCA(share).fit(rows.astype(float)).n_components_
                assert estimator.get_params()["n_components"] == share
                assert estimator.space_ == cls(n_components=estimator.space_.n_components).fit(rows).space_
            for wrong in (1.5, -0.5, 0.0):
                with pytest.raises(ValueError, match=rf"n_components: {wrong} was given"):
                    cls(n_components=wrong).fit(rows)
        else:
            with pytest.raises(ValueError, match="n_components: 0.95 was given"):
                quick(cls).set_params(n_components=0.95).fit(rows)
