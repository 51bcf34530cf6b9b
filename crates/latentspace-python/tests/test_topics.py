"""What `latent export --to pyldavis` writes, taken by pyLDAvis itself: its ranks and places are those of our page."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pyLDAvis
import pytest
import scipy.sparse
from latentspace import LatentDirichletAllocation

LATENT = Path(__file__).resolve().parents[3] / "target/release/latent"


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("topics")
    random = np.random.default_rng(3)
    topics = random.dirichlet(np.full(300, 0.05), 5)
    shares = random.dirichlet(np.full(5, 0.3), 400)
    words = [f"word{at:03}" for at in range(300)]
    lines = (" ".join(words[w] for w in random.choice(300, 60, p=share @ topics)) for share in shares)
    (folder / "docs.txt").write_text("\n".join(lines) + "\n")
    run = lambda *args: subprocess.run([LATENT, *args, "--quiet"], check=True, capture_output=True, cwd=folder)
    run("fit", "lda", "docs.txt", "-o", "t.latent", "--n-components", "5", "--n-iter", "60")
    run("export", "t.latent", "--to", "pyldavis", "-o", "t.json")
    told = run("explain", "t.latent", "--words", "30", "--json")
    return json.loads((folder / "t.json").read_text()), json.loads(told.stdout)


def test_relevance_ranks_agree_with_pyldavis(kept):
    model, explained = kept
    prepared = pyLDAvis.prepare(**model, R=30, lambda_step=0.2, sort_topics=False, n_jobs=1)
    phi, vocab = np.array(model["topic_term_dists"]), model["vocab"]
    shares = np.array(model["doc_topic_dists"]).T @ np.array(model["doc_lengths"])
    frequency = phi.T @ (shares / shares.sum())
    for topic in explained:
        at = topic["topic"]
        theirs = prepared.topic_info[prepared.topic_info.Category == f"Topic{at + 1}"].set_index("Term")
        # Its logarithms are those of which relevance is made.
        relevance = 0.6 * theirs.logprob + 0.4 * theirs.loglift
        ranked = list(relevance.sort_values(ascending=False).index[:30])
        ours = [word["word"] for word in topic["relevance"]]
        value = {word["word"]: word["value"] for word in topic["relevance"]}
        assert len(set(ranked) & set(ours)) >= 29
        for word in set(ranked) & set(ours):
            assert abs(value[word] - relevance[word]) < 2e-3
            assert abs(theirs.loglift[word] - np.log(phi[at, vocab.index(word)] / frequency[vocab.index(word)])) < 2e-3


def test_places_agree_with_pyldavis_up_to_sign(kept):
    model, explained = kept
    prepared = pyLDAvis.prepare(**model, R=10, lambda_step=0.5, sort_topics=False, n_jobs=1)
    theirs = prepared.topic_coordinates.sort_index()[["x", "y"]].to_numpy()
    ours = np.array([[topic["x"], topic["y"]] for topic in explained])
    for axis in range(2):
        assert min(np.abs(ours[:, axis] - theirs[:, axis]).max(), np.abs(ours[:, axis] + theirs[:, axis]).max()) < 1e-4


def test_python_learns_topics_of_counts_and_texts():
    random = np.random.default_rng(0)
    topics = random.dirichlet(np.full(40, 0.1), 3)
    counts = np.array([random.multinomial(60, topics[at % 3]) for at in range(150)], dtype=np.float32)
    model = LatentDirichletAllocation(n_components=3, n_iter=50, random_state=1)
    shares = model.fit_transform(counts)
    assert shares.shape == (150, 3) and np.allclose(shares.sum(1), 1, atol=1e-4)
    assert (model.transform(counts[:5]) == shares[:5]).all()
    assert (model.fit_transform(scipy.sparse.csr_matrix(counts)) == shares).all()
    texts = [" ".join(f"word{w:02}" for w, n in enumerate(row) for _ in range(int(n))) for row in counts]
    assert model.fit_transform(texts).shape == (150, 3)
    with pytest.raises(ValueError, match="0 or more"):
        model.fit(-counts[:, :5])
