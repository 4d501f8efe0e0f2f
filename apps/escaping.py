"""Text from outside on a page: escaped for Markdown and for HTML, and messages as sentences.

Names of layers, classes, runs and files, and whatever a person types, may hold any characters. Every page
passes them through `escape_markdown` or `escape_html` before they become part of Markdown or HTML. Text that
a component of ours draws needs neither: it is set as `textContent`.
"""

import html
import re

_MARKDOWN = re.compile(r"([\\`*_\[\]$<>~#|&!]|:(?=\S))")
# What begins a list or underlines a heading at the start of a line.
_BLOCK = re.compile(r"^([-+=]|\d{1,9}(?=[.)]))")
# A first word that is plain prose; "units must be ..." begins with the name of a setting.
_PROSE = re.compile(r"[a-z][a-z']*,?(?= (?!must )|$)")


def escape_markdown(text: object) -> str:
    """Text that Markdown shows as it is, on one line.

    Blanks and line breaks at either end are left out, and others count as one blank, as Markdown has it.
    """
    escaped = _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))
    return _BLOCK.sub(lambda found: found[1] + "\\" if found[1].isdigit() else f"\\{found[1]}", escaped)


def escape_html(text: object) -> str:
    """Text that HTML shows as it is, also inside an attribute."""
    return html.escape(str(text))


def sentence(error: object) -> str:
    """A message as the beginning of a sentence, safe in Markdown.

    The first letter becomes a capital where the message begins with a plain word. An identifier, a file name
    or a formula at the start is left as it is.
    """
    text = str(error).strip()
    if _PROSE.match(text):
        text = text[0].upper() + text[1:]
    return escape_markdown(text)
