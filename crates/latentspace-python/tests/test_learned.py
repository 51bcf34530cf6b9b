"""What was learned can be read, by the names and with the numbers that scikit-learn has."""

from __future__ import annotations

import copy
import importlib
import pickle
import re
import warnings

import latentspace
import numpy as np
import pytest
from conftest import CLASSES, quick
from latentspace import PCA, LatentDirichletAllocation, LatentspaceWarning, Space
from scipy import sparse
from sklearn import decomposition, manifold
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

ALL = [getattr(latentspace, method["class"]) for method in latentspace.METHODS]
#: What every estimator of scikit-learn has, and no method tells of itself.
EVERYWHERE = {"n_features_in_", "feature_names_in_"}


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    """Documents of three topics."""
    random = np.random.default_rng(0)
    topics = random.dirichlet(np.full(40, 0.1), 3)
    return np.array([random.multinomial(60, topics[at % 3]) for at in range(150)], dtype=np.float32)


def close(ours, theirs, within=1e-4) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=within, atol=within * np.abs(theirs).max())


@pytest.mark.parametrize("shape, k", [((200, 12), 4), ((40, 60), 5), ((1200, 64), 20)])
def test_pca_has_the_numbers_of_scikit_learn(shape, k):
    random = np.random.default_rng(1)
    rows = random.normal(size=shape) @ np.diag(np.linspace(3, 0.3, shape[1])) + 5
    ours = PCA(n_components=k, solver="covariance").fit(rows)
    theirs = decomposition.PCA(n_components=k, svd_solver="full").fit(rows)
    sign = np.sign((ours.components_ * theirs.components_).sum(1))[:, None]
    close(ours.components_ * sign, theirs.components_, 2e-3)
    for name in ("mean_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "noise_variance_"):
        close(getattr(ours, name), getattr(theirs, name))
    assert (ours.n_components_, ours.n_samples_, ours.n_features_in_) == (k, shape[0], shape[1])
    close(ours.get_covariance(), theirs.get_covariance())
    close(ours.get_precision(), theirs.get_precision())
    close(ours.score_samples(rows), theirs.score_samples(rows))
    assert ours.score(rows) == pytest.approx(theirs.score(rows), rel=1e-4)


def test_a_search_over_pca_alone_scores_it_by_its_likelihood():
    random = np.random.default_rng(2)
    rows = random.normal(size=(300, 3)) @ random.normal(size=(3, 10)) + 0.1 * random.normal(size=(300, 10))
    grid = {"n_components": [1, 2, 3, 5, 8]}
    ours = GridSearchCV(PCA(), grid, cv=3).fit(rows)
    theirs = GridSearchCV(decomposition.PCA(), grid, cv=3).fit(rows)
    assert ours.best_params_ == theirs.best_params_ == {"n_components": 3}
    close(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"])


def test_isomap_and_lle_have_the_errors_of_scikit_learn(rows):
    rows = np.random.default_rng(3).normal(size=(120, 3))
    ours = latentspace.Isomap(n_components=2, n_neighbors=8).fit(rows)
    theirs = manifold.Isomap(n_components=2, n_neighbors=8).fit(rows)
    close(ours.dist_matrix_, theirs.dist_matrix_)
    assert ours.reconstruction_error() == pytest.approx(theirs.reconstruction_error(), rel=1e-3)
    ours = latentspace.LocallyLinearEmbedding(n_components=2, n_neighbors=8).fit(rows)
    theirs = manifold.LocallyLinearEmbedding(n_components=2, n_neighbors=8, eigen_solver="dense").fit(rows)
    assert ours.reconstruction_error_ == pytest.approx(theirs.reconstruction_error_, rel=1e-2)


def test_graphs_and_distances_are_those_of_the_rows(rows):
    apart = np.sqrt(((rows[:, None].astype(float) - rows[None]) ** 2).sum(2))
    close(latentspace.MDS().fit(rows).dissimilarity_matrix_, apart)
    theirs = manifold.SpectralEmbedding(n_neighbors=6, affinity="nearest_neighbors").fit(rows).affinity_matrix_.toarray()
    np.fill_diagonal(theirs, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LatentspaceWarning)
        ours = latentspace.SpectralEmbedding(n_neighbors=5, affinity="connectivity").fit(rows).affinity_matrix_.toarray()
    # scikit-learn counts the row itself; ours joins parts, too.
    assert np.array_equal(ours[theirs > 0], theirs[theirs > 0])
    graph = latentspace.UMAP(n_neighbors=5).fit(rows).graph_
    assert sparse.issparse(graph) and graph.shape == (60, 60)
    assert abs(graph - graph.T).max() < 1e-6 and 0 < graph.max() <= 1


def test_stress_is_scikit_learns_normalized_one(rows):
    ours = latentspace.MDS(random_state=0).fit(rows)
    placed = np.sqrt(((ours.embedding_[:, None].astype(float) - ours.embedding_[None]) ** 2).sum(2))
    stress = np.sqrt(((placed - ours.dissimilarity_matrix_) ** 2).sum() / (placed**2).sum())
    assert ours.stress_ == pytest.approx(stress, rel=1e-3) and ours.n_iter_ > 0


@pytest.mark.parametrize("cls", [cls for cls in ALL if cls._description["likelihood"] == "words"], ids=lambda cls: cls.__name__)
def test_topics_tell_their_words(cls, counts):
    model = cls(n_components=3, n_iter=50).fit(counts)
    assert model.components_.shape == (3, 40) and np.allclose(model.components_.sum(1), 1, atol=1e-4)
    shares = model.transform(counts)
    likely = (counts * np.log(np.maximum(shares.astype(float) @ model.components_, 1e-12))).sum()
    assert model.score(counts) == pytest.approx(likely, rel=1e-4)
    assert model.perplexity(counts) == pytest.approx(np.exp(-likely / counts.sum()), rel=1e-4)
    top = model.topics(4)
    assert [[int(word) for word, _ in topic] for topic in top] == np.argsort(-model.components_, axis=1, kind="stable")[:, :4].tolist()
    assert 1 < model.perplexity(counts) < 40 and model.n_iter_ > 0
    texts = [" ".join(f"word{w:02}" for w, n in enumerate(row) for _ in range(int(n))) for row in counts]
    assert cls(n_components=3, n_iter=50).fit(texts).topics(2)[0][0][0].startswith("word")


def test_topics_stand_in_a_supervised_pipeline(counts):
    y = np.arange(150) % 3
    pipeline = make_pipeline(LatentDirichletAllocation(n_components=3, n_iter=50), LogisticRegression())
    assert pipeline.fit(counts, y).score(counts, y) > 0.9


def data_for(cls, counts):
    rows = np.random.default_rng(0).normal(size=(60, 6)).astype(np.float32)
    return counts if "table" not in cls._description["takes"] else rows if cls._description["signs"] == "any" else np.abs(rows)


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_every_attribute_is_there_after_a_fit_alone(cls, counts):
    rows = data_for(cls, counts)
    estimator = quick(cls)
    names = [told["name"] for told in cls._description["attributes"]]
    assert names
    assert not any(hasattr(estimator, name) for name in names if not name.endswith("()"))
    estimator.fit(rows)
    again = pickle.loads(pickle.dumps(estimator))
    for told in cls._description["attributes"]:
        name = told["name"].removesuffix("()")
        if not hasattr(estimator, name):
            # What another algorithm would have found.
            assert told["shape"] or name in {"stress_", "n_iter_", "bound_"}, name
            continue
        value, other = (getattr(held, name) for held in (estimator, again))
        value, other = (found() if callable(found) else found for found in (value, other))
        if sparse.issparse(value):
            assert (value != other).nnz == 0
            continue
        np.testing.assert_array_equal(value, other)
        sizes = {"n": len(rows), "d": rows.shape[1], "k": estimator.space_.n_components}
        sizes |= {"labels": len(getattr(estimator, "classes_", [])), "landmarks": len(getattr(estimator, "components_", []))}
        wanted = re.findall(r"[a-z]+|\d+", told["shape"])
        assert np.shape(value) == tuple(sizes.get(name) or int(name) for name in wanted), told


@pytest.mark.parametrize("cls", ALL, ids=lambda cls: cls.__name__)
def test_the_peers_attributes_are_there_or_it_is_said_why_not(cls):
    peer = cls._description["peer"]
    if peer is None:
        pytest.skip("no peer is named")
    place, name = peer["class"].rsplit(".", 1)
    theirs = getattr(pytest.importorskip(place) if not place.startswith("sklearn") else importlib.import_module(place), name)
    section = re.search(r"Attributes\n\s+-+\n(.*?)(\n\s+\w[\w ]+\n\s+---|\Z)", theirs.__doc__, re.S)
    documented = set(re.findall(r"^    (\w+_) ?:", section[1], re.M)) if section else set()
    ours = {told["name"].removesuffix("()") for told in cls._description["attributes"]}
    lacks = {word for told, _ in peer["lacks"] for word in told.split(", ")}
    assert documented or not peer["class"].startswith("sklearn")
    assert documented - EVERYWHERE - ours - lacks == set()
    assert not ours & lacks


def test_a_fit_is_measured_when_somebody_asks(rows, monkeypatch):
    estimator = PCA(n_components=2).fit(rows)
    assert estimator.space_._native.unmeasured
    assert pickle.loads(pickle.dumps(estimator)).measures_.keys() == {"explained_variance", "reconstruction_error"}
    assert estimator.space_._native.unmeasured, "a pickle measures nothing"
    twin = copy.deepcopy(estimator)
    assert "trustworthiness" in estimator.measures_ and not estimator.space_._native.unmeasured
    assert twin.measures_ == estimator.measures_
    again = pickle.loads(pickle.dumps(estimator))
    assert again.measures_ == estimator.measures_ and again.space_ == estimator.space_
    bare = pickle.loads(pickle.dumps(PCA(n_components=2).fit(rows))).space_
    assert bare.measure(rows)["trustworthiness"] == estimator.measures_["trustworthiness"]


def test_rows_that_change_after_the_fit_do_not_change_its_measures(cls, rows):
    array = np.ascontiguousarray(rows, dtype=np.float32)
    estimator, other = quick(cls).fit(array), quick(cls).fit(rows.copy())
    array[:] = 0
    assert estimator.measures_ == other.measures_


def test_what_a_fit_warns_of_is_a_warning():
    random = np.random.default_rng(0)
    parts = np.concatenate([random.normal(size=(40, 3)), random.normal(size=(40, 3)) + 100])
    with pytest.warns(LatentspaceWarning, match="has 2 connected components") as heard:
        latentspace.SpectralEmbedding(n_neighbors=5).fit(parts)
    assert heard[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PCA(n_components=2).fit(parts)


def test_a_saved_space_is_that_of_a_measured_one(rows, tmp_path):
    space = PCA(n_components=2).fit(rows).space_
    space.save(tmp_path / "s.latent")
    assert Space.open(tmp_path / "s.latent").measures.keys() >= {"trustworthiness", "continuity", "recall"}


@pytest.mark.parametrize("columns", [6, 100])
def test_part_after_part_agrees_with_a_fit_or_says_that_it_may_not(columns):
    rows = np.random.default_rng(7).normal(size=(1200, columns)) * np.linspace(3, 1, columns)
    parts = PCA(n_components=5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for part in np.array_split(rows, 4):
            parts.partial_fit(part)
    close(parts.transform(rows), PCA(n_components=5).fit_transform(rows), 1e-4)


def test_part_after_part_warns_where_a_fit_would_go_another_way():
    rows = np.random.default_rng(7).normal(size=(1200, 900))
    with pytest.warns(LatentspaceWarning, match="solver 'covariance'"):
        PCA(n_components=2).partial_fit(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = PCA(n_components=2, solver="covariance").partial_fit(rows)
    close(parts.transform(rows), PCA(n_components=2, solver="covariance").fit_transform(rows), 1e-3)


def test_support_vector_machines_separate_labels_as_scikit_learn_does():
    from sklearn.svm import SVC

    random = np.random.default_rng(2)
    rows = random.normal(size=(300, 4)) + np.repeat(np.eye(3, 4), 100, axis=0) * 1.5
    labels = np.repeat(["a", "b", "c"], 100)
    ours = latentspace.SVM(target="label", gamma=0.2).fit(rows, labels)
    theirs = SVC(gamma=0.2, tol=1e-6, decision_function_shape="ovo").fit(rows, labels)
    values = ours.transform(rows)
    assert list(ours.classes_) == ["a", "b", "c"] and values.shape == (300, 3)
    np.testing.assert_allclose(np.abs(values), np.abs(theirs.decision_function(rows)), atol=0.02)
    # Without labels: where the rows lie.
    assert (latentspace.SVM(nu=0.1).fit_transform(rows) < 0).mean() < 0.15
