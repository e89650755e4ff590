# Everything a newcomer types. Each target works on a fresh clone with Python 3.11+, git and make, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links

unexport PYTHONDONTWRITEBYTECODE # tests start our programs a hundred times: each would compile all of them anew

.PHONY: demo test check bench fuzz conformance kills attacks locks page clean

demo: $(VENV)/.api
	$(BIN)/jiekun demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

bench: $(VENV)/.bench
	$(BIN)/python -m pytest benchmarks -o python_files="test_*.py" --benchmark-columns=min,median,max,rounds --benchmark-sort=name

# Ten thousand mutated files: none may bring a traceback or lose a row.
fuzz: $(VENV)/.dev
	JIEKUN_FUZZ_CASES=10000 $(BIN)/python -m pytest -q tests/matcher/sources/test_nasty.py -k mutation

# Stock JavaScript clients and tools, and two thousand operations made at random, on both databases.
conformance: $(VENV)/.dev
	JIEKUN_CONFORMANCE_CASES=2000 $(BIN)/python -m pytest tests/api/conformance --numprocesses auto --dist loadfile

# The story of a verification told thirty times on PostgreSQL, server or worker killed once in each: the same end, nothing lost or done twice.
kills: $(VENV)/.dev
	JIEKUN_STORY_RUNS=30 JIEKUN_STORY_KILLS=1 $(BIN)/python -m pytest -q tests/api/stories

# What attacks cost a server that is really running, and what an innocent client notices; then the slowest documents that a search finds.
attacks: $(VENV)/.dev
	$(BIN)/python -m benchmarks.graphql.attacks
	$(BIN)/python -m benchmarks.graphql.slowest 60

# Pins every dependency with its hashes for all platforms. Needs uv; run it after a change of pyproject.toml.
locks:
	uv pip compile --quiet $(LOCK) pyproject.toml --output-file locks/matcher.txt
	uv pip compile --quiet $(LOCK) --extra signed pyproject.toml --output-file locks/signed.txt
	uv pip compile --quiet $(LOCK) --extra sql pyproject.toml --output-file locks/sql.txt
	uv pip compile --quiet $(LOCK) --extra api pyproject.toml --output-file locks/api.txt
	uv pip compile --quiet $(LOCK) --extra api --extra postgres pyproject.toml --output-file locks/postgres.txt
	uv pip compile --quiet $(LOCK) --extra spark pyproject.toml --output-file locks/spark.txt
	uv pip compile --quiet $(LOCK) --extra api --extra postgres --extra sql --extra signed --extra dev pyproject.toml --output-file locks/dev.txt
	uv pip compile --quiet $(LOCK) --extra api --extra postgres --extra sql --extra signed --extra dev --extra bench pyproject.toml \
		--output-file locks/bench.txt

# Builds GraphiQL anew from page/; needs node and npm, and a newcomer needs neither.
page:
	cd page && npm ci --silent --no-audit --no-fund && npm run --silent build

clean:
	rm -rf $(VENV) demo tests/api/conformance/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it with: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make virtual environments; on Debian install the package python3-venv."; exit 2; }

$(VENV)/.%: locks/%.txt pyproject.toml | $(BIN)/python
	@echo "installing from $<"
	@$(INSTALL) --require-hashes -r $<
	@$(INSTALL) --no-deps -e .
	@touch $@
