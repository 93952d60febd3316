r"""Text from outside on a terminal: characters that move the cursor, reverse a line or hide appear as \x1b or \u202e.

They are shown, not dropped: a reader must see that the name contains something.
"""

import unicodedata

# Control characters (both sets of them), marks without a shape (bidi, zero width, tags), ends of lines and paragraphs,
# halves of a pair, and characters that no font has.
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})


def visible(text: str) -> str:
    """The text in one line, whatever is in it."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def visible_lines(text: str) -> str:
    """As `visible`, but for a text of several lines, such as a traceback: those after the first are indented.

    A message in it must not begin a line that looks like the next entry of a log.
    """
    return "\n  ".join(map(visible, text.replace("\t", "    ").split("\n")))


def visible_json(document: str) -> str:
    """The JSON document with the same meaning and nothing hidden. Outside its texts it is ASCII anyway."""
    return "".join(sign if sign in "\n\t" or not _is_hidden(sign) else _as_json(sign) for sign in document)


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in _HIDDEN


def _shown(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii") if _is_hidden(sign) else sign


def _as_json(sign: str) -> str:
    pairs = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pairs[place]:02x}{pairs[place + 1]:02x}" for place in range(0, len(pairs), 2))
