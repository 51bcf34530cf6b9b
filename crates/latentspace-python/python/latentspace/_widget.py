"""The explorer's page as a widget in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

if TYPE_CHECKING:
    from ._explore import Explorer

#: The widget only embeds the page. The selection is exchanged through the page's server.
ESM = """
export default {
  render({ model, el }) {
    const page = document.createElement("iframe");
    page.src = model.get("url");
    page.title = "latentspace";
    page.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 0`;
    el.append(page);
  },
};
"""


class PageWidget(anywidget.AnyWidget):
    """The page and its selection."""

    _esm = ESM
    url = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(720).tag(sync=True)
    #: Rows, counted from 0, ascending.
    selection = traitlets.List(traitlets.Int())


def widget(explorer: Explorer, height: int) -> Any:
    """The widget of an explorer."""
    page = PageWidget(url=explorer.url, height=height, selection=explorer.selection.tolist())

    def heard(rows: Any) -> None:
        page.selection = rows.tolist()

    def assigned(change: Any) -> None:
        if change["new"] != explorer.selection.tolist():
            explorer.selection = change["new"]

    explorer.observe(heard)
    page.observe(assigned, names="selection")
    return page
