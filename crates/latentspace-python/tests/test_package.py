"""The package itself: how it starts, how it is interrupted, what it shows, what it tells type checkers."""

from __future__ import annotations

import _thread
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import latentspace
import numpy as np
import pytest
from conftest import CLASSES, ROOT, quick, renew
from generated import PACKAGE, modules, peers


def test_what_is_generated_is_fresh():
    for name, text in modules().items():
        renew(PACKAGE / name, text)
    path = ROOT / "docs/python.md"
    before, _, after = path.read_text(encoding="utf-8").split("<!-- attributes -->\n")
    renew(path, f"{before}<!-- attributes -->\n{peers()}<!-- attributes -->\n{after}")


#: What the package stands on, imported before it is timed.
FIRST = "import sys, time, sklearn.base, scipy.sparse, numpy, narwhals.stable.v2, joblib\n"


def test_it_starts_fast():
    script = FIRST + "begun = time.perf_counter(); from latentspace import PCA, Space, explore; print(time.perf_counter() - begun)"
    seconds = min(float(subprocess.check_output([sys.executable, "-c", script])) for _ in range(3))
    assert seconds < 0.15, f"{seconds:.3f} s"


@pytest.mark.parametrize("program", [[str(Path(sys.executable).parent / "latent")], [sys.executable, "-m", "latentspace"]])
def test_the_command_comes_with_the_package(program, tmp_path):
    told = subprocess.run([*program, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout == f"latent {latentspace.__version__}\n"
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(2000, 10)))
    wrong = subprocess.run([*program, "fit", "pca", "none.npy", "-o", "s.latent"], cwd=tmp_path, capture_output=True, text=True)
    assert wrong.returncode == 2 and "none.npy" in wrong.stderr
    fit = subprocess.Popen([*program, "fit", type(long_fit()[0])._description["name"], "X.npy", "-o", "s.latent", "--n-iter", "100000", "--quiet"], cwd=tmp_path)
    time.sleep(1.5)
    fit.send_signal(signal.SIGINT)
    assert fit.wait(timeout=10) == 130
    assert not (tmp_path / "s.latent").exists()


def test_the_command_starts_without_numpy_and_scikit_learn():
    script = "import sys, latentspace.__main__; print(*{m.split('.')[0] for m in sys.modules})"
    told = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert "latentspace" in told and not {"numpy", "scipy", "sklearn", "narwhals", "joblib"} & {*told}


def test_names_are_found_when_they_are_asked_for():
    assert {"PCA", "Space", "explore", "METHODS"} <= {*dir(latentspace)} and {*latentspace.__all__} <= {*dir(latentspace)}
    assert all(getattr(latentspace, name) is getattr(latentspace, name) for name in latentspace.__all__)
    with pytest.raises(AttributeError, match="no attribute 'PCB'"):
        latentspace.PCB  # noqa: B018


def test_nothing_else_is_imported():
    script = FIRST + "before = {*sys.modules}; from latentspace import PCA, Space, explore; print(*{m.split('.')[0] for m in {*sys.modules} - before})"
    added = subprocess.check_output([sys.executable, "-c", script], text=True).split()
    assert not {"pandas", "polars", "pyarrow", "anywidget", "IPython", "traitlets"} & {*added}, added


def long_fit():
    """An estimator and rows that take minutes: of a map, which does all iterations, converged or not."""
    maps = (cls for cls in CLASSES if "start" in cls._description["given"])
    cls = next(cls for cls in maps if any(p["name"] == "n_iter" for p in cls._description["parameters"]))
    return cls(n_iter=100_000), np.random.default_rng(0).normal(size=(2000, 10))


def test_an_interrupt_stops_a_fit_within_a_second():
    estimator, rows = long_fit()
    sent = []

    def interrupt():
        sent.append(time.monotonic())
        _thread.interrupt_main()

    # A shell starts jobs in the background with interrupts ignored, and Python leaves that as it is.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(1.0, interrupt).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            estimator.fit(rows)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - sent[0] < 1.0
    assert not hasattr(estimator, "space_")


def test_other_threads_run_meanwhile():
    estimator, rows = long_fit()
    estimator.set_params(n_iter=300, n_jobs=1)
    count = 0
    fit = threading.Thread(target=estimator.fit, args=(rows,))
    begun = time.monotonic()
    fit.start()
    while fit.is_alive():
        count += 1
        time.sleep(0.001)
    assert count > 50 * (time.monotonic() - begun)


def test_verbose_tells_what_is_done(cls, rows, capsys):
    quick(cls, verbose=True).fit(rows)
    assert "columns are taken as they are" in capsys.readouterr().err
    quick(cls).fit(rows)
    assert capsys.readouterr().err == ""


def test_a_listener_that_fails_ends_the_fit(monkeypatch):
    from latentspace import _progress

    class Broken:
        warnings: list[str] = []

        def note(self, *_):
            raise LookupError("broken")

        progress = warn = note

        def close(self):
            pass

    monkeypatch.setattr(_progress, "listener", lambda verbose: Broken())
    estimator, rows = long_fit()
    with pytest.raises(LookupError):
        estimator.fit(rows)


def test_progress_in_a_terminal_and_in_a_notebook(capsys):
    from latentspace._progress import Notebook, Terminal

    shown = []

    class Handle:
        def update(self, text):
            shown.append(text)

    notebook = Notebook(lambda *_, **__: Handle(), str)
    notebook.progress("t-SNE", 100, 100, "kl", 1.5)
    notebook.close()
    assert "<progress" in shown[0] and "kl 1.5" in shown[0] and shown[-1] == ""
    terminal = Terminal()
    terminal.progress("t-SNE", 50, 100, None, None)
    terminal.close()
    assert "━" in capsys.readouterr().err


def test_errors_are_of_pythons_kinds():
    assert issubclass(latentspace.ParamError, ValueError) and issubclass(latentspace.InputError, ValueError)
    assert latentspace.__version__.count(".") == 2


@pytest.mark.parametrize("name", ["docs/python.md", "README.md"])
def test_the_documents_run(name, tmp_path, monkeypatch):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda url: None)
    # Nobody is there to close the page that a script waits for.
    monkeypatch.setattr(latentspace.Explorer, "wait", latentspace.Explorer.close)
    rows = np.random.default_rng(0).normal(size=(200, 6))
    next(cls for cls in CLASSES if cls._description["decodes"])(n_components=4).fit(rows).space_.save("s.latent")
    known = {"X": rows, "y": np.arange(200) % 3, "new": rows[:5], "make_pipeline": make_pipeline, "StandardScaler": StandardScaler}
    blocks = (ROOT / name).read_text(encoding="utf-8").split("```python\n")[1:]
    assert blocks
    for block in blocks:
        exec(block.split("```")[0], known)
    known["page"].close()
