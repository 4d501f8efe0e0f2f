"""Translate: every number on the page against a decoder that takes one step at a time, and bad input."""

import base64
import functools
import itertools
import json
import re
import shutil

import keras
import numpy as np
import pytest
import sacrebleu

from apps import launch, library, links, translating
from apps.library import Entry
from data import pairs_file
from models import seq2seq
from tests.apps.conftest import component, drawn, field, texts
from training import recipes, runs, trainer, translation
from training.runs import Run
from training.saving import save_model

ANIMALS = {"chat": "cat", "chien": "dog", "cheval": "horse", "loup": "wolf", "lapin": "rabbit"}
DEEDS = {"dort": "sleeps", "mange": "eats", "court": "runs", "tombe": "falls", "saute": "jumps"}
COLOURS = {"noir": "black", "blanc": "white"}
TSV = "".join(
    f"le {animal} {colour} {deed} .\tthe {COLOURS[colour]} {ANIMALS[animal]} {DEEDS[deed]} .\n"
    for animal, deed, colour in itertools.product(ANIMALS, DEEDS, COLOURS)
)
BARRED = [0, 1, 3]
WORDS = "le chat noir mange ."


def add(shelves, name: str = "pairs", attention: str = "multiplicative", **changes) -> Run:
    """A translator of our own pairs, untrained, with weights so large that it prefers something."""
    file = shelves.runs.parent / "own.tsv"
    file.write_text(TSV)
    changes = {"data.file": str(file), "data.vocabulary": 300, "model.attention": attention, **changes}
    run = shelves.add(name, recipe="pairs_seq2seq", **changes)
    for tokenizer, text in recipes.from_config(run.config).data.load().files.items():
        run.write_text(tokenizer, text)
    model = trainer.load_model(run)
    model.set_weights([3 * each for each in model.get_weights()])
    save_model(model, run.model_path)
    return run


@pytest.fixture(scope="module")
def kept(kept_shelves) -> Run:
    return add(kept_shelves)


@pytest.fixture
def usual(kept, lasting) -> Run:
    """The usual translator, for tests that leave it as it is."""
    return kept


def view(tested, name: str):
    return drawn(field(tested, "button_group", "Look at").set_value(name).run())


def typed(tested, text: str):
    """The page after a sentence was typed."""
    if not tested.text_input:
        drawn(field(tested, "button_group", "Sentence").set_value("Your sentence").run())
    return drawn(tested.text_input[0].set_value(text).run())


def said(pieces) -> str:
    """What pieces say without blanks; the last one is the end."""
    return "".join(text for text, _ in pieces[:-1]).replace("\N{OPEN BOX}", "")


def pixels(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "uint8").astype(float)


def by_single_steps(run: Run, text: str, tokens) -> list[dict[str, np.ndarray]]:
    """What the one-step decoder says and holds at each step in which it is made to write some tokens."""
    model = trainer.load_model(run)
    files = translation.kept_files(run)
    source = translation.Tokenizer.from_json(files["source_tokenizer.json"]).encode(text)
    encode, step = seq2seq.encode_graph(model), seq2seq.step_graph(model)
    carried = encode(np.array([[*source, 2]], "int32"))
    carried = keras.tree.map_structure(lambda x: keras.ops.convert_to_tensor(np.array(x)), carried)
    found = []
    for before in (1, *tokens[:-1]):
        after = step({"token": keras.ops.convert_to_tensor(np.array([before], "int32")), **carried})
        logits = np.array(after["logits"][0], "float64")
        logits[BARRED] = -np.inf
        shares = np.exp(logits - logits.max())
        told = {"shares": shares / shares.sum(), "states": [np.array(each[0]) for each in after["states"]]}
        if "weights" in after:
            told["weights"] = np.array(after["weights"][0])
        found.append({**told, "before": [np.array(each[0]) for each in carried["states"]]})
        carried = {**carried, "states": after["states"]}
    return found


@functools.lru_cache(2)
def translator_of(run: Run) -> translation.Translator:
    """Another one than the page's."""
    return translation.Translator(trainer.load_model(run), translation.kept_files(run))


def hypotheses(run: Run, text: str, beams: int, penalty: float = 1.0):
    return translator_of(run).translate([text], beams, penalty)[0].hypotheses


# Word by word


