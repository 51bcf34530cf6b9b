"""The explorer from Python: the page, its answers, and what is selected."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
import urllib.error
import urllib.request

import latentspace
import numpy as np
import pandas as pd
import pytest
from latentspace import explore


def ask(page: latentspace.Explorer, path: str, body: object = None, **headers: str):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(page.url + path, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers, answer.read()


def done(page: latentspace.Explorer) -> dict:
    for _ in range(600):
        if page.state["phase"] in ("done", "failed"):
            break
        time.sleep(0.05)
    assert page.state["phase"] == "done", page.state
    return page.state


@pytest.fixture
def page(rows):
    labels = {"group": np.repeat(["a", "b", "c"], 20), "size": np.arange(60) / 7, "name": [None, *map(str, range(59))]}
    codes = np.ascontiguousarray(rows[:, :2])
    with explore(rows, labels, codes=codes, open=False) as page:
        yield page


def test_the_page_is_served_and_knows_rows_and_labels(page):
    headers, body = ask(page, "")
    assert b"<title>" in body
    assert "frame-ancestors 'self' http://localhost:*" in headers["Content-Security-Policy"]
    state = done(page)
    assert (state["rows"], state["columns"]) == (60, 6)
    assert [(field["name"], field["type"]) for field in state["fields"]] == [("group", "category"), ("size", "number"), ("name", "text")]
    assert state["measures"]["trustworthiness"]["value"] > 0.5


def test_what_the_page_selects_python_reads_and_the_other_way_round(page):
    assert page.selection.tolist() == []
    done(page)
    _, body = ask(page, "api/selection", {"rows": [7, 3, 7]})
    assert page.selection.tolist() == [3, 7]
    version = json.loads(body)["version"]
    page.selection = np.arange(60) < 2
    told = json.loads(ask(page, "api/selection")[1])
    assert told == {"version": version + 1, "rows": [0, 1]}
    for bad in ([60], [-1], ["a"], [0.5]):
        with pytest.raises(latentspace.ParamError):
            page.selection = bad
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(page, "api/selection", {"rows": [60]})
    assert page.selection.tolist() == [0, 1]


def test_open_pages_hear_of_a_selection(page):
    done(page)
    with urllib.request.urlopen(page.url + "api/events", timeout=10) as events:
        page.selection = [5]
        for line in events:
            if line.strip() == b"event: selection":
                break
        assert json.loads(next(events).removeprefix(b"data:")) == {"version": 1}


def test_foreign_pages_are_refused(page):
    for headers in ({"Host": "evil.example"}, {"Origin": "http://localhost:8888"}, {"Sec-Fetch-Site": "cross-site"}):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(page, "api/selection", {"rows": [1]}, **headers)
    assert page.selection.tolist() == []


def test_a_map_is_made_of_a_frame_whose_texts_ride_along(rows):
    table = pd.DataFrame(rows, columns=list("abcdef")).assign(kind=np.repeat(["x", "y"], 30))
    with explore(table, pd.Series(range(60), name="number"), open=False, random_state=1) as page:
        state = done(page)
    assert state["column_names"] == list("abcdef") and state["seed"] == 1
    assert [field["name"] for field in state["fields"]] == ["kind", "number"]


def test_pictures_are_pictures():
    pictures = np.random.default_rng(0).integers(0, 255, size=(40, 5, 4), dtype=np.uint8)
    with explore(pictures, open=False) as page:
        assert done(page)["picture"] == {"width": 4, "height": 5, "pixelated": True}


def test_wrong_calls_are_refused(rows):
    with pytest.raises(latentspace.ParamError, match="cells of 'label'"):
        explore(rows, labels=[1, 2], open=False)
    with pytest.raises(latentspace.ParamError, match="did you mean"):
        explore(rows, method=latentspace.METHODS[0]["name"] + "x", open=False)


def test_it_closes(rows):
    page = explore(rows, open=False)
    done(page)
    page.close()
    page.close()
    assert "closed" in repr(page)
    with pytest.raises(urllib.error.URLError):
        ask(page, "")
    page.wait()


def test_a_forked_process_leaves_the_page_alone(page):
    done(page)
    child = os.fork()
    if child == 0:
        # What hangs is ended.
        signal.alarm(20)
        page.close()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert b"<title>" in ask(page, "")[1]


def test_what_the_page_shows_python_reads_and_the_other_way_round(page):
    done(page)
    assert (page.view, page.color, page.sets, page.picture) == ({}, None, {}, None)
    ask(page, "api/view", {"place": "by=size&only=group%3A1&only=size%3A1_2", "sets": {"odd ones": [5, 1]}})
    assert page.view == {"by": "size", "only": ["group:1", "size:1_2"]}
    assert (page.color, page.sets["odd ones"].tolist()) == ("size", [1, 5])
    page.color = "group"
    page.sets = {**page.sets, "mask": np.arange(60) < 2}
    told = json.loads(ask(page, "api/view")[1])
    assert told["place"] == "by=group&only=group%3A1&only=size%3A1_2"
    assert told["sets"] == {"mask": [0, 1], "odd ones": [1, 5]}
    for bad in ({"x": [60]}, {"x": [-1]}, {"x": ["a"]}):
        with pytest.raises(latentspace.ParamError, match="x"):
            page.sets = bad
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(page, "api/view", {"sets": {"x": [60]}})
    with pytest.raises(latentspace.ParamError, match="selection, view"):
        page.observe(print, "colour")


def test_a_widget_follows_the_view_and_keeps_a_picture(page):
    done(page)
    widget = page.widget()
    ask(page, "api/view", {"place": "by=size", "sets": {"a": [1]}})
    png = b"\x89PNG\r\n\x1a\nrest"
    request = urllib.request.Request(page.url + "api/view/picture", png, {"Content-Type": "image/png"})
    urllib.request.urlopen(request, timeout=10).close()
    for _ in range(100):
        if widget.picture and widget.color == "size" and widget.sets == {"a": [1]}:
            break
        time.sleep(0.05)
    assert (widget.color, widget.sets, page.picture) == ("size", {"a": [1]}, png)
    assert widget.picture == "data:image/png;base64," + base64.b64encode(png).decode()
    assert "picture" in widget.get_state()
    widget.color = "group"
    widget.sets = {"b": [2, 3]}
    assert (page.color, page.sets["b"].tolist()) == ("group", [2, 3])


def test_a_notebook_shows_a_widget_whose_selection_follows(page):
    done(page)
    assert f'src="{page.url}"' in page._repr_html_()
    widget = page.widget()
    ask(page, "api/selection", {"rows": [4]})
    for _ in range(100):
        if widget.selection == [4]:
            break
        time.sleep(0.05)
    assert widget.selection == [4]
    widget.selection = [8, 9]
    assert page.selection.tolist() == [8, 9]
    assert "application/vnd.jupyter.widget-view+json" in str(page._repr_mimebundle_())
