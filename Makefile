# Everything a newcomer types. `make` alone lists the targets.
BIN := .venv/bin
UV := $(BIN)/uv
PY := $(BIN)/python
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help demo test test-eyes test-clients clients test-bad-inputs test-faults test-ray manifests-test manifests-tools soak check format format-check lint layers types proto proto-check lock \
        bench bench-all bench-scaling peers bench-quality bench-demo-models demo-models film ffmpeg postgresql prometheus hooks clean lock-debian image-test

help:                          ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: .venv/service ffmpeg     ## set everything up and subtitle the demo film in three languages
	$(PY) demo/run.py

# A file's tests stay together: many share a server, models or a folder.
test: .venv/ready ffmpeg       ## run all tests but the minutes of faults
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

test-faults: .venv/ready ffmpeg postgresql ## kill, freeze, fill and cut off servers, on both stores (minutes)
	$(BIN)/pytest tests/faults -m "" -n 2
	$(BIN)/pytest tests/ray -m ""

# One after the other: a cluster's processes take half a gigabyte, and a core to start.
test-ray: .venv/ready ffmpeg   ## films on a real Ray cluster, which is taken apart meanwhile (minutes)
	$(BIN)/pytest tests/ray -m ""

test-eyes: .venv/ready ffmpeg prometheus ## try the dashboard and the alerts on a real Prometheus (a minute)
	$(BIN)/pytest tests/monitoring

manifests-test: .venv/ready manifests-tools postgresql ## render, validate and judge deploy/ (a minute)
	$(BIN)/pytest tests/kubernetes -n auto --maxprocesses 4 --dist loadfile

manifests-tools: .venv-kubernetes/ready ## install what those tests need; without it they are skipped

soak: .venv/ready postgresql   ## kill servers a thousand times (an hour; goes on where it was stopped)
	PYTHONPATH=tests nice $(PY) benchmarks/soak.py

test-clients: clients          ## build the clients in Go and TypeScript, and have them and the light one at work
	$(BIN)/pytest tests/integration/elsewhere

test-bad-inputs: .venv/ready ffmpeg ## put every bad input through the real service (minutes)
	PYTHONPATH=tests $(PY) -m bad_inputs

check: format-check lint layers types proto-check  ## everything CI asks besides the tests

# The images themselves, from packages over the network to a job in them: root, 15 GB of disk.
image-test: .venv/service      ## build the images and try them behind hard walls (ten minutes; root)
	@command -v buildah >/dev/null && command -v debootstrap >/dev/null || sh tests/install-buildah.sh
	PYTHONPATH=tests $(PY) -m images

# --- set-up -------------------------------------------------------------------------------------

# No system package is needed but Python's own venv module; where Debian split it off, say so.
$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "polycue needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv || \
	    { echo "python3-venv is missing: apt-get install python3-venv, and run make again"; exit 1; }
	@$(PY) -m pip install -q --disable-pip-version-check uv==0.13.9

# --no-deps: the lock is complete, and argostranslate's own list would bring torch (overrides.txt).
.venv/service: requirements.lock pyproject.toml | $(UV)
	@echo "Installing polycue's packages ..."
	@$(UV) pip install -q --python $(PY) --no-deps --require-hashes -r requirements.lock
	@$(UV) pip install -q --python $(PY) --no-deps -e .
	@touch $@

.venv/ready: requirements-dev.lock .venv/service | $(UV)
	@echo "Installing the tools for tests and checks ..."
	@$(UV) pip install -q --python $(PY) --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

ffmpeg:
	@command -v ffmpeg >/dev/null || sh demo/install-ffmpeg.sh

# Debian keeps its programs off the PATH, in a folder for each version.
postgresql:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || \
	    sh tests/install-postgresql.sh

# What the clients in other languages are built with; their tests skip where it is not there. gRPC is
# compiled into Go's cache, half a minute that no test should wait.
GO_SOURCES := /usr/share/gocode
clients: .venv/ready .venv-client/ready
	@command -v protoc-gen-go-grpc >/dev/null || sh tests/install-go.sh
	@if command -v go >/dev/null && [ -d $(GO_SOURCES)/src/google.golang.org/grpc ]; \
	then GO111MODULE=off GOPATH=$(GO_SOURCES) go build google.golang.org/grpc google.golang.org/protobuf/types/known/...; fi
	@if command -v npm >/dev/null; \
	then cd clients/typescript && npm ci -s --ignore-scripts --no-audit --no-fund; \
	else echo "npm is missing, so the client in TypeScript is not tested"; fi

# The base package as a user of the client has it, and nothing else.
.venv-client/ready: pyproject.toml $(shell find clients/polycue_client service/polycue/api -name '*.py') | $(UV)
	@echo "Installing the light client by itself ..."
	@$(PYTHON) -m venv --without-pip .venv-client
	@$(UV) pip install -q --python .venv-client/bin/python .
	@touch $@

prometheus:
	@command -v prometheus >/dev/null || ls .prometheus/prometheus >/dev/null 2>&1 || \
	    sh tests/install-prometheus.sh

# kubectl, helm, a linter of policies and the schemas of what is not Kubernetes' own.
.venv-kubernetes/ready: tests/kubernetes/tools.lock tests/kubernetes/unpack.py | $(UV)
	@echo "Installing what manifests are tested with ..."
	@$(PYTHON) -m venv --without-pip $(@D)
	@$(UV) pip install -q --python $(@D)/bin/python --no-deps --require-hashes -r $<
	@$(@D)/bin/python tests/kubernetes/unpack.py
	@touch $@

hooks: .venv/ready             ## run the checks before every commit
	$(BIN)/prek install

# --- checks -------------------------------------------------------------------------------------

format: .venv/ready            ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix-only -q

format-check: .venv/ready
	$(BIN)/ruff format --check

