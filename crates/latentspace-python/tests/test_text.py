"""Lists of texts are rows, as everywhere else."""

import inspect
import json

import numpy as np
import pytest

import latentspace
import latentspace.shares

TOPICS = ["river stone water bank fish", "star planet orbit moon light", "bread butter oven flour salt"]
DOCUMENTS = [f"The {a} and the {b} of the {c}" for i in range(60) for w in [TOPICS[i % 3].split()] for a, b, c in [(w[i % 5], w[(i + 1) % 5], w[(i + 3) % 5])]]


def test_texts_are_rows_and_new_ones_are_counted_alike():
    pca = latentspace.PCA(2)
    codes = pca.fit_transform(DOCUMENTS)
    assert codes.shape == (60, 2) and np.isfinite(codes).all()
    told = json.loads(pca.space_._native.describe())
    assert told["kind"] == "text" and "the" not in told["names"] and "river" in told["names"]
    some = pca.transform(DOCUMENTS[:7])
    assert (pca.transform(np.array(DOCUMENTS[:7])) == some).all()
    assert (pca.transform(DOCUMENTS[3:4])[0] == some[3]).all()


def test_options_of_text_are_those_of_the_command_line():
    def names(**text):
        return json.loads(latentspace.PCA(1).fit(DOCUMENTS, text=text).space_._native.describe())["names"]

    assert "the" in names(stop_words="none", max_df=1.0)
    assert "the" not in names(stop_words=["the"], max_df=1.0)
    assert len(names(max_words=4)) == 4
    assert any(" " in name for name in names(ngrams=2))
    with pytest.raises(latentspace.ParamError, match="did you mean|there are"):
        latentspace.PCA(1).fit(DOCUMENTS, text={"mindf": 1})
    with pytest.raises(latentspace.ParamError):
        latentspace.PCA(1).fit(DOCUMENTS, text={"min_df": "x"})
    with pytest.raises(latentspace.ParamError):
        latentspace.PCA(1).fit(np.eye(5), text={"min_df": 1})
    with pytest.raises(latentspace.InputError, match="no word is left"):
        latentspace.PCA(1).fit(["the", "and", "of"])


def test_each_option_is_an_argument_with_its_doc_and_is_checked(tmp_path):
    options = json.loads(latentspace._native.options())
    for function in (latentspace.read, latentspace.shares.first):
        assert {option["name"] for option in options["preparation"]} <= set(inspect.signature(function).parameters)
    assert list(latentspace.TextOptions.__annotations__) == [option["name"] for option in options["text"]]
    file = tmp_path / "documents.txt"
    file.write_text("\n".join(DOCUMENTS))
    for option in options["text"]:
        assert f"``{option['name']}``: {option['doc'].split()[0]}" in latentspace.PCA.fit.__doc__
        if option["default"] is not None:
            latentspace.read(file, text={option["name"]: option["default"]})
        for text in ({option["name"]: {}}, {option["name"]: -1}):
            with pytest.raises(latentspace.ParamError, match=option["name"]):
                latentspace._native.Rows.text(DOCUMENTS, json.dumps(text))
    for option in options["preparation"]:
        with pytest.raises(latentspace.ParamError, match=f"{option['name']}: 'no such word' was given; it must be"):
            latentspace.read(file, **{option["name"]: "no such word"})
    with pytest.raises(latentspace.ParamError, match="ngrams: 4 was given; it must be a whole number from 1 to 3"):
        latentspace.PCA(1).fit(DOCUMENTS, text={"ngrams": 4})


def test_lists_of_words_are_documents():
    rows = [["c++", "new york"], ["经济", "发展", "2020"], []] * 20
    for given in (rows, [tuple(words) for words in rows], np.array([np.array(words, dtype=object) for words in rows] + [None], dtype=object)[:-1]):
        pca = latentspace.PCA(2).fit(given, text={"max_df": 1.0})
        assert json.loads(pca.space_._native.describe())["names"] == ["2020", "c++", "new york", "发展", "经济"]
        assert pca.transform([["c++", "new york"]]).shape == (1, 2)


def test_words_of_ones_own_are_left_out_beside_those_of_a_language():
    text = {"stop_words": "english", "extra_stop_words": ["river"], "max_df": 1.0}
    names = json.loads(latentspace.PCA(1).fit(DOCUMENTS, text=text).space_._native.describe())["names"]
    assert "the" not in names and "river" not in names and "water" in names
