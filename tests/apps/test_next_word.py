"""Next word: what the page tells against the model itself, the branches of a text, and bad input."""

import base64
import functools
import itertools

import keras
import numpy as np
import pytest

from apps import continuing, launch, links
from apps.continuing import MOST_BRANCHES, Tree
from apps.library import Entry
from apps.next_word_panel import FINEST
from apps.texts import visible
from data.tokens import SPECIAL
from inspection import heads
from tests.apps.conftest import component, drawn, field, texts
from training import recipes, runs, trainer, translation
from training.runs import Run
from training.saving import save_model
from training.writing import Drawing, Writer

TEXT = "".join(
    f"the {a} sees the {b} and goes.\n" for a, b in itertools.product(["cat", "dog", "wolf"], repeat=2)
)
TEXT = TEXT * 20
CONTEXT = 16


def add(shelves, name: str = "own", **changes) -> Run:
    """A GPT of our own text, untrained, with weights so large that it prefers something, but no end."""
    file = shelves.runs.parent / "own.txt"
    file.write_text(TEXT)
    run = shelves.add(name, recipe="text_gpt", **{"data.file": str(file), "data.block": CONTEXT, **changes})
    for tokenizer, text in recipes.from_config(run.config).data.load().files.items():
        run.write_text(tokenizer, text)
    model = trainer.load_model(run)
    generator = np.random.default_rng(1)
    model.set_weights([each + 0.2 * generator.normal(size=each.shape) for each in model.get_weights()])
    norm, embedding = (model.get_layer(name) for name in ("block_norm", "embedding"))
    norm.beta.assign(keras.ops.ones_like(norm.beta))
    (table,) = embedding.get_weights()
    table[SPECIAL.index("[END]")] = -5  # over against what the norm gives: a logit far below all others
    embedding.embeddings.assign(table)
    save_model(model, run.model_path)
    return run


@pytest.fixture(scope="module")
def kept(kept_shelves) -> Run:
    return add(kept_shelves)


@pytest.fixture
def usual(kept, lasting) -> Run:
    """The usual GPT, for tests that leave it as it is."""
    return kept


@functools.lru_cache(2)
def writer_of(run: Run) -> Writer:
    """Another one than the page's."""
    return Writer(trainer.load_model(run), translation.kept_files(run), CONTEXT)


def open_at(page, prompt: str, **settings):
    """The page with a prompt and settings."""
    tested = page("next_word")
    for label, value in settings.items():
        kind = "slider" if label in ("Temperature", "Top-p") else "number_input"
        field(tested, kind, label.replace("_", "-")).set_value(value)
    return drawn(field(tested, "text_area", "Prompt").set_value(prompt).run())


def told(tested):
    return component(tested, "next_word")


def click(tested, label: str):
    return drawn(next(each for each in tested.button if each.label == label).click().run())


def wrote(tested):
    """The page after all that was to be written is."""
    tested = click(tested, "Write")
    for _ in range(200):
        if not told(tested)["writing"]:
            return tested
        tested = drawn(tested.run())
    pytest.fail("it writes on and on")


def said(shown) -> str:
    return "".join(text for text, *_ in shown["tokens"])


def tree_of(tested) -> Tree:
    return tested.session_state["next_word_tree"][1]


# What may come next


def test_the_bars_are_the_models_shares_and_what_is_drawn_with(usual, page):
    writer = writer_of(usual)
    tested = open_at(page, "the cat ", **{"Temperature": 0.5, "Top_k": 5})
    shown = told(tested)
    logits = writer.model(np.array([writer.read("the cat ")[0]], "int32"))[0, -1].numpy().astype("float64")
    logits[[0, 1, 3]] = -np.inf  # never written
    order = np.argsort(-logits)
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    sharp = np.where(np.isin(np.arange(len(shares)), order[:5]), shares**2, 0)
    sharp /= sharp.sum()
    assert [bar[0] for bar in shown["bars"]][:5] == order[:5].tolist()
    for token, name, share, with_share in shown["bars"]:
        assert share == pytest.approx(shares[token], abs=2e-5)
        assert with_share == pytest.approx(sharp[token], abs=2e-5)
        assert name == visible(writer.tokenizer.pieces([token])[0])
    assert (shown["place"], shown["read"], shown["context"]) == (8, 8, CONTEXT)


def test_it_writes_what_the_writer_writes_and_as_many_tokens_as_were_asked_for(usual, page):
    tested = wrote(open_at(page, "the dog", Tokens=40, Temperature=1.2, Seed=3))
    ((expected, _),) = writer_of(usual).write(["the dog"], 40, Drawing(1.2), seed=3)
    shown = told(tested)
    assert said(shown) == f"the dog{expected}"
    assert shown["prompt"] == 7
    assert all(share is None for _, share, _ in shown["tokens"][:7])
    assert (len(shown["tokens"]), shown["read"]) == (47, CONTEXT - 1)