@pytest.mark.parametrize("kind", ["multiplicative", "none"])
def test_each_step_is_what_a_decoder_says_that_takes_one_step_at_a_time(shelves, page, kind):
    run = add(shelves, attention=kind)
    tested = typed(page("translate"), WORDS)
    told = component(tested, "unfold")
    best = hypotheses(run, WORDS, 5)[0]
    steps = by_single_steps(run, WORDS, best.tokens)
    S, T = len(told["source"]), len(steps)
    assert [text for text, _ in told["source"]][-2:] == [".", "[end]"]
    assert said(told["source"]) == WORDS.replace(" ", "")
    assert len(told["written"]) == len(told["sure"]) == len(told["likeliest"]) == T
    assert told["ended"] == (best.tokens[-1] == 2)
    for place, (step, token) in enumerate(zip(steps, best.tokens, strict=True)):
        assert told["sure"][place] == pytest.approx(step["shares"][token], abs=2e-4)
        listed = [share for _, share in told["likeliest"][place]]
        np.testing.assert_allclose(listed, np.sort(step["shares"])[::-1][: len(listed)], atol=2e-4)
        rank = int((step["shares"] > step["shares"][token] + 1e-6).sum())
        assert told["ranks"][place] == (rank if rank < len(listed) else -1)
    if kind == "none":
        assert told["looked"] is None
    else:
        looked = pixels(told["looked"]).reshape(T, S) / 255
        np.testing.assert_allclose(looked, [step["weights"] for step in steps], atol=0.5 / 255 + 1e-5)


def test_the_state_is_that_of_the_decoder_and_what_the_encoder_handed_over(shelves, page):
    run = add(shelves, **{"model.depth": 2})
    told = component(typed(page("translate"), WORDS), "unfold")
    best = hypotheses(run, WORDS, 5)[0]
    steps = by_single_steps(run, WORDS, best.tokens)
    S, T = len(told["source"]), len(steps)
    names = ["layer 1, state h", "layer 1, cell c", "layer 2, state h", "layer 2, cell c"]
    assert [shown["name"] for shown in told["states"]] == names
    for which, shown in enumerate(told["states"]):
        values = (pixels(shown["pixels"]).reshape(8, S + T) - 128) / 127 * shown["scale"]
        near = {"atol": shown["scale"] / 127 + 1e-4}
        np.testing.assert_allclose(values[:, S:].T, [step["states"][which] for step in steps], **near)
        # The forward half ends at the last token that was read, the backward half at the first.
        assert [(band["name"], band["backwards"]) for band in shown["bands"]] == [
            ("forward", False),
            ("backward", True),
        ]
        handed = np.concatenate([values[:4, S - 1], values[4:, 0]])
        np.testing.assert_allclose(handed, steps[0]["before"][which], **near)


def test_an_encoder_of_one_direction_has_one_band_and_a_gru_no_cell(shelves, page):
    add(shelves, **{"model.bidirectional": "false", "model.cell": "gru"})
    told = component(typed(page("translate"), WORDS), "unfold")
    (shown,) = told["states"]
    assert (shown["name"], shown["bands"]) == ("state h", [{"name": "", "units": 8, "backwards": False}])


def test_another_sentence_begins_anew_and_a_look_elsewhere_does_not(usual, page):
    tested = typed(page("translate"), WORDS)
    first = component(tested, "unfold")["id"]
    tested = view(view(tested, "Alternatives"), "Word by word")
    assert component(tested, "unfold")["id"] == first
    assert tested.text_input[0].value == WORDS
    assert component(typed(tested, "le chien dort ."), "unfold")["id"] != first


def test_a_sentence_of_the_test_set_is_shown_with_what_people_wrote(usual, page):
    held = pairs_file.corpus(usual.config["data"]["file"]).test
    tested = page("translate")  # of one's own pairs it begins with these
    assert f"As people wrote it: {held.target[0]}" in texts(tested)
    picker = field(tested, "selectbox", f"Sentence, of {len(held)} that it was not trained on")
    tested = drawn(picker.set_value(2).run())
    assert f"As people wrote it: {held.target[2]}" in texts(tested)
    assert said(component(tested, "unfold")["source"]) == held.source[2].replace(" ", "")


# The beam


