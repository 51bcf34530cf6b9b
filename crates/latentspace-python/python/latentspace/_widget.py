"""The explorer's page as a widget in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from ._explore import OBSERVED, as_plain

if TYPE_CHECKING:
    from ._explore import Explorer

#: The widget only embeds the page; what it shares is exchanged through the page's server. Where that does not answer, in an exported notebook,
#: the last picture stands in its place.
ESM = """
export default {
  render({ model, el }) {
    const page = document.createElement("iframe");
    page.src = model.get("url");
    page.title = "latentspace";
    page.style.cssText = `width: 100%; height: ${model.get("height")}px; border: 0`;
    el.append(page);
    fetch(model.get("url"), { mode: "no-cors" }).catch(() => {
      const source = model.get("picture");
      if (!source) return;
      const picture = document.createElement("img");
      picture.src = source;
      picture.alt = "The map as the page last showed it";
      picture.style.cssText = "max-width: 100%";
      page.replaceWith(picture);
    });
  },
};
"""


class PageWidget(anywidget.AnyWidget):
    """The page and what it shares."""

    _esm = ESM
    url = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(720).tag(sync=True)
    #: Rows, counted from 0, ascending.
    selection = traitlets.List(traitlets.Int())
    #: What the page shows, by the names in its address.
    view = traitlets.Dict()
    #: The column of the colors.
    color = traitlets.Unicode(None, allow_none=True)
    #: Rows by the name of the set.
    sets = traitlets.Dict()
    #: The map as an image in an address.
    picture = traitlets.Unicode(None, allow_none=True).tag(sync=True)


def widget(explorer: Explorer, height: int) -> Any:
    """The widget of an explorer."""
    page = PageWidget(url=explorer.url, height=height, **{name: as_plain(getattr(explorer, name)) for name in OBSERVED})

    def heard(name: str) -> Any:
        return lambda value: setattr(page, name, as_plain(value))

    def assigned(change: Any) -> None:
        if change["new"] != as_plain(getattr(explorer, change["name"])):
            setattr(explorer, change["name"], change["new"])

    for name in OBSERVED:
        explorer.observe(heard(name), name)
    page.observe(assigned, names=[name for name in OBSERVED if name != "picture"])
    return page
