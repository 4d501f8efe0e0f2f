"""Heads: every share on the page against the model's own, heads switched off, the head that knows, bad input."""

import base64
import re

import keras
import numpy as np
import pytest

from apps import heads_panel, heads_search, looking, translating
from apps.library import Entry
from data import pronouns
from inspection import heads
from models import encoder as encoders
from tests.apps.conftest import component, drawn, field, texts
from training import recipes, runs, trainer, translation
from training.runs import Run
from training.saving import save_model

TIRED, WIDE = looking.TWINS[0]


def add(shelves, recipe: str, name: str = "mine", by: float = 3.0) -> Run:
    """An untrained model with its tokenizers, and weights so large that its heads prefer something."""
    run = shelves.add(name, recipe=recipe)
    for file, text in recipes.from_config(run.config).data.load().files.items():
        run.write_text(file, text)
    model = trainer.load_model(run)
    model.set_weights([by * each for each in model.get_weights()])
    save_model(model, run.model_path)
    return run


@pytest.fixture(scope="module")
def kept(kept_shelves) -> Run:
    return add(kept_shelves, "pronouns_encoder")


@pytest.fixture
def encoder(kept, lasting) -> Run:
    """For tests that leave it as it is."""
    return kept


@pytest.fixture(scope="module")
def kept_transformer(kept_shelves) -> Run:
    return add(kept_shelves, "pronouns_transformer", "translator", by=2.0)


@pytest.fixture
def transformer(kept_transformer, lasting) -> Run:
    """The same."""
    return kept_transformer


def gaze(tested) -> dict:
    return component(tested, "gaze")


def shares(tested) -> list[np.ndarray]:
    """The pixels of each layer `(heads and their mean, T, S)`."""
    told = gaze(tested)
    size = len(told["rows"]), len(told["columns"])
    return [
        np.frombuffer(base64.b64decode(layer["pixels"]), "uint8").reshape(-1, *size) / 255
        for layer in told["layers"]
    ]


def tokens(run: Run, text: str) -> np.ndarray:
    reader = translation.Tokenizer.from_json(translation.kept_files(run)["tokenizer.json"])
    return np.array([[*reader.encode(text), 2]], "int32")


def button(tested, label: str):
    return next(each for each in tested.button if each.label == label)


def test_every_head_is_shown_with_the_mean_and_it_is_picked(encoder, page):
    tested = page("heads", model="runs/mine")
    model, told = trainer.load_model(encoder), gaze(tested)
    given = tokens(encoder, TIRED)
    own = [keras.Model(model.input, model.get_layer(f"block{n}_weights").output)(given)[0] for n in (1, 2)]
    for seen, expected in zip(shares(tested), own, strict=True):
        expected = np.concatenate([expected, np.mean(expected, 0, keepdims=True)])
        np.testing.assert_allclose(seen, expected, atol=0.5 / 255 + 1e-5)
    words = [text for text, _ in told["rows"]]
    assert words[told["at"]["asks"]] == "it"
    assert words == [text for text, _ in told["columns"]]
    assert words[-1] == "[end]"
    assert (told["at"]["layer"], told["at"]["head"]) == (1, 2)  # the last layer's average
    assert "an average has no query and no key" in texts(tested)
    ((side,),) = [component(tested, "chances")["sides"]]
    logits = np.array(model(given))[0]
    expected = np.exp(logits - logits.max())
    np.testing.assert_allclose([share for _, share in side["shares"]], expected / expected.sum(), atol=1e-4)


def test_the_adjective_is_flipped_by_one_click_and_back(encoder, page):
    tested = page("heads", model="runs/mine")
    before = shares(tested)
    tested = drawn(button(tested, "Flip").click().run())
    assert tested.text_input[0].value == WIDE
    assert [text for text, _ in gaze(tested)["rows"]][-3:] == ["wide", ".", "[end]"]
    assert np.abs(shares(tested)[0] - before[0]).max() > 0.01
    tested = drawn(button(tested, "Flip").click().run())
    np.testing.assert_array_equal(shares(tested)[0], before[0])


