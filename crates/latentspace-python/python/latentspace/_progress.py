"""Progress and notes for ``verbose``: an updating line in a terminal, a bar in a notebook, a line every 10 seconds elsewhere."""

from __future__ import annotations

import html
import sys
import time
import warnings
from contextlib import contextmanager
from typing import Any, Iterator

#: Seconds between two lines of plain output.
PLAIN_EVERY = 10.0


class Listener:
    """Receives notes, warnings and progress of a call, and prints plain lines."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._stage = ""
        self._begun = self._told = time.monotonic()

    def note(self, text: str) -> None:
        """Print a note."""
        print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Keep a warning; it becomes a Python warning after the call."""
        self.warnings.append(text)

    def progress(self, stage: str, done: int, total: int, name: str | None, loss: float | None) -> None:
        """Report that ``done`` of ``total`` steps of a stage are done."""
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
        """End the output of the call."""


class Silent(Listener):
    """Keeps warnings, and prints nothing."""

    def note(self, text: str) -> None:
        """Not shown."""

    def progress(self, stage: str, done: int, total: int, name: str | None, loss: float | None) -> None:
        """Not shown."""


class Terminal(Listener):
    """One updating line."""

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
    """A progress bar in the cell's output."""

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
    """Something limits a result, such as a disconnected neighbor graph; the message explains it."""


@contextmanager
def heard(verbose: Any) -> Iterator[Listener]:
    """A listener for a native call. Afterwards its warnings become Python warnings at the line that called this package."""
    ear = listener(verbose)
    try:
        yield ear
    finally:
        ear.close()
    for text in ear.warnings:
        warnings.warn(text, LatentspaceWarning, stacklevel=_level())


def _level() -> int:
    """The stack level of the code that called this package, directly or through scikit-learn."""
    inside, level, frame = ("latentspace", "sklearn", "contextlib"), 1, sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] in inside:
        frame, level = frame.f_back, level + 1
    return level


def listener(verbose: Any) -> Listener:
    """The listener for a call; it only keeps warnings if ``verbose`` is false."""
    if not verbose:
        return Silent()
    if notebook() is not None:
        from IPython.display import HTML, display

        return Notebook(display, HTML)
    return Terminal() if sys.stderr.isatty() else Listener()


def notebook() -> Any:
    """The notebook kernel that this runs in, or None. IPython is not imported for this."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)
