"""Progress and notes, where ``verbose`` asks for them: a line that moves in a terminal, a bar in a notebook, lines now and then elsewhere."""

from __future__ import annotations

import html
import sys
import time
from typing import Any

#: Seconds between two lines where nothing moves.
PLAIN_EVERY = 10.0


class Listener:
    """Hears a fit: lines, now and then."""

    def __init__(self) -> None:
        self._stage = ""
        self._begun = self._told = time.monotonic()

    def note(self, text: str) -> None:
        """Something that the user should know."""
        print(text, file=sys.stderr)

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


def listener(verbose: Any) -> Listener | None:
    """Who hears a fit; nobody if ``verbose`` is false."""
    if not verbose:
        return None
    if notebook() is not None:
        from IPython.display import HTML, display

        return Notebook(display, HTML)
    return Terminal() if sys.stderr.isatty() else Listener()


def notebook() -> Any:
    """The notebook's kernel that this runs in; None elsewhere. IPython is only asked where it is there already."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None)