@pytest.mark.parametrize(("beams", "penalty"), [(4, 1.0), (3, 0.0), (1, 1.0)])
def test_the_alternatives_are_those_of_the_search_and_their_pieces_multiply_to_the_whole(
    usual, page, beams, penalty
):
    tested = view(typed(page("translate"), WORDS), "Alternatives")
    field(tested, "number_input", "Beam").set_value(beams)
    tested = drawn(field(tested, "number_input", "Length penalty").set_value(penalty).run())
    told = component(tested, "beam")
    expected = hypotheses(usual, WORDS, beams, penalty)
    assert [one["text"] for one in told["hypotheses"]] == [one.text for one in expected]
    assert len(told["hypotheses"]) == beams
    for shown, hypothesis in zip(told["hypotheses"], expected, strict=True):
        steps = by_single_steps(usual, WORDS, hypothesis.tokens)
        own = [step["shares"][token] for step, token in zip(steps, hypothesis.tokens, strict=True)]
        np.testing.assert_allclose([piece[2] for piece in shown["tokens"]], own, atol=2e-4)
        assert shown["share"] == pytest.approx(np.prod(own), rel=1e-2)
        length = len(hypothesis.tokens) ** penalty
        assert shown["score"] == pytest.approx(np.log(own).sum() / length, rel=1e-3)
    assert told["chosen"] == 0


def test_the_alternative_that_was_chosen_is_what_is_taken_apart(usual, page):
    tested = typed(page("translate"), WORDS)
    best, second = component(tested, "unfold")["written"], hypotheses(usual, WORDS, 5)[1]
    tested.session_state["hypothesis"] = (translator_of(usual).translate([WORDS])[0].source, 1)
    tested = drawn(tested.run())
    shown = component(tested, "unfold")["written"]
    assert shown != best
    assert len(shown) == len(second.tokens)
    # Another sentence has not been chosen from yet.
    tested = typed(tested, "le chien dort .")
    assert len(component(tested, "unfold")["written"]) == len(
        hypotheses(usual, "le chien dort .", 5)[0].tokens
    )


# Beside the other kind, and longer and longer


def test_without_a_model_beside_it_the_page_says_how_to_train_one(usual, page):
    tested = view(typed(page("translate"), WORDS), "Side by side")
    assert "no model of the same sentences without attention" in texts(tested)
    file = usual.config["data"]["file"]
    command = f"python -m training train pairs_seq2seq --model.attention none --data.file {file}"
    assert command in [code.value for code in tested.code]
    assert len(component(tested, "words-side")["texts"]) == 1


@pytest.mark.parametrize(
    ("recipe", "model", "words"),
    [
        ("multi30k_seq2seq", {}, "multi30k_folded_seq2seq"),
        ("tatoeba_seq2seq", {}, "tatoeba_seq2seq --model.attention none"),
        ("multi30k_folded_seq2seq", {}, "multi30k_seq2seq --model.attention multiplicative"),
    ],
)
def test_the_command_names_the_recipe_that_there_is(monkeypatch, tmp_path, recipe, model, words):
    from apps import translate_compare

    shown = []
    monkeypatch.setattr(translate_compare.st, "code", lambda text, *_, **__: shown.append(text))
    run = trainer.create(recipes.find(recipe).override(model), tmp_path, "one")
    translate_compare._say_how(Entry("runs", run))
    assert shown == [f"python -m training train {words}"]
    command = words.split()
    changed = recipes.find(command[0]).override({command[1][2:]: command[2]} if command[1:] else {})
    assert changed.model["attention"] != recipes.find(recipe).model.get("attention", "multiplicative")


def test_only_a_model_of_the_same_sentences_is_put_beside(shelves):
    one = Entry("runs", add(shelves, "one"))
    other = Entry("runs", add(shelves, "other", "none"))
    add(shelves, "same", "additive")
    shelves.add("early", recipe="pairs_seq2seq", model=False, rows=0, **{"model.attention": "none"})
    elsewhere = add(shelves, "elsewhere", "none")
    config = {**elsewhere.config, "data": {**elsewhere.config["data"], "file": "/elsewhere.tsv"}}
    elsewhere.write_json("config.json", config)
    assert [each.key for each in translating.partners(one, library.entries())] == [other.key]
    names = {each.key for each in translating.partners(other, library.entries())}
    assert names == {"runs/one", "runs/same"}


def test_both_translate_the_sentence_and_words_that_nobody_wrote_are_marked(shelves, page):
    runs_of = {"with": add(shelves, "with"), "without": add(shelves, "without", "none")}
    held = pairs_file.corpus(runs_of["with"].config["data"]["file"]).test
    tested = view(page("translate", model="runs/with"), "Side by side")
    reference, *shown = component(tested, "words-side")["texts"]
    assert [word for word, _ in reference["words"]] == held.target[0].split()
    assert [one["name"] for one in shown] == ["with, with attention", "without, without attention"]
    for name, one in zip(("with", "without"), shown, strict=True):
        text = hypotheses(runs_of[name], held.source[0], 5)[0].text
        assert [word for word, _ in one["words"]] == text.split()
        assert all(word in held.target[0].split() for word, agrees in one["words"] if agrees)
        chrf = sacrebleu.corpus_chrf([text], [[held.target[0]]]).score
        assert f"chrF {chrf:.0f}" in one["note"]


