"""When two names of customers are the same."""

# The marks that people and programs write for each other.
SINGLE_QUOTES, DOUBLE_QUOTES = "'‘’‚‛′`´", '"“”„‟″'
_STRAIGHT = str.maketrans(dict.fromkeys(SINGLE_QUOTES, "'") | dict.fromkeys(DOUBLE_QUOTES, '"'))


def folded(name: str) -> str:
    """The form in which two names are the same to QuickBooks, or look the same to a person."""
    return " ".join(name.translate(_STRAIGHT).split()).casefold()
