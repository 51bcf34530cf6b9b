"""What can be asked of rows and codes without a space: the figures of the command line."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import time

import latentspace
import numpy as np
import pytest
from conftest import CLASSES, quick
from latentspace import PCA, InputError, ParamError, compare, dimension, export, neighbors, stability
from latentspace._native import has_page

MAPS = next(cls for cls in CLASSES if "start" in cls._description["given"])


def latent(*args, cwd):
    told = subprocess.run(
        [sys.executable, "-m", "latentspace", *map(str, args), "--json"], cwd=cwd, check=True, capture_output=True, text=True
    )
    return json.loads(told.stdout)


@pytest.mark.parametrize("module", ["_analysis"])
def test_the_examples_run(module):
    __import__(f"latentspace.{module}")
    found = doctest.testmod(sys.modules[f"latentspace.{module}"])
    assert found.failed == 0 and found.attempted > 5


def test_the_dimension_of_rows(tmp_path):
    rows = np.random.default_rng(0).normal(size=(500, 3)) @ np.random.default_rng(1).normal(size=(3, 8))
    np.save(tmp_path / "X.npy", rows)
    told = latent("dimension", "X.npy", cwd=tmp_path)
    for name, figure in dimension(rows).items():
        assert (figure.value, figure.low, figure.high, figure.null) == (told[name]["value"], told[name]["low"], told[name]["high"], None)
    assert dimension(rows, n_neighbors=20) != dimension(rows)
    with pytest.raises(InputError, match="row 0, column 0: a cell is missing"):
        dimension(np.where(rows == rows[0, 0], np.nan, rows))


def test_what_two_maps_share(tmp_path, rows):
    one, other = quick(MAPS, random_state=0).fit(rows), quick(MAPS, random_state=1).fit(rows)
    np.save(tmp_path / "a.npy", one.embedding_)
    np.save(tmp_path / "b.npy", other.embedding_)
    told = latent("compare", "a.npy", "b.npy", cwd=tmp_path)
    found = compare(one, other)
    assert found == compare(one.space_, other.embedding_) and "cka" in found
    for name, figure in found.items():
        assert (figure.value, figure.null) == (told[name]["value"], told[name]["null"])
    with pytest.raises(InputError, match="second: 59 rows; first has 60"):
        compare(one, other.embedding_[:-1])
    with pytest.raises(InputError, match="second: 59 rows were given; first has 60"):
        compare(one.embedding_, other.embedding_[:-1])
    with pytest.raises(InputError, match="first: this space keeps no rows"):
        compare(quick(next(cls for cls in CLASSES if cls._description["folds"])).fit(rows), other)


def test_how_much_of_a_map_is_there_again(tmp_path, rows):
    np.save(tmp_path / "X.npy", rows)
    told = latent(
        "stability",
        MAPS._description["name"],
        "X.npy",
        "--runs",
        2,
        "--seed",
        3,
        "--perplexity",
        2,
        "--n-iter",
        60,
        "--n-iter-early",
        60,
        cwd=tmp_path,
    )
    found = stability(quick(MAPS, random_state=3), rows, runs=2)
    assert len(found) == 2
    for name, figure in found.items():
        assert figure.value == told[name]["value"]
    with pytest.raises(ParamError):
        stability(quick(MAPS, n_components=0), rows)


def test_the_nearest_rows(rows):
    apart = np.linalg.norm(rows[:, None].astype(float) - rows[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    indices, distances = neighbors(rows, [3, 7], k=4)
    np.testing.assert_array_equal(indices, np.argsort(apart[[3, 7]], axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(apart[[3, 7]], axis=1)[:, :4], rtol=1e-5)
    assert neighbors(rows, 3, k=4)[0].tolist() == [indices[0].tolist()]
    found, far = neighbors(rows, rows[[3]] + 0.001, k=1)
    assert found.tolist() == [[3]] and far[0, 0] < 0.01
    assert neighbors(rows, 0, k=2, metric="cosine")[0].shape == (1, 2)
    # Of copies each is found but the row itself.
    copies = np.ones((4, 2), dtype=np.float32)
    assert sorted(neighbors(copies, 3, k=3)[0][0].tolist()) == [0, 1, 2]
    for queries, words in ((60, "whole numbers from 0 to 59"), (-1, "whole numbers"), (0.5, "whole numbers")):
        with pytest.raises(ParamError, match=words):
            neighbors(rows, queries)
    with pytest.raises(ParamError, match="metric"):
        neighbors(rows, 0, metric="far")
    assert latentspace.neighbors is neighbors


@pytest.fixture
def table(tmp_path):
    random = np.random.default_rng(4)
    x = random.normal(size=(90, 2)) @ random.normal(size=(2, 5)) + 0.1 * random.normal(size=(90, 5))
    kinds = np.where(x[:, 0] > 0, "up", "down")
    lines = ["id,a,b,c,d,e,kind", *(",".join([f"r{i}", *(f"{v:.6f}" for v in row), kinds[i]]) for i, row in enumerate(x))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return x.astype(np.float32)


def test_data_are_described_and_planned_as_by_the_commands(tmp_path, table):
    told = latent("describe", "t.csv", cwd=tmp_path)
    found = latentspace.describe(tmp_path / "t.csv")
    assert found == told and found["rows"] == 90 and found["metadata"][-1]["name"] == "kind"
    assert "<table>" in found._repr_html_() and "kind" in found._repr_html_()
    assert latentspace.describe(table)["columns"] == 5
    assert latentspace.describe(["a text", "a text"])["duplicate_rows"] == 1
    told = latent("fit", "pca", "t.csv", "--plan", cwd=tmp_path)
    found = latentspace.plan(latentspace.PCA(), tmp_path / "t.csv")
    same = ("rows", "columns", "algorithm", "peak_bytes", "measured")
    assert [found[name] for name in same] == [told[name] for name in same] and found["seconds"] > 0
    assert latentspace.plan(latentspace.PCA(2), np.zeros((7, 3)), measures=False)["measured"] is False


def test_a_file_is_fitted_within_a_limit_and_resumed(tmp_path, table):
    subprocess.run([sys.executable, "-m", "latentspace", "fit", "pca", "t.csv", "-o", "t.latent", "--quiet"], cwd=tmp_path, check=True)
    space = latentspace.fit(latentspace.PCA(), tmp_path / "t.csv", tmp_path / "u.latent", resume=True)
    assert (tmp_path / "u.latent").read_bytes() == (tmp_path / "t.latent").read_bytes() == space.to_bytes()
    assert space.report["rows"] == 90 and not (tmp_path / "u.latent.checkpoint").exists()
    with pytest.raises(ParamError, match="resume"):
        latentspace.fit(latentspace.PCA(), table, resume=True)
    rows = np.random.default_rng(0).normal(size=(3000, 40)).astype(np.float32)
    for refused in (
        lambda: latentspace.fit(quick(MAPS, max_memory="1M"), rows),
        lambda: quick(MAPS, max_memory=2**20).fit(rows),
        lambda: latentspace.stability(quick(MAPS, max_memory="1M"), rows),
    ):
        with pytest.raises(MemoryError, match="MiB"):
            refused()
    with pytest.raises(ParamError, match="max_memory: 'much'"):
        quick(MAPS, max_memory="much").fit(table)
    with pytest.raises(ParamError, match="max_memory: -1"):
        quick(MAPS, max_memory=-1).fit(table)
    one, other = quick(MAPS), quick(MAPS)
    np.testing.assert_array_equal(one.fit_transform(table, checkpoint=tmp_path / "kept"), other.fit_transform(table))
    assert not (tmp_path / "kept.checkpoint").exists()


def test_the_number_of_dimensions_is_chosen_as_by_the_command(tmp_path, table):
    told = latent("sweep", "pca", "t.csv", "--dims", "1,2,4", cwd=tmp_path)
    found = latentspace.sweep(latentspace.PCA(3), tmp_path / "t.csv", [4, 1, 2])
    assert found["recommended"] == told["recommended"] and found["low"] <= found["recommended"] <= found["high"]
    assert [point["held_out"] for point in found["dims"]] == [point["held_out"] for point in told["dims"]]
    assert [point["dims"] for point in found["dims"]] == [1, 2, 4] and "<table>" in found._repr_html_()


def test_a_space_explains_itself(tmp_path, table):
    subprocess.run([sys.executable, "-m", "latentspace", "fit", "pca", "t.csv", "-o", "t.latent", "--dims", "2", "--quiet"], cwd=tmp_path, check=True)
    space = latentspace.Space.open(tmp_path / "t.latent")
    assert space.can == ["axes", "sampler"]
    told = latent("explain", "t.latent", "--against", "t.csv", cwd=tmp_path)
    found = latentspace.explain(space, tmp_path / "t.csv")
    assert found == told and [dimension["component"] for dimension in found] == [0, 1]
    first = found[0]
    assert {weight["column"] for weight in first["loadings"]} == set("abcde") and 0.5 < first["share"] < 1.0
    assert [found["column"] for found in first["metadata"]] == ["kind"] and min(each["metadata"][0]["p"] for each in found) < 0.05
    assert first["low"][0]["value"] < 0 < first["high"][0]["value"] and first["low"][0]["id"].startswith("r")
    assert "<table>" in found._repr_html_()
    assert space.axes.shape == (2, 5) and space.axis_columns == list("abcde")
    np.testing.assert_allclose(np.linalg.norm(space.axes, axis=1), 1, rtol=1e-5)
    subprocess.run([sys.executable, "-m", "latentspace", "export", "t.latent", "--part", "axes", "--to", "csv", "-o", "axes.csv"], cwd=tmp_path, check=True)
    assert (tmp_path / "axes.csv").read_text().splitlines()[0] == "a,b,c,d,e"
    np.testing.assert_allclose(np.loadtxt(tmp_path / "axes.csv", delimiter=",", skiprows=1), space.axes, rtol=1e-6)
    made = space.generate(500)
    assert made.shape == (500, 5) and np.array_equal(space.generate(3), made[:3])
    assert abs(np.corrcoef(made.T)[0, 1] - np.corrcoef(table.T)[0, 1]) < 0.15
    fitted = quick(MAPS).fit(table)
    explained = latentspace.explain(fitted)
    assert "mean nothing by themselves" in explained[0]["warnings"][0] and len(explained[0]["low"]) == 5
    assert fitted.space_.axes is None
    with pytest.raises(AttributeError, match="learns no distribution"):
        fitted.space_.generate(2)
    with pytest.raises(InputError, match="codes: ndarray"):
        latentspace.explain(table)


def test_rows_are_explained_as_by_the_command(tmp_path, table):
    mask = table[:, 0] > np.quantile(table[:, 0], 0.8)
    rows = np.flatnonzero(mask)
    (tmp_path / "rows.txt").write_text("".join(f"{row}\n" for row in rows))
    told = latent("explain", "t.csv", "--rows", "rows.txt", cwd=tmp_path)
    found = latentspace.explain(tmp_path / "t.csv", rows=mask)
    assert found == told == latentspace.explain(tmp_path / "t.csv", rows=rows.tolist()) == latentspace.explain(tmp_path / "t.csv", rows=tmp_path / "rows.txt")
    first = found["findings"][0]
    assert first["column"] == "a" and first["effect"] == 1.0 and first["p"] < 1e-6
    np.testing.assert_allclose(first["inside"]["mean"], table[mask, 0].mean(), rtol=1e-5)
    np.testing.assert_allclose(first["outside"]["quartiles"], np.quantile(table[~mask, 0], [0.25, 0.5, 0.75]), rtol=1e-5)
    # Against other rows, and of a space that keeps its rows.
    between = latentspace.explain(table, rows=rows, other_rows=np.flatnonzero(~mask)[:30])
    assert between["against"] == 30 and between["findings"][0]["column"] == "1"
    fitted = quick(MAPS).fit(table)
    assert latentspace.explain(fitted, rows=rows)["findings"][0]["effect"] == 1.0
    with pytest.raises(InputError, match="rows: an array of shape"):
        latentspace.explain(table, rows=[])
    with pytest.raises(InputError, match="rows are numbers from 0"):
        latentspace.explain(table, rows=[10**6])


def test_codes_are_measured_as_by_the_command(tmp_path, table):
    codes = latentspace.PCA(2).fit_transform(table)
    np.save(tmp_path / "x.npy", table)
    np.save(tmp_path / "z.npy", codes)
    told = latent("measure", "z.npy", "--against", "x.npy", cwd=tmp_path)
    for found in (latentspace.measure(codes, table), latentspace.measure(codes, tmp_path / "x.npy", sample="all")):
        assert {name: tuple(figure)[:3] for name, figure in found.items()} == {
            name: (told[name]["value"], told[name]["low"], told[name]["high"]) for name in found
        }
        assert len(found) == 4 and found.sentences and "<table>" in found._repr_html_()
    space = latentspace.PCA(2).fit(table)
    assert set(latentspace.measure(space, table)) <= set(space.measures_)
    texts = [" ".join(["star planet"] * 9 if i % 2 else ["cell gene"] * 9) for i in range(40)]
    topics = latentspace.LatentDirichletAllocation(2, random_state=0).fit(texts)
    scored = latentspace.measure(topics, texts, particles=5)
    assert {"coherence_c_v", "left_to_right", "log_likelihood_per_word"} <= set(scored) and len(scored.report["topics"]) == 2
    both = latentspace.compare(topics.space_, topics.space_)
    assert both.report["topics"]["shared"]["value"] == 1.0 and both.report["sentences"]


def test_the_explorer_learns_from_the_numbers_that_an_estimator_does(table):
    frame = pytest.importorskip("pandas").DataFrame(table * [1, 100, 1, 1, 1], columns=list("abcde"))
    with latentspace.explore(frame, open=False) as plain, latentspace.explore(frame, scale="standard", open=False) as scaled:
        for page in (plain, scaled):
            while page.state["phase"] not in ("done", "failed"):
                time.sleep(0.05)
        assert not any("standardized" in warning for warning in plain.state["preparation"])
        assert any("standardized" in warning for warning in scaled.state["preparation"])


def test_what_is_exported(tmp_path, rows):
    space = PCA(2).fit(rows).space_
    for to in ("csv", "npy", "parquet"):
        export(space.encode(rows), tmp_path / f"z.{to}", to=to, ids=[f"r{i}" for i in range(len(rows))], labels={"kind": range(len(rows))})
    assert (tmp_path / "z.csv").read_text().splitlines()[0] == "z0,z1,id,kind"
    np.testing.assert_array_equal(np.load(tmp_path / "z.npy"), space.encode(rows))
    found = export(space, tmp_path / "axes.csv", to="csv", part="axes")
    assert (found["rows"], found["columns"], found["files"]) == (2, rows.shape[1], [str(tmp_path / "axes.csv")])
    assert len((tmp_path / "axes.csv").read_text().splitlines()) == 3
    space.save(tmp_path / "s.latent")
    assert latent("export", "s.latent", "--to", "csv", "--part", "axes", "-o", "a.csv", cwd=tmp_path)["columns"] == rows.shape[1]
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "axes.csv").read_bytes()
    found = export(space.encode(rows), tmp_path / "folder", to="projector", ids=list(range(len(rows))))
    assert [name.rsplit("/", 1)[1] for name in found["files"]] == ["vectors.tsv", "metadata.tsv"]
    if has_page():
        found = export(space.encode(rows), tmp_path / "map.html", to="html", ids=[f"r{i}" for i in range(len(rows))])
        assert found["rows"] == len(rows) and '"map":"' in (tmp_path / "map.html").read_text()


def test_what_cannot_be_exported(tmp_path, rows):
    space, path = PCA(2).fit(rows).space_, tmp_path / "z.csv"
    with pytest.raises(ParamError, match="to: 'excel' was given; it is one of parquet, npy"):
        export(rows, path, to="excel")
    with pytest.raises(ParamError, match="path: .* was given; its name must end in one of .npy"):
        export(rows, path, to="npy")
    with pytest.raises(ParamError, match="part: 'rows' was given; it is one of codes, axes"):
        export(space, path, to="csv", part="rows")
    with pytest.raises(ParamError, match="part: 'axes' was given; the array holds codes; a space has axes"):
        export(rows, path, to="csv", part="axes")
    with pytest.raises(InputError, match="this space keeps no rows"):
        export(space, tmp_path / "z.html", to="html")
    with pytest.raises(InputError, match="this space keeps no rows"):
        export(space, path, to="csv")
    with pytest.raises(ParamError, match="labels: 3 cells of 'id' was given; there are 60 rows"):
        export(rows, path, to="csv", ids=["a", "b", "c"])
    with pytest.raises(InputError, match="ids: some were given with a space"):
        export(space, path, to="csv", part="axes", ids=["a"])
    assert not list(tmp_path.iterdir())
