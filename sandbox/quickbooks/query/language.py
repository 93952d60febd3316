"""The grammar of QuickBooks queries: SELECT *|COUNT(*) FROM Entity [WHERE ... AND ...] [ORDERBY ...] [paging]."""

import re
from dataclasses import dataclass
from typing import NoReturn

from sandbox.quickbooks.world.faults import Refused

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:\\.|[^'\\])*')
    | (?P<operator><=|>=|=|<|>)
    | (?P<mark>[(),*])
    | (?P<word>[\w.+-]+)
    )""",
    re.VERBOSE,
)
OPERATORS = frozenset({"=", "<", ">", "<=", ">=", "IN", "LIKE"})
DEFAULT_PAGE = 100
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Condition:
    field: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    entity: str
    counts: bool
    conditions: tuple[Condition, ...]
    order_by: tuple[tuple[str, bool], ...]  # field, descending
    start_position: int
    max_results: int


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(statement: str) -> Query:
    """Read a statement, or refuse it with fault 4000."""
    return _Parser(_tokens(statement)).query()


def _tokens(statement: str) -> list[_Token]:
    tokens = []
    position = 0
    end = len(statement.rstrip())
    while position < end:
        match = _TOKEN.match(statement, position)
        if match is None:
            _unreadable(statement[position : position + 10], position + 1)
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        position = match.end()
    return [*tokens, _Token("end", "<EOF>", end + 1)]


def _unreadable(text: str, column: int) -> NoReturn:
    raise Refused(
        "4000",
        "Error parsing query",
        f'QueryParserError: Encountered "{text}" at line 1, column {column}.',
    )


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        self._must("SELECT")
        counts = self._projection()
        self._must("FROM")
        entity = self._word()
        conditions = self._conditions() if self._takes("WHERE") else ()
        order_by = self._order() if self._takes("ORDERBY") or self._takes("ORDER", "BY") else ()
        start = self._number() if self._takes("STARTPOSITION") else 1
        most = self._number() if self._takes("MAXRESULTS") else DEFAULT_PAGE
        if self._next.kind != "end":
            self._refuse()
        return Query(entity, counts, conditions, order_by, max(start, 1), min(most, LARGEST_PAGE))

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _refuse(self) -> NoReturn:
        _unreadable(self._next.text, self._next.column)

    def _takes(self, *words: str) -> bool:
        ahead = [token.text.upper() for token in self._tokens[self._at : self._at + len(words)]]
        if ahead != list(words):
            return False
        self._at += len(words)
        return True

    def _must(self, *words: str) -> None:
        if not self._takes(*words):
            self._refuse()

    def _take(self, kind: str) -> str:
        token = self._next
        if token.kind != kind:
            self._refuse()
        self._at += 1
        return token.text

    def _word(self) -> str:
        return self._take("word")

    def _projection(self) -> bool:
        """Only everything or a count: there are no projections."""
        if self._takes("COUNT", "(", "*", ")"):
            return True
        self._must("*")
        return False

    def _conditions(self) -> tuple[Condition, ...]:
        conditions = [self._condition()]
        while self._takes("AND"):
            conditions.append(self._condition())
        return tuple(conditions)

    def _condition(self) -> Condition:
        field = self._word()
        operator = self._next.text.upper()
        if operator not in OPERATORS:
            self._refuse()
        self._at += 1
        if operator != "IN":
            return Condition(field, operator, (self._value(),))
        self._must("(")
        values = [self._value()]
        while self._takes(","):
            values.append(self._value())
        self._must(")")
        return Condition(field, operator, tuple(values))

    def _value(self) -> str:
        if self._next.kind == "word" and self._next.text.lower() in {"true", "false"}:
            return self._word()
        return re.sub(r"\\(.)", r"\1", self._take("text")[1:-1])

    def _order(self) -> tuple[tuple[str, bool], ...]:
        order = [self._one_order()]
        while self._takes(","):
            order.append(self._one_order())
        return tuple(order)

    def _one_order(self) -> tuple[str, bool]:
        field = self._word()
        descending = self._takes("DESC")
        if not descending:
            self._takes("ASC")
        return field, descending

    def _number(self) -> int:
        text = self._next.text
        if not text.isdecimal():
            self._refuse()
        return int(self._word())
