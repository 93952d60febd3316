"""What is wrong with a value that a program sent, in a sentence: made of the findings of pydantic.

The value itself is not repeated: the caller knows it, and it may be half a character, which JSON cannot carry.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from web.problems import FieldError

_SENTENCES = {
    "missing": "This is missing.",
    "extra_forbidden": "There is no such value here; leave it out.",
    "json_invalid": "This is not JSON: {error}.",
    "enum": "This has to be one of {expected}.",
    "literal_error": "This has to be one of {expected}.",
    "string_type": "This has to be a text, in quotes.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This may have at most {max_length} characters.",
    "string_pattern_mismatch": "This is not written as it has to be: it has to match {pattern}.",
    "string_unicode": "This is not a text that can be read.",
    "int_type": "This has to be a whole number.",
    "int_parsing": "This has to be a whole number.",
    "int_parsing_size": "This number is too large.",
    "int_from_float": "This has to be a whole number.",
    "bool_type": "This has to be true or false.",
    "bool_parsing": "This has to be true or false.",
    "greater_than_equal": "This has to be at least {ge}.",
    "less_than_equal": "This may be at most {le}.",
    "too_short": "This needs at least {min_length} entries.",
    "too_long": "This may have at most {max_length} entries.",
    "list_type": "This has to be a list.",
    "dict_type": "This has to be an object with names and values.",
    "model_type": "This has to be an object with names and values.",
    "model_attributes_type": "This has to be an object with names and values.",
}
_DATES = "Write the date as year-month-day, such as 2026-01-31."
_MOMENTS = "Write the moment as 2026-01-31T08:00:00Z."
_IN_BODY = "body"


def field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Each finding with the place of its value."""
    return [_field_error(tuple(one["loc"]), _sentence(one)) for one in found]


def _field_error(place: tuple[int | str, ...], sentence: str) -> FieldError:
    if place[:1] != (_IN_BODY,):
        return FieldError(parameter=str(place[-1]) if place else "", detail=sentence)
    inside = place[1:]
    if len(inside) == 1 and isinstance(inside[0], int):
        # How far the text could be read as JSON; the sentence says it.
        inside = ()
    return FieldError(pointer="".join(f"/{_escaped(str(one))}" for one in inside), detail=sentence)


def _escaped(name: str) -> str:
    """As RFC 6901 writes a name in a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _sentence(finding: Mapping[str, Any]) -> str:
    kind = str(finding["type"])
    if kind.startswith("datetime"):
        return _MOMENTS
    if kind.startswith("date"):
        return _DATES
    if kind == "value_error":
        # Our own sentence, of a rule about several values.
        told = str(finding["ctx"]["error"])
        return f"{told[:1].upper()}{told[1:]}."
    template = _SENTENCES.get(kind)
    if template is None:
        # A finding that nobody has thought of is told in pydantic's own words, which hold no value.
        return f"{str(finding['msg']).rstrip('.')}."
    return template.format(**finding.get("ctx", {}))