def test_twins_stand_beside_each_other_under_the_head_that_is_picked(encoder, page):
    tested = page("heads", model="runs/mine")
    model = trainer.load_model(encoder)
    told = component(tested, "twins")
    assert told["title"] == "Layer 2, the average of its heads"
    pieces = gaze(tested)["rows"]
    picked = {"layer": 0, "head": 1, "asks": 3, "seen": 5, **heads_panel._marks(pieces, pieces)}
    tested.session_state["heads-at-runs/mine-self"] = picked
    under_one = component(drawn(tested.run()), "twins")
    assert under_one["title"] == "Layer 1, head 2"
    weights = [keras.Model(model.input, model.get_layer(f"block{n}_weights").output) for n in (1, 2)]
    for place, (text, differs) in enumerate(((TIRED, "tired."), (WIDE, "wide."))):
        given = tokens(encoder, text)
        side = told["sides"][place]
        assert [word for word, is_other in side["text"] if is_other] == [differs]
        assert " ".join(word for word, _ in side["text"]) == text
        assert (side["asks"], side["columns"][side["place"]]) == ("it", "it")
        np.testing.assert_allclose(side["looks"], np.mean(weights[1](given)[0], 0)[side["place"]], atol=1e-4)
        looks = under_one["sides"][place]["looks"]
        np.testing.assert_allclose(looks, weights[0](given)[0, 1, side["place"]], atol=1e-4)
        logits = np.array(model(given))[0]
        expected = np.exp(logits - logits.max())
        np.testing.assert_allclose(
            [share for _, share in side["shares"]], expected / expected.sum(), atol=1e-4
        )
    # Heads are off in both, and a sentence of nobody's has no twin.
    off = component(drawn(button(tested, "This layer off").click().run()), "twins")
    assert all(new["shares"] != old["shares"] for new, old in zip(off["sides"], told["sides"], strict=True))
    tested = drawn(tested.text_input[0].set_value("The animal slept.").run())
    assert not [each for each in tested.get("bidi_component") if each.key == "twins"]


def test_a_sentence_of_the_test_is_picked_with_its_twin(encoder, page):
    tests = pronouns.sentences(0, 400, 40).test
    tested = page("heads", model="runs/mine")
    tested = drawn(field(tested, "button_group", "From").set_value("Test set").run())

    def shown() -> int:
        """The number of the sentence, which the page shows in all its places."""
        number = tested.number_input[0].value
        each, twin = tests[number - 1], tests[(number - 1) ^ 1]
        sides = [" ".join(word for word, _ in side["text"]) for side in component(tested, "twins")["sides"]]
        assert sides == [each.english, twin.english]
        read = looking.words([tuple(piece) for piece in gaze(tested)["rows"]])
        assert [word for word, _ in read if word.isalpha()] == re.findall("[a-z]+", each.english.lower())
        assert f"Here “it” is the {each.nouns[each.referent].english}." in texts(tested)
        assert {each.referent, twin.referent} == {0, 1}
        return number

    assert (tested.number_input[0].min, tested.number_input[0].max, shown()) == (1, 40, 1)
    tested = drawn(button(tested, "Flip").click().run())
    assert shown() == 2
    tested = drawn(tested.number_input[0].set_value(39).run())
    assert shown() == 39
    found = set()
    for _ in range(4):
        tested = drawn(button(tested, "Another").click().run())
        found.add(shown())
    assert len(found) > 1


def test_of_a_model_that_answers_at_every_step_what_it_says_at_it_is_told(shelves, page):
    run = add(shelves, "pronouns_encoder")
    model = encoders.build(encoders.Config((None,), outputs=20, tokens=2000, returns="every", width=8))
    save_model(model, run.model_path)
    run.write_json("config.json", {**run.config, "spec": {**run.config["spec"], "every_step": True}})
    (side,) = component(page("heads", model="runs/mine"), "chances")["sides"]
    given, reader = tokens(run, TIRED), looking.tokenizer_of(Entry("runs", run))
    place = [text for text, _ in translating.pieces(reader, given[0])].index("it")
    logits = np.array(model(given))[0, place]
    expected = np.sort(np.exp(logits) / np.exp(logits).sum())[::-1][: looking.LIKELIEST]
    np.testing.assert_allclose([share for _, share in side["shares"]], expected, atol=1e-4)


def test_a_score_is_the_sum_of_its_products(encoder, page):
    tested = page("heads", model="runs/mine")
    pieces = gaze(tested)["rows"]
    picked = {"layer": 1, "head": 1, "asks": 3, "seen": 5, **heads_panel._marks(pieces, pieces)}
    tested.session_state["heads-at-runs/mine-self"] = picked
    tested = drawn(tested.run())
    told = component(tested, "features")
    query, key, product = (np.array(row["values"]) for row in told["rows"])
    np.testing.assert_allclose(product, query * key, atol=2e-3)
    assert told["sum"] == pytest.approx(product.sum(), abs=2e-3)
    assert told["share"] == pytest.approx(shares(tested)[1][1, 3, 5], abs=0.003)


def test_heads_are_switched_off_and_the_answer_without_them_stands_beside(encoder, page):
    tested = page("heads", model="runs/mine")
    tested = drawn(button(tested, "This layer off").click().run())
    assert [layer["on"] for layer in gaze(tested)["layers"]] == [[True, True], [False, False]]
    whole, without = component(tested, "chances")["sides"]
    assert without["title"] == "Without 2 heads"
    found = heads.look(trainer.load_model(encoder), tokens(encoder, TIRED), {"block2_weights": [0, 1]})
    expected = np.exp(found.output[0]) / np.exp(found.output[0]).sum()
    np.testing.assert_allclose([share for _, share in without["shares"]], expected, atol=1e-4)
    assert whole["shares"] != without["shares"]
    tested = drawn(button(tested, "All on").click().run())
    assert len(component(tested, "chances")["sides"]) == 1


