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
# Parties of `make simulate`.
PARTIES := 20

.PHONY: help deploy play status remove test test-long test-real lint bench sandbox-up sandbox-down clean collection prerequisites

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

clean: ## remove virtual environments, the installed collection and what the sandbox has built
	@if [ -x $(PYTHON_BIN) ]; then $(SANDBOX) down; $(SANDBOX) clean --all; fi
	rm -rf $(VENV) $(WORK) tests/output