def test_a_sentence_grows_and_each_stage_is_measured_against_what_people_wrote(shelves, page):
    run = add(shelves)
    add(shelves, "without", "none")
    held = pairs_file.corpus(run.config["data"]["file"]).test
    tested = view(page("translate", model="runs/pairs"), "Longer and longer")
    drawn(field(tested, "slider", "Sentences that are joined").set_value(3).run())
    tested = drawn(field(tested, "slider", "Stage, in sentences").set_value(3).run())
    reference, *shown = component(tested, "words-stage")["texts"]
    assert " ".join(word for word, _ in reference["words"]) == " ".join(held.target[:3])
    best = hypotheses(run, " ".join(held.source[:3]), 5)[0].text
    assert " ".join(word for word, _ in shown[0]["words"]) == " ".join(best.split())
    assert len(tested.get("vega_lite_chart")) == 1  # nothing was measured by length yet
    assert "**With attention** it" in texts(tested)
    assert "**without attention** it" in texts(tested)
    commands = [code.value for code in tested.code]
    assert f"python -m training evaluate pairs --split test --runs-dir {shelves.runs}" in commands


def test_sentences_of_ones_own_grow_by_how_sure_the_model_is(usual, page):
    tested = view(page("translate"), "Longer and longer")
    tested = drawn(field(tested, "button_group", "Sentences").set_value("Your sentences").run())
    assert "Write some sentences" in texts(tested)
    drawn(tested.text_area[0].set_value("le chat dort .\n\nle <b>loup</b> mange .\n").run())
    (shown,) = component(tested, "words-stage")["texts"]
    assert re.match(r"score -\d", shown["note"])
    assert field(tested, "slider", "Stage, in sentences").max == 2


def test_what_was_measured_by_length_is_drawn(shelves, page):
    run = add(shelves)
    by_length = [
        {"longest": 4, "examples": 12, "bleu": 52.1, "chrf": 74.4},
        {"longest": 8, "examples": 30, "bleu": 31.0, "chrf": 50.9},
    ]
    run.write_json("evaluation.json", {"test": {"bleu": 40.0, "by_length": by_length}})
    tested = view(page("translate"), "Longer and longer")
    assert "40.0</strong> BLEU on test" in texts(tested)
    charts = tested.get("vega_lite_chart")
    assert len(charts) == 2
    assert not [code for code in tested.code if "evaluate" in code.value]


def test_the_pair_that_ships_is_shown_by_length_with_intervals_and_without_a_data_set(shelves, page):
    """Precomputed figures: neither model is loaded for another one's page, and nothing is downloaded."""
    for name in ("multi30k_small_seq2seq", "multi30k_small_no_attention_seq2seq"):
        shutil.copytree(runs.GALLERY / name, shelves.gallery / name)
    shelves.borrow("numbers_seq2seq")
    for model in ("runs/numbers_seq2seq", "gallery/multi30k_small_seq2seq"):
        tested = view(page("translate", model=model), "Longer and longer")
        assert "They differ only in attention" in texts(tested)
        spec = json.loads(tested.get("vega_lite_chart")[0].proto.spec)
        text = json.dumps(spec)
        assert '"low"' in text  # the ends of the intervals
        assert "without attention" in text
    numbers = view(page("translate", model="runs/numbers_seq2seq"), "Longer and longer")
    assert "joined" not in texts(numbers)  # several numbers in a row are no number


# Bad input


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing to translate"),
        ("   \t ", "nothing to translate"),
        ("\x00\x07\u200b", "nothing to translate"),
        ("le chat xylophone .", "Never seen in training, and read as unknown: x y"),
        ("\u732b\u304c\u5bdd\u308b", "Never seen in training, and read as unknown: \u732b"),
        ("\u0627\u0644\u0642\u0637\u0629", "Never seen in training"),
        ("le chat\x07 noir\u202e dort .", "characters that nobody sees were left out: U+0007, U+202E"),
        ("<img src=x onerror=alert(1)> **le** chat", "read as unknown"),
        ("le chat noir dort . " * 500, "only the first 400 of its "),
        ("le chat noir dort . " * 600, "Only the first 10,000 of its 12,000 characters are read"),
    ],
)
def test_what_can_not_be_read_is_told_calmly_and_stays(usual, page, text, says):
    tested = typed(page("translate"), text)
    assert says.lower() in texts(tested).replace("\\", "").lower()
    assert tested.text_input[0].value == text
    for name in ("Alternatives", "Side by side"):
        view(tested, name)