def test_a_layer_that_is_off_has_no_lines(encoder, page):
    tested = page("heads", model="runs/mine")
    layer = gaze(tested)["at"]["layer"]
    before = shares(tested)[layer]
    tested = drawn(button(tested, "This layer off").click().run())
    told = gaze(tested)
    assert not any(told["layers"][layer]["on"])
    assert before.max() > 0
    assert not shares(tested)[layer].any()  # each head and their mean
    assert all(shares(tested)[other].any() for other in range(len(told["layers"])) if other != layer)


def test_the_mean_is_that_of_the_heads_that_are_on(encoder, page):
    tested = page("heads", model="runs/mine")
    layer, heads_there = gaze(tested)["at"]["layer"], len(gaze(tested)["layers"][0]["on"])
    name = list(heads.attentions(trainer.load_model(encoder)))[layer]
    tested.session_state[f"heads-off-runs/{encoder.name}"] = {name: {0}}
    tested = drawn(tested.run())
    found = shares(tested)[layer]
    assert not found[0].any()
    np.testing.assert_allclose(found[-1], found[1:-1].sum(0) / (heads_there - 1), atol=0.01)


def test_a_sentence_without_a_pronoun_is_said_to_have_none(encoder, page):
    assert "no pronoun" not in texts(page("heads", model="runs/mine"))
    tested = page("heads", model="runs/mine")
    (typed,) = [each for each in tested.text_input if each.label == "Sentence"]
    tested = drawn(typed.set_value("The writing on the wall was wide.").run())
    assert "This sentence has no pronoun" in texts(tested)


def test_it_inside_another_word_is_no_pronoun():
    inside = [("the", True), ("wr", True), ("it", False), ("ing", False), ("fell", True)]
    assert not looking.has_pronoun(inside)
    assert looking.pronoun(inside) == 4
    both = [*inside, ("it", True), ("broke", True)]
    assert looking.has_pronoun(both)
    assert looking.pronoun(both) == 5


def test_the_head_that_knows_is_looked_for_in_the_test_and_picked(encoder, page):
    tested = page("heads", model="runs/mine")
    tested = drawn(button(tested, "Find the head that knows what “it” means").click().run())
    told = gaze(tested)
    layer, head = told["best"]
    notes = [float(note.removesuffix("%")) for each in told["layers"] for note in each["notes"]]
    assert max(notes) == float(told["layers"][layer]["notes"][head].removesuffix("%"))
    assert (told["at"]["layer"], told["at"]["head"]) == (layer, head)
    assert re.search(rf"Layer {layer + 1}, head {head + 1}.*of 40 test sentences", texts(tested))


def test_the_questions_ask_the_last_it_about_the_noun_that_it_stands_for(encoder):
    entry = Entry("runs", encoder)
    drawn_sentences = pronouns.sentences(0, 400, 40).test
    _, inputs, asks, wanted = heads_search.questions(entry, drawn_sentences, "self")
    reader = looking.tokenizer_of(entry)
    assert len(asks) == 40
    for row, place, noun, each in zip(inputs, asks, wanted, drawn_sentences, strict=True):
        assert reader.pieces([row[place]])[0].lower().endswith("it")
        text = "".join(reader.pieces(row[noun])).replace("▁", "")
        assert text.lower() == each.nouns[each.referent].english.lower()


