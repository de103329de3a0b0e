# make demo   install into .venv and run the main job: the article's 20 throws, and Wolf's 20,000; writes demo.html and demo-wolf.html
# make demo-images   dog, fox or wolf? trains on drawings with each vendor left out; writes demo-images.html and .png
# make demo-silhouettes   ten animals, 10,000 silhouettes: a neural network beside softmax regression
# make test   install what the tests need and run the fast ones
# make check  lint, format, types
# The first run of each takes a minute or two; a second one skips what is already there.

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# The versions of requirements-dev.lock, or with LOCKED=no the newest ones that fit.
LOCKED := yes
ifeq ($(LOCKED),yes)
CONSTRAINTS := --constraint requirements-dev.lock
DEVELOPMENT := -r requirements-dev.lock
else
CONSTRAINTS :=
DEVELOPMENT := --group dev
endif
STAMPS := .make
CATALOGUES := $(wildcard src/mottomo/locale/*/LC_MESSAGES/*.po)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: demo demo-images demo-silhouettes test test-slow check format bench docs golden catalogues lock clean

demo: $(STAMPS)/install
	@printf '\n--- The article: a die thrown 20 times came up 2, 5, 2, 4, 2, 5 times ---\n\n'
	@$(BIN)/mottomo estimate 2 5 2 4 2 5
	@printf '\n--- Is it a fair die, and how many more throws would tell? ---\n\n'
	@$(BIN)/mottomo test 2 5 2 4 2 5
	@printf "\n--- R. Wolf's white die, thrown 20,000 times: which faces depart? (on a page) ---\n\n"
	@$(BIN)/mottomo test examples/wolf_white.csv --count-column count --categories 1..6 --save demo-wolf.html
	@printf '\n--- The estimate, derived step by step: open the page ---\n\n'
	@$(BIN)/mottomo explain 2 5 2 4 2 5 --save demo.html

demo-images: $(STAMPS)/images
	@printf '\n--- 46 drawings of dogs, foxes and wolves: what is learnt of those of two vendors, tested on the third ---\n\n'
	@$(BIN)/mottomo train examples/drawings --group 2 --holdout each --model demo-animals.mottomo --figure demo-images.png --figure demo-images.html
	@printf '\n--- A dog that the model knows, and a cat, which is none of the three ---\n\n'
	@$(BIN)/mottomo predict examples/drawings/dog/google/noto/dog.png examples/cat.jpg --model demo-animals.mottomo --format text
	@printf '\n--- Faces alone: most dogs are drawn whole, foxes and wolves are not, which gives half of it away ---\n\n'
	@$(BIN)/mottomo train examples/drawings.csv --images picture --target category --features picture --group vendor --holdout each --where "part = 'face'" --save demo-faces.html
	@printf '\n--- The network by its own classes, without training: it knows photos and nothing of drawings ---\n\n'
	@$(BIN)/mottomo score examples/drawings --zero-shot dog=151-268,fox=277-280,wolf=269-271 --group 2 --save demo-zero-shot.html
	@printf '\n--- None of these, learnt from 579 drawings of other animals; what is missed of kinds that were not learnt ---\n\n'
	@$(BIN)/mottomo train examples/drawings --group 2 --none examples/others --format text > demo-none.txt
	@sed -n '/^- A picture is refused/,/missed/p' demo-none.txt
	@printf '\nThe pictures with their probabilities and losses: demo-images.html and demo-images.png\n'

demo-silhouettes: $(STAMPS)/images
	@$(PIP) --no-deps animal-mnist==0.4
	@rm -rf demo-silhouettes && $(BIN)/python tools/make_silhouettes.py demo-silhouettes
	@printf '\n--- Ten animals, 8,000 silhouettes: softmax regression of their pixels, then a neural network ---\n\n'
	@$(BIN)/mottomo train demo-silhouettes/learnt --image-features grey:28 --refuse 0 --model demo-silhouettes/softmax.mottomo --save demo-silhouettes/softmax.html
	@$(BIN)/mottomo train demo-silhouettes/learnt --image-features grey:28 --refuse 0 --model-type network --hidden 256 --penalty l2=4 --model demo-silhouettes/network.mottomo --save demo-silhouettes/network.html
	@printf '\n--- Both on 2,000 that they have not seen, and the network without exact copies of what it learnt ---\n\n'
	@$(BIN)/mottomo score demo-silhouettes/new --model demo-silhouettes/softmax.mottomo --save demo-silhouettes/softmax-score.html
	@$(BIN)/mottomo score demo-silhouettes/new --model demo-silhouettes/network.mottomo --save demo-silhouettes/network-score.html
	@$(BIN)/mottomo score demo-silhouettes/new-without-copies --model demo-silhouettes/network.mottomo --save demo-silhouettes/network-without-copies.html

test: $(STAMPS)/dev
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not slow"

test-slow: $(STAMPS)/dev
	$(BIN)/python -m pytest -n auto --dist loadgroup -m slow

check: $(STAMPS)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMPS)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMPS)/dev
	$(BIN)/python benchmarks/run.py $(ONLY)

docs: $(STAMPS)/dev
	$(BIN)/python tools/make_reference.py
	$(BIN)/python tools/make_pictures.py
	$(BIN)/python tools/update_transcripts.py
	$(BIN)/python tools/run_notebooks.py

golden: $(STAMPS)/dev
	$(BIN)/python -m pytest -q tests/cli/test_golden.py --remake-golden
	git diff --stat tests/golden

catalogues: $(STAMPS)/dev
	$(BIN)/python tools/update_catalogues.py
	$(PIP) --no-deps -e .

lock:
	rm -rf $(STAMPS)/lock && python3 -m venv $(STAMPS)/lock
	$(STAMPS)/lock/bin/python -m pip install --quiet --upgrade pip
	$(STAMPS)/lock/bin/python -m pip install --quiet -e . --group dev
	$(STAMPS)/lock/bin/python -m pip freeze --exclude-editable > requirements-dev.lock

clean:
	rm -rf $(VENV) $(STAMPS) build dist

$(BIN)/python:
	sh tools/make_venv.sh $(VENV)

$(STAMPS)/install: $(BIN)/python pyproject.toml setup.py requirements-dev.lock $(CATALOGUES)
	@echo "Installing mottomo into $(VENV) ..."
	@$(PIP) $(CONSTRAINTS) -e . & pid=$$!; while kill -0 $$pid 2>/dev/null; do printf .; sleep 2; done; printf '\n'; wait $$pid
	@$(BIN)/python -m compileall -q src/mottomo  # which an editable install leaves to the first start
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/images: $(STAMPS)/install
	@echo "Installing what pictures and figures need into $(VENV) ..."
	@$(PIP) $(CONSTRAINTS) -e '.[images,plot]' & pid=$$!; while kill -0 $$pid 2>/dev/null; do printf .; sleep 2; done; printf '\n'; wait $$pid
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/dev: $(STAMPS)/install
	@echo "Installing what the tests and checks need into $(VENV) ..."
	@$(PIP) --no-deps animal-mnist==0.4  # pictures for a test; it would bring libraries that nothing here needs
	@$(PIP) $(DEVELOPMENT) & pid=$$!; while kill -0 $$pid 2>/dev/null; do printf .; sleep 2; done; printf '\n'; wait $$pid
	@mkdir -p $(STAMPS) && touch $@