def test_stop_stops_and_another_drawing_goes_on_with_it(usual, page, monkeypatch):
    monkeypatch.setattr(continuing, "AT_ONCE", 2)
    tested = click(open_at(page, "the dog", Tokens=1000), "Write")
    assert told(tested)["writing"]
    assert [each.label for each in tested.button if each.label in ("Write", "Stop")] == ["Stop"]
    tested = drawn(field(tested, "slider", "Temperature").set_value(0.0).run())
    before = [step.token for step in tree_of(tested).text()]
    tested = click(tested, "Stop")
    after = [step.token for step in tree_of(tested).text()]
    assert not told(tested)["writing"]
    assert after[: len(before)] == before
    greedy = [step.token for step in itertools.islice(writer_of(usual).stream(before[:-2], Drawing(0.0)), 2)]
    assert before[-2:] == greedy


# Alternatives and branches


def test_a_written_token_tells_what_it_was_drawn_from(usual, page):
    tested = wrote(open_at(page, "the dog", Tokens=5, Temperature=1.0))
    tree_of(tested).chosen = 9
    shown = told(drawn(tested.run()))
    tokens = [step.token for step in tree_of(tested).text()]
    likely = writer_of(usual).likely(tokens[:9], Drawing(1.0), continuing.BAR)
    assert (shown["place"], shown["token"], shown["read"]) == (9, tokens[9], 9)
    np.testing.assert_allclose([bar[2] for bar in shown["bars"]], likely.shares, atol=2e-5)
    tree_of(tested).chosen = 3  # of the prompt
    shown = told(drawn(tested.run()))
    likely = writer_of(usual).likely(tokens[:3], Drawing(1.0), continuing.BAR)
    np.testing.assert_allclose([bar[2] for bar in shown["bars"]], likely.shares, atol=2e-5)


@pytest.fixture(scope="module")
def plain(kept) -> Writer:
    """A writer without a page."""
    return writer_of(kept)


def written(writer: Writer, count: int = 12) -> Tree:
    tree = Tree(tuple(writer.begin("the")[0]))
    tree.begin(count)
    while tree.left:
        tree.write(writer, Drawing(3.0, top_k=8), seed=5)
    return tree


def tokens_of(tree: Tree) -> list[int]:
    return [step.token for step in tree.text()]


def test_taking_another_token_cuts_there_and_the_old_way_can_be_walked_back_to(plain):
    tree = written(plain)
    first = tokens_of(tree)
    step = tree.text()[6]
    other = next(int(token) for token in step.likely.tokens if token != step.token)
    tree.take(6, other, step.likely, step.read)
    assert tokens_of(tree) == [*first[:6], other]
    assert tree.text()[-1].by_hand
    tree.begin(4)
    while tree.left:
        tree.write(plain, Drawing(0.0), seed=0)
    second = tokens_of(tree)
    expected = [step.token for step in itertools.islice(plain.stream([*first[:6], other], Drawing(0.0)), 4)]
    assert second[7:] == expected
    # A branch of the prompt's part parts from the first one, though the second is shown.
    tree.take(2, other, step.likely, 2)
    assert tree.branches[tree.now].parent == 0
    assert tokens_of(tree) == [*first[:2], other]
    tree.show(0)
    assert tokens_of(tree) == first
    tree.show(1)
    assert tokens_of(tree) == second


def test_taking_the_token_that_stands_there_cuts_behind_it(plain):
    tree = written(plain)
    first, step = tokens_of(tree), tree.text()[6]
    tree.take(6, step.token, step.likely, step.read)
    assert tokens_of(tree) == first[:7]
    assert not tree.text()[6].by_hand
    tree.take(7, 5, step.likely, 7)  # at the end it is added, and no branch parts
    assert tokens_of(tree) == [*first[:7], 5]
    assert len(tree.branches) == 2


@pytest.mark.parametrize("chain", [False, True])
def test_no_more_branches_are_kept_than_may_be(plain, chain):
    tree = written(plain)
    step = tree.text()[4]
    for number in range(2 * MOST_BRANCHES):
        if chain:  # each hangs on the one before
            place = len(tree.text()) - 1
            tree.take(place + 1, 6, step.likely, 1)
            tree.take(place + 1, 7 + number % 2, step.likely, 1)
        else:
            tree.show(0)
            tree.take(4, 5, step.likely, 1)
        assert len(tree.branches) <= MOST_BRANCHES
        assert tree.now in tree.branches
        assert sum(branch.parent is None for branch in tree.branches.values()) == 1
        assert tokens_of(tree)[:3] == list(tree.prompt)