def test_a_run_without_its_tokenizers_is_told(shelves, page):
    run = add(shelves)
    (run.path / "source_tokenizer.json").unlink()
    assert "has lost its tokenizers" in texts(page("translate"))


def test_a_training_that_has_no_model_yet_and_an_empty_shelf_are_told(shelves, page):
    assert "numbers and dates take five minutes" in texts(page("translate", tab="Explore"))
    shelves.add("early", recipe="pairs_seq2seq", model=False, rows=0)
    assert "appears after the first epoch" in texts(page("translate", tab="Explore"))


# Train, Code, and the way here


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


def train(tested, content: bytes | None, name: str = "own.tsv", path: str = ""):
    drawn(field(tested, "selectbox", "Recipe").set_value("pairs_seq2seq").run())
    if content is not None:
        tested.file_uploader[0].set_value((name, content, "text/plain"))
    field(tested, "text_input", "File of pairs").set_value(path)
    return drawn(next(each for each in tested.button if each.label == "Start training").click().run())


def test_pairs_of_ones_own_are_kept_in_their_runs_folder(shelves, page, started):
    train(page("translate", tab="Train"), TSV.encode())
    (run,) = started
    assert run.config["recipe"] == "pairs_seq2seq"
    file = run.path / "pairs.tsv"
    assert run.config["data"]["file"] == str(file)
    assert file.read_bytes() == TSV.encode()
    source = recipes.from_config(run.config).data.load()
    assert len(source.train) + len(source.validation) + len(source.test) == 50


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"only one column\n" * 20, "has one column"),
        (b"a\tb\n", "at least 10 are needed"),
        (b"\x00\x01\x02" * 50, ""),
        (None, "Upload a file of pairs, or name one"),
    ],
)
def test_a_file_that_is_no_pairs_is_told_and_no_run_is_left(shelves, page, started, content, says):
    tested = train(page("translate", tab="Train"), content)
    assert says in tested.error[0].value
    assert started == []
    assert runs.runs_in(shelves.runs) == []


def test_a_file_of_pairs_can_be_named(shelves, page, started):
    tested = train(page("translate", tab="Train"), None, path="/nowhere/own.tsv")
    assert "own.tsv" in tested.error[0].value
    file = shelves.runs.parent / "own.tsv"
    file.write_text(TSV)
    train(tested, None, path=str(file))
    assert [run.config["data"]["file"] for run in started] == [str(file)]


def test_the_tab_code_builds_the_same_model_and_says_what_it_takes(usual, page):
    tested = page("translate", tab="Code")
    blocks = [code.value for code in tested.code]
    (builder,) = (block for block in blocks if block.startswith("from models import seq2seq"))
    space: dict = {}
    exec(builder, space)
    own = trainer.load_model(usual)
    assert [w.shape for w in space["model"].weights] == [w.shape for w in own.weights]
    (use,) = (block for block in blocks if "load_model" in block)
    assert "model([source, target])" in use
    assert f"(batch, T, {usual.config['spec']['target_tokens']})" in use
    assert "python -m training predict pairs" in use


def test_its_card_in_the_gallery_tells_bleu_and_leads_here(shelves, page):
    run = add(shelves, "translator")
    run.path.rename(shelves.gallery / "translator")
    moved = Run(shelves.gallery / "translator")
    moved.write_json("evaluation.json", {"test": {"accuracy": 0.9, "bleu": 41.26, "examples": 5}})
    assert "**41.3** BLEU on test sentences" in texts(page("home"))
    assert links._page(Entry("gallery", moved)) == links.TRANSLATE


def test_models_of_all_its_sources_lead_here():
    """But the pronouns', whose heads say more than their translations."""
    for source in translating.SOURCES:
        assert links.BY_SOURCE[source] == (links.HEADS if source == "pronouns_en_fr" else links.TRANSLATE)


def test_the_examples_are_read_without_a_stranger(shelves):
    """Of the numbers; those of the others need data sets that are not embedded."""
    source = recipes.find("numbers_seq2seq").data.load()
    tokenizer = translation.Tokenizer.from_json(source.files["source_tokenizer.json"])
    for sentence in translating.EXAMPLES["numbers_fr_en"]:
        assert tokenizer.strangers(sentence) == []
    assert json.dumps(translating.EXAMPLES)
