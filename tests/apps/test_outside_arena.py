"""An agent of worlds outside: the pages know it, and Arena says how it is to be watched."""

import pytest

from tests.apps.conftest import drawn, field, texts


@pytest.fixture
def cart(shelves):
    return shelves.add("cart", recipe="gymnasium_ppo")


def test_arena_says_how_it_is_watched(page, cart):
    shown = page("arena", model="runs/cart")
    (told,) = shown.info
    assert "record a film" in told.value
    assert "python -m games record cart --out film.gif" in [code.value for code in shown.code]
    assert not shown.warning
    assert "plays CartPole-v1" in texts(shown)


@pytest.mark.parametrize("name", ["home", "runs", "play"])
def test_other_pages_bear_it(page, cart, name):
    page(name)


def test_its_environment_is_a_setting(page, cart):
    shown = page("arena", tab="Train", model="runs/cart")
    drawn(field(shown, "selectbox", "Recipe").set_value("gymnasium_ppo").run())
    assert field(shown, "text_input", "Environment").value == "CartPole-v1"