lint: .venv/ready
	$(BIN)/ruff check

layers: .venv/ready
	$(BIN)/lint-imports --no-logo

types: .venv/ready
	$(BIN)/mypy

# The generator's version is every user's floor for protobuf and grpcio, so an old one runs in a
# room of its own: its output works with protobuf 6.31.1 and everything newer.
proto: .venv/ready             ## generate the API's code from proto/
	$(BIN)/buf format -w
	$(BIN)/buf lint
	$(UV) run -q --isolated --no-project --with grpcio-tools==1.80.0 --with mypy-protobuf==5.1.0 \
	    python -m grpc_tools.protoc -I proto --python_out=service --grpc_python_out=service \
	    --mypy_out=quiet:service --mypy_grpc_out=quiet:service \
	    $$(find proto -name '*.proto' | sort)

# `git status`, not `git diff`: a new file that nobody added must fail too.
proto-check: proto
	@test -z "$$(git status --porcelain -- proto service/polycue/api)" || \
	    { echo "the generated code is not what proto/ says; commit these:"; \
	      git status --porcelain -- proto service/polycue/api; exit 1; }

LOCK := pip compile pyproject.toml --universal --generate-hashes --overrides overrides.txt \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q
EXTRAS := --extra service --extra imsc --extra postgres --extra s3 --extra tracing
SERVED := $(EXTRAS) --overrides overrides-served.txt

lock: | $(UV)                  ## compile the lock files anew
	$(UV) $(LOCK) $(SERVED) -o requirements.lock
	$(UV) $(LOCK) $(SERVED) --extra cuda -c requirements.lock -o requirements-cuda.lock
	$(UV) $(LOCK) $(SERVED) --extra cuda --extra ray -c requirements-cuda.lock -o requirements-ray.lock
	$(UV) $(LOCK) $(EXTRAS) --extra ray --group dev -c requirements-ray.lock -o requirements-dev.lock
	$(UV) pip compile --group build --universal --generate-hashes --python-version 3.11 --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" -q -o requirements-build.lock
	$(UV) pip compile benchmarks/quality.in --universal --generate-hashes --no-emit-index-url \
	    --no-emit-find-links --custom-compile-command "make lock" -q -o benchmarks/quality.lock
	$(UV) pip compile tests/kubernetes/tools.in --universal --python-version 3.11 --generate-hashes \
	    --overrides tests/kubernetes/overrides.txt --no-emit-index-url --no-emit-find-links \
	    --custom-compile-command "make lock" -q -o tests/kubernetes/tools.lock

# Debian's packages change often: the images have those of the day this was run.
lock-debian:                   ## note down the Debian packages of the images anew (needs apt)
	$(PYTHON) deploy/image/lock_debian.py

# --- benchmarks and demo material -----------------------------------------------------------------

bench: .venv/ready ffmpeg      ## how fast it is, beside its peers and its goals (ten minutes)
	$(PY) benchmarks/speed.py table

peers: .venv-peers/ready .venv-argos/ready ## install the packages that polycue is compared with (torch among them)

bench-all: .venv/ready ffmpeg peers ## every benchmark that needs no GPU (hours)
	$(PY) benchmarks/speed.py all
	$(PY) benchmarks/stages.py
	$(PY) benchmarks/scheduling.py
	$(PY) benchmarks/start.py
	$(PY) benchmarks/segmentation.py
	$(PY) benchmarks/cue_speed.py
	$(PY) benchmarks/sync.py
	$(PY) benchmarks/quality.py
	$(PY) benchmarks/translation_timing.py
	$(PY) benchmarks/formats.py
	$(PY) benchmarks/engine_child.py
	PYTHONPATH=tests $(PY) benchmarks/ray_cluster.py
	$(PY) benchmarks/bulk.py
	$(PY) benchmarks/resume.py
	$(PY) benchmarks/tracing.py
	$(PY) benchmarks/hallucination.py
	$(PY) benchmarks/demo_models.py
	$(PY) benchmarks/load.py

bench-scaling: .venv/ready ffmpeg ## what 1 to 1,024 GPUs would do: measured costs, a check of the model, plots (an hour)
	$(PY) benchmarks/scale.py costs
	$(PY) benchmarks/scale.py validate
	$(PY) benchmarks/scale.py simulate

# Peers want torch, so they have rooms of their own; plain pip, which knows local wheels.
.venv-peers/ready: benchmarks/peers.txt
.venv-argos/ready: benchmarks/peers_translation.txt
.venv-peers/ready .venv-argos/ready:
	@echo "Installing $<, torch among it ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

bench-quality: .venv/ready ffmpeg ## print SubER, word errors, BLEU and chrF of the demo film's tracks
	$(PY) benchmarks/quality.py

bench-demo-models: .venv/ready ## print held-out word errors and chrF of the demo models
	$(PY) benchmarks/demo_models.py

# torch is for training only, so it has a room of its own; plain pip, which knows local wheels.
.venv-train/ready: demo/train/requirements.txt
	@echo "Installing what training needs, torch among it ..."
	@$(PYTHON) -m venv .venv-train
	@.venv-train/bin/python -m pip install -q --disable-pip-version-check -r $<
	@touch $@

demo-models: .venv-train/ready ## train the demo models from nothing (under two hours; resumes)
	.venv-train/bin/python -m demo.train

film: .venv/service ffmpeg     ## make the demo film and its script anew
	$(PY) -m demo.film.make

clean:                         ## remove what make made, the environment included
	rm -rf .venv .venv-client .venv-quality .venv-train .venv-peers .venv-argos .venv-kubernetes \
	    .polycue .prometheus demo/out demo/work clients/go/gen \
	    clients/typescript/dist clients/typescript/node_modules clients/typescript/src/gen
