# Everything that a person or CI does with this collection. `make` alone lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:

# A Kubernetes of one's own is used only when it is named on the command line: make imports the whole environment, and a
# KUBECONFIG that happens to be there is nobody's decision.
ifeq ($(origin KUBECONFIG),command line)
  OWN_KUBECONFIG := $(abspath $(KUBECONFIG))
endif
ifeq ($(origin INVENTORY),command line)
  OWN_INVENTORY := $(INVENTORY)
endif
unexport KUBECONFIG INVENTORY

VENV := .venv
PYTHON_BIN := $(VENV)/bin/python
WORK := .work
SANDBOX := $(PYTHON_BIN) sandbox
COLLECTIONS := $(abspath $(WORK)/collections)
PLAYBOOK := deploy_fate
ARGS :=
# For an author of charts: the chart's folder, the chart that a new one is a copy of, its version, specs, and a folder
# for what is made.
CHART :=
FROM :=
VERSION := 0.1.0
SPECS :=
DEST :=
# Parties of `make simulate`.
PARTIES := 20

.PHONY: help deploy play status remove test test-long test-real lint bench simulate sandbox-up sandbox-down clean collection prerequisites \
  chart-create chart-lock chart-lint chart-render chart-package bundle bundle-verify offline

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
	  || sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1    \2/p' $(MAKEFILE_LIST)

prerequisites:
	@missing=; for tool in git tar; do command -v $$tool >/dev/null 2>&1 || missing="$$missing $$tool"; done; \
	  if [ -n "$$missing" ]; then echo "Missing:$$missing. Debian and Ubuntu: apt install$$missing" >&2; exit 1; fi
	@scripts/bootstrap $(VENV) requirements.txt

collection: prerequisites
	@scripts/install-collection $(VENV) $(COLLECTIONS)

deploy: ## a two-party federation, on the sandbox or on KUBECONFIG=... or INVENTORY=...
	@$(MAKE) --no-print-directory play PLAYBOOK=deploy_fate $(if $(OWN_KUBECONFIG),KUBECONFIG='$(OWN_KUBECONFIG)') \
	  $(if $(OWN_INVENTORY),INVENTORY='$(OWN_INVENTORY)')

status: ## the state of that federation
	@$(MAKE) --no-print-directory play PLAYBOOK=status $(if $(OWN_KUBECONFIG),KUBECONFIG='$(OWN_KUBECONFIG)') \
	  $(if $(OWN_INVENTORY),INVENTORY='$(OWN_INVENTORY)')

remove: ## remove that federation
	@$(MAKE) --no-print-directory play PLAYBOOK=remove_fate $(if $(OWN_KUBECONFIG),KUBECONFIG='$(OWN_KUBECONFIG)') \
	  $(if $(OWN_INVENTORY),INVENTORY='$(OWN_INVENTORY)')

# One playbook against the sandbox or against what the command line names; ARGS goes to ansible-playbook.
play: collection
	@scripts/play $(VENV) $(COLLECTIONS) '$(PLAYBOOK)' '$(OWN_INVENTORY)' '$(OWN_KUBECONFIG)' $(ARGS)

chart-create: ## a new chart in CHART=folder, a copy of FROM=fate or made by helm
	@$(MAKE) --no-print-directory offline PLAYBOOK=chart_create \
	  ARGS="-e fate_chart_path='$(abspath $(CHART))' -e fate_chart_version='$(VERSION)' $(if $(FROM),-e fate_chart_source='$(FROM)') $(ARGS)"

chart-lock: ## the dependencies of the chart in CHART=folder
	@$(MAKE) --no-print-directory offline PLAYBOOK=chart_lock ARGS="-e fate_chart_path='$(abspath $(CHART))' $(ARGS)"

chart-lint: ## look over the chart in CHART=folder, with SPECS=cluster.yaml, too
	@$(MAKE) --no-print-directory offline PLAYBOOK=chart_lint \
	  ARGS="-e fate_chart_path='$(abspath $(CHART))' $(if $(SPECS),-e fate_chart_specs='$(abspath $(SPECS))') $(ARGS)"

chart-render: ## what CHART=folder makes of SPECS=cluster.yaml, into DEST=folder
	@$(MAKE) --no-print-directory offline PLAYBOOK=chart_render ARGS="-e fate_chart_path='$(abspath $(CHART))' \
	  -e fate_chart_dest='$(abspath $(DEST))' $(if $(SPECS),-e fate_chart_specs='$(abspath $(SPECS))') $(ARGS)"

chart-package: ## the archive of CHART=folder, into DEST=folder
	@$(MAKE) --no-print-directory offline PLAYBOOK=chart_package \
	  ARGS="-e fate_chart_path='$(abspath $(CHART))' -e fate_chart_dest='$(abspath $(DEST))' $(ARGS)"

bundle: ## an air-gap bundle in DEST=folder, of what INVENTORY=... deploys
	@$(MAKE) --no-print-directory offline PLAYBOOK=bundle_create \
	  ARGS="$(if $(OWN_INVENTORY),-i '$(abspath $(OWN_INVENTORY))') -e fate_bundle_dest='$(abspath $(DEST))' $(ARGS)"

bundle-verify: ## verify the bundle in DEST=folder
	@$(MAKE) --no-print-directory offline PLAYBOOK=bundle_verify ARGS="-e fate_bundle='$(abspath $(DEST))' $(ARGS)"

# One playbook that needs no Kubernetes.
offline: collection
	@scripts/offline $(VENV) $(COLLECTIONS) '$(PLAYBOOK)' $(ARGS)

sandbox-up: prerequisites ## start the sandbox control plane, building it where that is needed
	@$(SANDBOX) up

sandbox-down: prerequisites ## stop the sandbox and remove its state
	@$(SANDBOX) down

test: prerequisites ## all tests; says how many of each suite ran
	@scripts/bootstrap $(WORK)/dev requirements.txt requirements-dev.txt
	@$(WORK)/dev/bin/python tests/run.py $(ARGS)

test-long: prerequisites ## the whole matrix, soaks and races
	@scripts/bootstrap $(WORK)/dev requirements.txt requirements-dev.txt
	@$(WORK)/dev/bin/python tests/run.py --long $(ARGS)

test-real: prerequisites ## the core with FATE-Flow from PyPI
	@scripts/bootstrap $(WORK)/dev requirements.txt requirements-dev.txt
	@$(WORK)/dev/bin/python tests/run.py --real $(ARGS)

lint: prerequisites ## formatting, types, style
	@scripts/bootstrap $(WORK)/dev requirements.txt requirements-dev.txt
	@$(WORK)/dev/bin/python tests/run.py --suite lint

bench: collection ## measurements beside kubernetes.core.helm and bare helm
	@scripts/bootstrap $(WORK)/bench requirements.txt tests/bench/requirements.txt
	@$(SANDBOX) up
	@$(WORK)/bench/bin/python tests/bench/run.py $(ARGS)

simulate: collection ## a federation of PARTIES=20 on the sandbox: seconds of each phase, and memory
	@$(SANDBOX) up
	@$(PYTHON_BIN) tests/bench/simulate.py '$(PARTIES)'

clean: ## remove virtual environments, the installed collection and what the sandbox has built
	@if [ -x $(PYTHON_BIN) ]; then $(SANDBOX) down; $(SANDBOX) clean --all; fi
	rm -rf $(VENV) $(WORK) tests/output
