"""What was known about a payment at a moment, as a document: the API answers it, the command line prints it."""

from pydantic import BaseModel

from models.views.documents import Moment
from usecases.explaining import Explained, Fact


class FactOut(BaseModel):
    label: str
    text: str

    @classmethod
    def of(cls, fact: Fact) -> "FactOut":
        return cls(label=fact.label, text=fact.text)


class PreferenceThenOut(BaseModel):
    """One choice, then and now.

    Attributes:
        is_sure: the record of changes leads without a break from then to now.
    """

    field: str
    label: str
    then: str
    now: str
    is_sure: bool


class PartThenOut(BaseModel):
    title: str
    facts: list[FactOut]


class ExplanationOut(BaseModel):
    """A payment as of a moment: what was known, the preferences in force, and each part with what was decided and done.

    Attributes:
        facts: sentences for people, in the order in which a page shows them.
    """

    at: Moment
    facts: list[FactOut]
    preferences: list[PreferenceThenOut]
    parts: list[PartThenOut]

    @classmethod
    def of(cls, found: Explained) -> "ExplanationOut":
        return cls(
            at=found.at,
            facts=[FactOut.of(one) for one in found.facts],
            preferences=[
                PreferenceThenOut(field=one.field, label=one.label, then=one.then, now=one.now, is_sure=one.is_sure)
                for one in found.preferences
            ],
            parts=[PartThenOut(title=one.title, facts=[FactOut.of(fact) for fact in one.facts]) for one in found.parts],
        )
