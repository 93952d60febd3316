"""The query language of `conditions=`: a recursive descent from `or` down to one comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.connectwise import comparisons
from sandbox.connectwise.comparisons import Equality, Predicate, Record
from sandbox.connectwise.errors import ApiError, bad_query
from sandbox.connectwise.fields import Kind
from sandbox.connectwise.tokens import Token, tokens_of


@dataclass(frozen=True)
class Conditions:
    predicate: Predicate
    # Every match has one of these values in that field, so a caller can start from an index. A name is listed
    # only if the conditions as a whole demand it.
    equal_to: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def hold_for(self, record: Record) -> bool:
        return self.predicate(record) is True


def parse_conditions(
    text: str, fields: Mapping[str, Kind], *, ignore_case: bool = True, ignore_trailing_spaces: bool = True
) -> Conditions:
    if not text.strip():
        return Conditions(lambda _: True)
    equality = Equality(ignore_case, ignore_trailing_spaces)
    return _Parser(tokens_of(text), fields, equality).parse()


class _Parser:
    def __init__(self, tokens: list[Token], fields: Mapping[str, Kind], equality: Equality) -> None:
        self._tokens = tokens
        self._position = 0
        self._fields = fields
        self._equality = equality

    def parse(self) -> Conditions:
        conditions = self._any_of()
        if self._position < len(self._tokens):
            self._next()
            raise self._unexpected()
        return conditions

    def _any_of(self) -> Conditions:
        left = self._all_of()
        while self._took("keyword", "or"):
            left = Conditions(comparisons.either(left.predicate, self._all_of().predicate))
        return left

    def _all_of(self) -> Conditions:
        left = self._negation()
        while self._took("keyword", "and"):
            right = self._negation()
            left = Conditions(
                comparisons.both(left.predicate, right.predicate),
                {**left.equal_to, **right.equal_to},
            )
        return left

    def _negation(self) -> Conditions:
        if self._took("keyword", "not"):
            return Conditions(comparisons.negated(self._negation().predicate))
        if self._took("symbol", "("):
            inner = self._any_of()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Conditions:
        name = self._next()
        if name.kind != "name":
            raise self._unexpected()
        kind = self._fields.get(name.value)
        if kind is None:
            raise bad_query(f"{name.value} is not a recognized name.")
        opposite = self._took("keyword", "not")
        operator = self._next()
        if operator.kind == "keyword":
            conditions = self._worded(name.value, kind, operator.value)
        elif operator.value in comparisons.ORDER_SYMBOLS and not opposite:
            conditions = self._ordered(name.value, kind, operator.value)
        else:
            raise self._unexpected()
        return Conditions(comparisons.negated(conditions.predicate)) if opposite else conditions

    def _ordered(self, name: str, kind: Kind, symbol: str) -> Conditions:
        literal = self._next()
        if literal.kind == "null" and symbol in {"=", "!=", "<>"}:
            return Conditions(comparisons.is_null(name, symbol))
        self._check(literal, kind)
        predicate = comparisons.ordered(name, kind, symbol, literal.value, self._equality)
        return Conditions(predicate, {name: frozenset({str(literal.value)})} if symbol == "=" else {})

    def _worded(self, name: str, kind: Kind, word: str) -> Conditions:
        if word == "in":
            values = self._list(kind)
            predicate = comparisons.one_of(name, kind, values, self._equality)
            return Conditions(predicate, {name: frozenset(map(str, values))})
        if word not in {"like", "contains"}:
            raise self._unexpected()
        literal = self._next()
        self._check(literal, "string")
        search = comparisons.like if word == "like" else comparisons.contains
        return Conditions(search(name, literal.value, ignore_case=self._equality.ignore_case))

    def _list(self, kind: Kind) -> list[object]:
        self._expect("(")
        values = []
        while True:
            literal = self._next()
            self._check(literal, kind)
            values.append(literal.value)
            if not self._took("symbol", ","):
                self._expect(")")
                return values

    def _check(self, literal: Token, kind: Kind) -> None:
        if literal.kind != kind:
            # The sentence is ConnectWise's own (read in the issue list of the connectwise-rest library).
            raise bad_query(
                f"Expected a {kind} value, not a {literal.kind}. String values should be enclosed with double or "
                "single quotes; datetime values with square brackets; and boolean values should be True or False.",
            )

    def _next(self) -> Token:
        if self._position >= len(self._tokens):
            raise bad_query("The conditions end too early.")
        self._position += 1
        return self._tokens[self._position - 1]

    def _took(self, kind: str, value: str) -> bool:
        here = self._tokens[self._position : self._position + 1]
        found = here == [Token(kind, value)]
        self._position += found
        return found

    def _expect(self, symbol: str) -> None:
        if not self._took("symbol", symbol):
            raise bad_query(f"Expected {symbol} in the conditions.")

    def _unexpected(self) -> ApiError:
        token = self._tokens[self._position - 1]
        return bad_query(f"Unexpected {token.value} in the conditions.")
