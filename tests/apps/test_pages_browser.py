"""Activations, Frames and Signals as a person goes through them: a real server, a real browser, a mouse."""

import re

import pytest

from data import SOURCES
from tests.apps.conftest import until
from tests.apps.test_browser import arrive, draw, expect

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"
PICTURES = "(all) => all.map((canvas) => canvas.toDataURL())"
# What a player would play: how many points, and how many of them are not silence.
SOUND = """async (audio) => {
  const file = await (await fetch(audio.src)).arrayBuffer();
  const points = new Int16Array(file, 44);
  return [points.length, points.filter((point) => point).length];
}"""


@pytest.fixture(scope="module")
def nets(server_shelves) -> None:
    """Among the runs, so that the server's gallery is the same for all tests."""
    server_shelves.add("pages_mlp", recipe="digits_mlp")
    server_shelves.add("pages_waves", recipe="waveforms_cnn")
    server_shelves.borrow("clips_cnn")


def label(source: str, number: int) -> str:
    """What the test example of that number, from 1 on, is labelled."""
    found = SOURCES[source].load()
    return found.spec.classes[found.test.targets[number - 1]]


def test_functions_are_compared_and_units_watched_on_another_example(tab, nets):
    arrive(tab, "/activations?model=runs/pages_mlp")
    charts = tab.get_by_test_id("stVegaLiteChart").locator("svg")
    function, slope = charts.nth(0), charts.nth(1)
    lines = ".mark-line path"
    expect(function.locator(lines)).to_have_count(3)
    names = tab.get_by_role("toolbar", name="Functions")
    for name in ("relu", "gelu", "sigmoid"):
        names.get_by_role("button", name=name, exact=True).click()
    expect(tab.get_by_text("Choose a function, or several")).to_be_visible()
    names.get_by_role("button", name="quadratic").click()
    expect(function.locator(lines)).to_have_count(1)
    expect(function).to_contain_text("16")  # of 4, the edge
    expect(slope).to_contain_text("−8")  # noqa: RUF001 (a minus)
    expect(tab.get_by_text("x², a polynomial")).to_be_visible()
    names.get_by_role("button", name="tanh").click()
    expect(slope.locator(lines)).to_have_count(2)

    answer = tab.locator(".st-key-answer")
    expect(answer.locator(".caption")).to_have_text(f"Labelled {label('digits', 1)}")
    seen = answer.locator("canvas").evaluate(PICTURE)
    example = tab.get_by_role("spinbutton", name=re.compile("Test example"))
    example.fill("3")
    example.press("Enter")
    expect(answer.locator(".caption")).to_have_text(f"Labelled {label('digits', 3)}")
    until(lambda: answer.locator("canvas").evaluate(PICTURE) != seen, "the picture is another")
    expect(tab.get_by_text("dense1_act")).to_be_visible()
    expect(charts).to_have_count(4)  # a histogram for each layer of units
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_a_clip_plays_freezes_and_runs_backwards_and_the_answer_follows(tab, nets):
    arrive(tab, "/frames?model=runs/clips_cnn")
    clip, answer = tab.locator(".st-key-clip"), tab.locator(".st-key-clip-answer .class")
    screen, at = clip.locator(".screen canvas"), clip.locator(".bar span")
    strip = clip.locator(".strip canvas")
    expect(answer).to_have_text("ball right")

    # It plays by itself, can be stopped and stepped, and plays again.
    clip.get_by_role("button", name="Pause").click()
    stood, shown = at.text_content(), screen.evaluate(PICTURE)
    clip.get_by_role("button", name="Next frame").click()
    expect(at).not_to_have_text(stood)
    assert screen.evaluate(PICTURE) != shown
    stood = at.text_content()
    clip.get_by_role("button", name="Play").click()
    expect(at).not_to_have_text(stood)

    frames = strip.evaluate_all(PICTURES)
    assert len(set(frames)) == 4
    times = tab.get_by_role("radiogroup", name="Time")
    times.get_by_role("radio", name="Reversed").click()
    expect(answer).to_have_text("ball left")
    assert strip.evaluate_all(PICTURES) == frames[::-1]
    expect(clip.get_by_role("button", name="Pause")).to_be_visible()
    stood = at.text_content()
    expect(at).not_to_have_text(stood)  # it still plays
    times.get_by_role("radio", name="Frozen").click()
    expect(answer).to_have_text("ball still")
    assert strip.evaluate_all(PICTURES) == frames[-1:] * 4

    times.get_by_role("radio", name="As it is").click()
    tab.get_by_role("radiogroup", name="Goes").get_by_role("radio", name="up").click()
    tab.get_by_role("radiogroup", name="Shape").get_by_role("radio", name="cross").click()
    expect(answer).to_have_text("cross up")

    # Clips of the test set, and the kernels that saw them.
    tab.get_by_role("radio", name="Test clips").click()
    number = tab.get_by_role("spinbutton", name="Test clip")
    expect(number).to_have_value("1")
    until(lambda: not set(strip.evaluate_all(PICTURES)) & set(frames), "a clip of the test set is shown")
    first = strip.evaluate_all(PICTURES)
    kernel = tab.locator(".st-key-kernels article").first.locator("canvas").last
    seen = kernel.evaluate(PICTURE)
    number.fill("5")
    number.press("Enter")
    until(lambda: strip.evaluate_all(PICTURES) != first, "another clip is shown")
    until(lambda: kernel.evaluate(PICTURE) != seen, "the first kernel's map is of that clip")
    labelled = tab.get_by_text(re.compile("^Labelled "))
    expect(labelled).to_have_text(f"Labelled {answer.text_content()}")
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_a_signal_is_picked_or_drawn_seen_and_heard(tab, nets):
    arrive(tab, "/signals?model=runs/pages_waves")
    answer, rows = tab.locator(".st-key-answer"), tab.locator(".st-key-signal .row")
    player = tab.locator("audio")
    expect(rows.locator("canvas")).to_have_count(3)  # the signal and two convolutions
    expect(answer.locator(".caption")).to_contain_text(f"Labelled {label('waveforms', 1)}")
    expect(player).to_have_attribute("controls", "")
    points, loud = player.evaluate(SOUND)
    assert (points, loud > points / 2) == (round(8000 * 1.5 / 128) * 128, True)

    # Another one: it, its maps and its sound are others.
    shown, source = rows.locator("canvas").evaluate_all(PICTURES), player.get_attribute("src")
    number = tab.get_by_role("spinbutton", name=re.compile("Number, of 1,000"))
    number.fill("4")
    number.press("Enter")
    expect(answer.locator(".caption")).to_contain_text(f"Labelled {label('waveforms', 4)}")
    expect(player).not_to_have_attribute("src", source)
    until(
        lambda: not set(rows.locator("canvas").evaluate_all(PICTURES)) & set(shown),
        "the signal and its maps are drawn anew",
    )

    # What a unit of a map sees is told, and marked on the signal.
    rows.nth(2).locator(".plot").hover()
    expect(rows.nth(2).locator(".read")).to_have_text(
        re.compile(r"^map \d, point \d+: -?\d+\.\d\d; sees \d+ of 128$")
    )
    expect(rows.first.locator(".band")).to_be_visible()

    # A curve of one's own.
    tab.get_by_role("radio", name="Draw").click()
    expect(answer.locator(".hint")).to_contain_text("Give it a signal")
    expect(player).to_have_count(0)
    draw(tab, (0.02, 0.8), (0.3, 0.1), (0.6, 0.9), (0.98, 0.2), key="curve")
    expect(answer.locator(".caption")).to_contain_text("Your curve as 128 points")
    expect(answer.locator(".class")).to_have_text(re.compile("^(sine|square|sawtooth|triangle|chirp)$"))
    expect(rows.locator("canvas")).to_have_count(3)
    points, loud = player.evaluate(SOUND)
    assert loud > points / 2
    expect(tab.get_by_test_id("stException")).to_have_count(0)
