# Each target is a script, which says what it does and can be run without make.
.DEFAULT_GOAL := help
.PHONY: help run build test lint format docs docs-check screenshots demo model simulate chaos bench sanitize fuzz clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install what is missing, build, and start the server; ARGS='…' go to martlet serve
	@exec Scripts/run.sh $(ARGS)

build: ## build everything
	@Scripts/build.sh

test: ## install what is missing, build, and run the tests; ARGS='--filter …' go to swift test
	@Scripts/test.sh $(ARGS)

lint: ## check formatting and style
	@Scripts/lint.sh

format: ## format every Swift file
	@Scripts/format.sh

docs: ## write the pages that are made from the code
	@Scripts/docs.sh

docs-check: ## hold those pages against the code, and look for dead links
	@Scripts/docs-check.sh

screenshots: ## pictures of the pages, into docs/images; ARGS='FOLDER --all' for every page, wide and narrow
	@Scripts/screenshots.sh $(ARGS)

demo: ## three real programs, a 5-second access token, and what happens on the wire
	@Scripts/demo.sh

model: ## explore the model of the rotation rule; QUICK=1 for a part; BREAK=LATE_ROW=0 to see it fail
	@Scripts/model.sh $(if $(QUICK),--quick) $(if $(BREAK),--break $(BREAK)) $(ARGS)

bench: ## measure, beside other servers; ARGS='--only renewals' measures less
	@Scripts/bench.sh $(ARGS)

simulate: ## months of renewals and thefts, under this rotation rule and others; writes docs/ (ARGS='--break …' breaks it)
	@Scripts/simulate.sh $(ARGS)

chaos: ## renew on a server that is killed, behind a network that loses; ARGS='--renewals 10000' for one run
	@Scripts/chaos.sh $(ARGS)

sanitize: ## the tests under ThreadSanitizer
	@Scripts/sanitize.sh $(ARGS)

fuzz: ## each fuzz target for a minute (FUZZ_SECONDS=60)
	@Scripts/install.sh && Fuzz/run.sh $${FUZZ_SECONDS:-60}

clean: ## remove what was built, but no data
	@rm -rf .build .build-* .venv .venv-bench
