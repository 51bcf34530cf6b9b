"""Progress and notes, where ``verbose`` asks for them: a line that moves in a terminal, a bar in a notebook, lines now and then elsewhere."""

from __future__ import annotations

import html
import sys
import time
import warnings
from contextlib import contextmanager
from typing import Any, Iterator

#: Seconds between two lines where nothing moves.
PLAIN_EVERY = 10.0


class Listener:
    """Hears a fit: lines, now and then."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._stage = ""
        self._begun = self._told = time.monotonic()

    def note(self, text: str) -> None:
        """Something that the user should know."""
        print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """The result is less than it seems, and why: a warning of Python, once the work is done."""
        self.warnings.append(text)

    def progress(self, stage: str, done: int, total: int, name: str | None, loss: float | None) -> None:
        """So many steps of a stage are done."""
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._begun, self._told = stage, now, now
        of = f"{done:,} of {total:,}" if total else f"{done:,}"
        more = "" if loss is None else f", {name} {loss:.4f}"
        elapsed = now - self._begun
        if 0 < done < total and elapsed > 0.5:
            more += f", {elapsed / done * (total - done):.0f} s left"
        self._show(f"{stage}: {of}{more}", done / total if total else 0.0, now)

    def _show(self, text: str, share: float, now: float) -> None:
        if now - self._told >= PLAIN_EVERY:
            self._told = now
            print(text, file=sys.stderr)

    def close(self) -> None:
        """The fit has ended."""


class Silent(Listener):
    """Hears warnings alone."""

    def note(self, text: str) -> None:
        """Not shown."""

    def progress(self, stage: str, done: int, total: int, name: str | None, loss: float | None) -> None:
        """Not shown."""


class Terminal(Listener):
    """One line that moves."""

    def note(self, text: str) -> None:
        self.close()
        super().note(text)

    def _show(self, text: str, share: float, now: float) -> None:
        filled = round(24 * share)
        sys.stderr.write(f"\r\x1b[2K{'━' * filled}{' ' * (24 - filled)} {text}")
        sys.stderr.flush()

    def close(self) -> None:
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()


class Notebook(Listener):
    """A bar in the cell's output."""

    def __init__(self, display: Any, HTML: Any) -> None:
        super().__init__()
        self._html = HTML
        self._handle = display(HTML(""), display_id=True)

    def _show(self, text: str, share: float, now: float) -> None:
        if self._handle is not None and (now - self._told >= 0.1 or share == 1.0):
            self._told = now
            bar = f'<progress max="1" value="{share:.4f}"></progress>'
            self._handle.update(self._html(f"{bar} <code>{html.escape(text)}</code>"))

    def close(self) -> None:
        if self._handle is not None:
            self._handle.update(self._html(""))


class LatentspaceWarning(UserWarning):
    """A result is less than it seems: the sentence says why."""


@contextmanager
def heard(verbose: Any) -> Iterator[Listener]:
    """Who hears a call of the native part; what that warned of are Python's warnings afterwards, at the line that called this package."""
    ear = listener(verbose)
    try:
        yield ear
    finally:
        ear.close()
    for text in ear.warnings:
        warnings.warn(text, LatentspaceWarning, stacklevel=_level())


def _level() -> int:
    """The frames from a warning to who called this package, perhaps through scikit-learn's tools."""
    inside, level, frame = ("latentspace", "sklearn", "contextlib"), 1, sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] in inside:
        frame, level = frame.f_back, level + 1
    return level


def listener(verbose: Any) -> Listener:
    """Who hears a call; warnings alone if ``verbose`` is false."""
    if not verbose:
        return Silent()
    if notebook() is not None:
        from IPython.display import HTML, display

        return Notebook(display, HTML)
    return Terminal() if sys.stderr.isatty() else Listener()


def notebook() -> Any:
    """The notebook's kernel that this runs in; None elsewhere. IPython is only asked where it is there already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)