def test_the_tree_is_told_with_the_way_that_was_taken(usual, page):
    tested = wrote(open_at(page, "the dog", Tokens=6, Temperature=1.5))
    tree = tree_of(tested)
    step = tree.text()[8]
    tree.take(8, int(step.likely.tokens[2]), step.likely, step.read)
    rows = told(drawn(tested.run()))["tree"]
    assert [(row["number"], row["depth"], row["now"], row["taken"]) for row in rows] == [
        (0, 0, False, True),
        (1, 1, True, True),
    ]
    assert (rows[1]["start"], rows[1]["count"]) == (8, 1)
    assert rows[0]["text"].startswith("the dog")
    tested = click(tested, "Begin anew")
    assert len(told(tested)["tree"]) == 1
    assert said(told(tested)) == "the dog"


# Where it looked


def test_the_attention_is_that_of_the_token_that_comes_next_or_was_chosen(usual, page):
    tested = wrote(open_at(page, "the dog", Tokens=4, Temperature=1.0))
    tested = drawn(field(tested, "button_group", "Look at").set_value("Attention").run())
    tokens = [step.token for step in tree_of(tested).text()]
    for place in (len(tokens), 9):
        tree_of(tested).chosen = place
        looks = told(drawn(tested.run()))["looks"]
        values = np.frombuffer(base64.b64decode(looks["shares"]), "<u2") / FINEST
        looked = heads.look(trainer.load_model(usual), np.array([tokens[:place]], "int32"))
        expected = np.stack([found[0, :, -1] for found in looked.weights.values()])
        assert (looks["layers"], looks["heads"], looks["count"]) == expected.shape
        np.testing.assert_allclose(values.reshape(expected.shape), expected, atol=2e-5)


# Surprise


def surprised(page, text: str):
    tested = drawn(field(page("next_word"), "button_group", "Look at").set_value("Surprise").run())
    return drawn(field(tested, "text_area", "Text").set_value(text).run())


def test_each_token_is_told_with_its_surprise_and_what_was_preferred(usual, page):
    writer = writer_of(usual)
    text = "the wolf sees the wolf\nand the cat"
    tested = surprised(page, text)
    shown = component(tested, "surprise")
    tokens = writer.read(text)[0]
    nats = writer.surprise(tokens)
    assert shown["tokens"] == list(text)
    assert shown["nats"][0] is None
    np.testing.assert_allclose(shown["nats"][1:], nats[1:], atol=1e-3)
    place = shown["most"][0][0]
    assert nats[place] == max(nats[1:])
    best = writer.reading(tokens).preferred[5]
    assert shown["preferred"][5] == best.tolist()
    names = [shown["names"][str(token)] for token in best]
    assert names == [visible(piece) for piece in writer.tokenizer.pieces(best.tolist())]
    metrics = {each.label: each.value for each in tested.metric}
    assert metrics["A token"] == metrics["A character"] == f"{nats[1:].mean():.2f} nats"
    assert metrics["Perplexity"] == f"{np.exp(nats[1:].mean()):,.1f}"
    assert metrics["Tokens"] == str(len(tokens))


def test_a_text_of_any_kind_is_told_calmly(usual, page, monkeypatch):
    from apps import surprise_panel

    monkeypatch.setattr(surprise_panel, "MOST_READ", 300)
    tested = surprised(page, "the cat")
    for text, says in {
        "": "there is nothing to read",
        "t": "it is a single token",
        "\x00\x07": "left out: ␀ ␇",
        "the\x07 cat": "left out: ␇",
        "<img src=x onerror=alert(1)> **the** cat": "never seen in training, and left out: <",
        "the cat " * 12_500: "of its 100,000 tokens the first 300 are read",
        "the cat " * 13_000: "only the first 100,000 of its 104,000 characters are read",
    }.items():
        tested = drawn(field(tested, "text_area", "Text").set_value(text).run())
        assert says in texts(tested).replace("\\", "").lower()
        assert field(tested, "text_area", "Text").value == text


# Bad input


