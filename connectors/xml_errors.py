"""Error bodies in XML: elements with their attributes and texts, read by a parser that refuses all that can grow.

Gateways answer XML where the service behind them answers JSON, and some services answer XML if a caller asks for
neither. We refuse a document type, and with it every entity: the rest cannot expand, refer to a file, or make a call.
"""

from dataclasses import dataclass, field
from xml.parsers import expat

_BYTES_MAX = 100_000
_ELEMENTS_MAX = 1000
_DEPTH_MAX = 50


class _Refused(Exception):
    """The document has something that no error body needs."""


@dataclass(slots=True)
class Element:
    """One element, without its namespace; `text` is the text directly in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: "list[Element]" = field(default_factory=list)

    def of(self, *names: str) -> str:
        """The first attribute or child with one of these names, whatever the letter case; "" if there is none."""
        wanted = {name.lower() for name in names}
        values = [value for name, value in self.attributes.items() if name.lower() in wanted]
        values += [child.text for child in self.children if child.name.lower() in wanted]
        return next((value.strip() for value in values if value.strip()), "")


def elements_in(body: bytes) -> list[Element]:
    """All elements of the document, outermost first; none if it is no XML, or XML that we do not accept."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if len(body) > _BYTES_MAX or not (start.startswith(b"<") or body[:2] in (b"\xff\xfe", b"\xfe\xff")):
        return []
    found: list[Element] = []
    open_ones: list[Element] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if len(found) >= _ELEMENTS_MAX or len(open_ones) >= _DEPTH_MAX:
            raise _Refused
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], plain)
        if open_ones:
            open_ones[-1].children.append(element)
        found.append(element)
        open_ones.append(element)

    def text(part: str) -> None:
        if open_ones:
            open_ones[-1].text += part

    def refuse(*_: object) -> None:
        raise _Refused

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda _: open_ones.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Refused, ValueError, LookupError):
        return []
    return found