def test_a_transformer_shows_encoder_decoder_and_what_it_writes_without_heads(transformer, page):
    tested = page("heads", model="runs/translator")
    assert len(gaze(tested)["layers"]) == 2
    tested = drawn(field(tested, "button_group", "Attention").set_value("cross").run())
    told = gaze(tested)
    assert [text for text, _ in told["columns"]][-1] == "[end]"
    model = trainer.load_model(transformer)
    files = translation.kept_files(transformer)
    source = [*translation.Tokenizer.from_json(files["source_tokenizer.json"]).encode(TIRED), 2]
    written = heads.write(model, source, 1, 2, min(2 * len(source) + 10, looking.MOST_TOKENS), (0, 1, 3))
    own = heads.look(model, [np.array([source]), np.array([[1, *written[:-1]]])])
    mean = own.weights["decoder2_cross_weights"][0].mean(0)
    np.testing.assert_allclose(shares(tested)[1][-1], mean, atol=0.5 / 255 + 1e-5)
    for side, text in zip(component(tested, "twins")["sides"], (TIRED, WIDE), strict=True):
        source = [*translation.Tokenizer.from_json(files["source_tokenizer.json"]).encode(text), 2]
        assert len(side["columns"]) == len(side["looks"]) == len(source)
        assert side["words"] is not None
    tested = drawn(field(tested, "button_group", "Attention").set_value("decoder").run())
    assert gaze(tested)["columns"][0] == ["[start]", True]
    assert not [each for each in tested.button if each.label.startswith("Find")]
    tested = drawn(button(tested, "This layer off").click().run())
    assert [side["title"] for side in component(tested, "chances")["sides"]] == [
        "With every head",
        "Without 2 heads",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing to read"),
        ("   \t", "nothing to read"),
        ("The xyłophone 猫 slept.", "Never seen in training, and read as unknown:"),
        ("the animal " * 1000, "only 64 of its 1,8"),
        ("it", ""),
        ("<img src=x onerror=alert(1)> **it**", ""),
    ],
)
def test_what_can_not_be_read_is_told_calmly(encoder, page, text, says):
    tested = page("heads", model="runs/mine")
    tested = drawn(tested.text_input[0].set_value(text).run())
    assert says.lower() in texts(tested).replace("\\", "").lower()


def own(tested, model: keras.Model, tmp_path):
    """The page after a file was uploaded."""
    tested = drawn(field(tested, "button_group", "Whose").set_value("Your own file").run())
    model.save(tmp_path / "own.keras")
    content = (tmp_path / "own.keras").read_bytes()
    return drawn(tested.file_uploader[0].set_value(("own.keras", content, "application/zip")).run())


def test_a_model_of_ones_own_is_looked_into_and_told_where_it_has_no_attention(encoder, page, tmp_path):
    x = keras.Input((None,), dtype="int32", name="numbers")
    y = keras.layers.Embedding(9, 6)(x)
    y = keras.layers.MultiHeadAttention(2, 3, name="looks")(y, y)
    tested = own(page("heads"), keras.Model(x, keras.layers.Dense(2)(y)), tmp_path)
    told = gaze(tested)
    assert [layer["title"] for layer in told["layers"]] == ["looks"]
    assert len(told["rows"]) == len(told["columns"]) == 8
    box = field(tested, "text_input", "numbers: whole numbers from 0 to 8")
    tested = drawn(box.set_value("1, 2, 3").run())
    assert [text for text, _ in gaze(tested)["rows"]] == ["1", "2", "3"]
    box = field(tested, "text_input", "numbers: whole numbers from 0 to 8")
    assert "write whole numbers from 0 to 8" in texts(drawn(box.set_value("1, 99").run()))


def test_a_model_without_attention_says_so(encoder, page, tmp_path):
    x = keras.Input((4,), name="x")
    tested = own(page("heads"), keras.Model(x, keras.layers.Dense(2)(x)), tmp_path)
    assert "no attention is found in this model" in texts(tested)


def test_a_run_without_its_tokenizer_or_its_model_is_told(shelves, page):
    run = shelves.add("bare", recipe="pronouns_encoder")
    assert "has lost its tokenizer" in texts(page("heads", model="runs/bare"))
    run.model_path.unlink()
    shelves.add("early", recipe="pronouns_transformer", model=False, rows=0)
    assert "appears after the first epoch" in texts(page("heads", model="runs/early"))


def test_both_architectures_are_trained_here_and_their_code_is_shown(encoder, page):
    tested = page("heads", model="runs/mine", tab="Train")
    offered = field(tested, "selectbox", "Recipe").options
    assert {each.split()[0] for each in offered} >= {"pronouns_encoder", "pronouns_transformer"}
    for recipe in ("pronouns_transformer", "pronouns_encoder"):
        drawn(field(tested, "selectbox", "Recipe").set_value(recipe).run())
    tested = page("heads", model="runs/mine", tab="Code")
    (builder,) = [code.value for code in tested.code if code.value.startswith("from models import encoder")]
    space: dict = {}
    exec(builder, space)
    shapes = [w.shape for w in trainer.load_model(encoder).weights]
    assert [w.shape for w in space["model"].weights] == shapes


def test_the_translate_page_takes_a_transformer(transformer, page):
    tested = page("translate", model="runs/translator")
    told = component(tested, "unfold")
    assert told["states"] == []
    looked = np.frombuffer(base64.b64decode(told["looked"]), "uint8")
    assert looked.size == len(told["written"]) * len(told["source"])
    for view in ("Alternatives", "Side by side", "Longer and longer"):
        tested = drawn(field(tested, "button_group", "Look at").set_value(view).run())


def test_the_gallerys_models_are_there():
    for name in ("pronouns_encoder", "pronouns_transformer"):
        assert looking.fits(Entry("gallery", runs.find(name, runs.GALLERY)))