def test_what_can_not_be_taken_as_it_is_is_told_calmly_and_it_writes(usual, page):
    tested = open_at(page, "the cat", Tokens=3)
    for prompt, says in {
        "": "the prompt is empty: it begins with a new line",
        "the ☃ cat€": "never seen in training, and left out: ☃ €",
        "the cat " * 5: "of its 40 tokens the last 15 are read: that is the context",
        "the cat " * 13_000: "only the last 100,000 of its 104,000 characters are read",
    }.items():
        tested = drawn(field(tested, "text_area", "Prompt").set_value(prompt).run())
        assert says in texts(tested).replace("\\", "").lower()
        assert field(tested, "text_area", "Prompt").value == prompt
        before = len(told(tested)["tokens"])
        tested = wrote(tested)
        assert len(told(tested)["tokens"]) == before + 3
        assert told(tested)["read"] <= CONTEXT - 1
    tested = drawn(field(tested, "number_input", "Top-k").set_value(10**12).run())
    assert "tokens that there are: all are kept" in texts(tested).replace("\\", "")
    tested = wrote(drawn(field(tested, "slider", "Temperature").set_value(0.0).run()))
    assert "at temperature 0 nothing is drawn" in texts(tested).lower()
    assert [bar[3] for bar in told(tested)["bars"]][:2] == [1, 0]


def test_temperatures_below_0_and_shares_of_none_can_not_be_reached(usual, page):
    tested = page("next_word")
    assert (field(tested, "slider", "Temperature").min, field(tested, "slider", "Temperature").max) == (0, 2)
    assert field(tested, "slider", "Top-p").min > 0
    assert field(tested, "number_input", "Top-k").min == 0
    assert field(tested, "number_input", "Tokens").min == 1


def test_a_model_of_pieces_writes_too(shelves, page):
    add(shelves, **{"data.vocabulary": 300, "data.block": 2})
    tested = wrote(open_at(page, "the cat ☃ sees", Tokens=5, Temperature=2.0))
    assert "left out" not in texts(tested)
    assert len(told(tested)["tokens"]) >= 6


def test_nobody_sees_nothing(shelves):
    assert visible(" \n\t\x07\u200be") == "␣⏎⇥␇<U+200B>e"
    assert visible("a b\n", " \n") == "a b\n"


def test_a_run_without_its_tokenizer_and_one_without_a_model_are_told(shelves, page):
    run = add(shelves)
    (run.path / "tokenizer.json").unlink()
    assert "has lost its tokenizer" in texts(page("next_word"))
    run.model_path.unlink()
    assert "appears after the first epoch" in texts(page("next_word", tab="Explore"))


def test_an_empty_shelf_says_what_to_train(shelves, page):
    assert "takes a minute and a half" in texts(page("next_word", tab="Explore"))


# Train, Code, and the way here


def test_the_tab_code_builds_the_same_model_and_says_what_it_takes(usual, page):
    blocks = [code.value for code in page("next_word", tab="Code").code]
    (builder,) = (block for block in blocks if block.startswith("from models import gpt"))
    space: dict = {}
    exec(builder, space)
    assert [w.shape for w in space["model"].weights] == [w.shape for w in trainer.load_model(usual).weights]
    (use,) = (block for block in blocks if "load_model" in block)
    assert f"T up to {CONTEXT}" in use
    assert "python -m training predict own" in use


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


def train(tested, content: bytes | None, path: str = ""):
    drawn(field(tested, "selectbox", "Recipe").set_value("text_gpt").run())
    if content is not None:
        tested.file_uploader[0].set_value(("own.txt", content, "text/plain"))
    field(tested, "text_input", "Text file").set_value(path)
    return drawn(next(each for each in tested.button if each.label == "Start training").click().run())


def test_a_text_of_ones_own_is_kept_in_its_runs_folder(shelves, page, started):
    train(page("next_word", tab="Train"), 6 * TEXT.encode())
    (run,) = started
    file = run.path / "text.txt"
    assert run.config["data"]["file"] == str(file)
    assert file.read_text() == 6 * TEXT


@pytest.mark.parametrize(
    ("content", "path", "says"),
    [
        (None, "", "Upload a text, or name a file"),
        (None, "/nowhere/own.txt", "can't be read"),
        (b"\xff\xfe\x00a" * 50, "", "no text"),
        (b" ", "", "is empty"),
        (b"too short", "", "are too few"),
    ],
)
def test_a_file_that_is_no_text_is_told_and_no_run_is_left(shelves, page, started, content, path, says):
    tested = train(page("next_word", tab="Train"), content, path)
    assert says in tested.error[0].value
    assert started == []
    assert runs.runs_in(shelves.runs) == []


def test_models_that_write_lead_here(shelves, page):
    run = add(shelves)
    assert links._page(Entry("runs", run)) == links.NEXT_WORD
    run.path.rename(shelves.gallery / "own")
    Run(shelves.gallery / "own").write_json("evaluation.json", {"test": {"accuracy": 0.5, "loss": 1.5}})
    assert "right on test" in texts(page("home"))
