"""How an organization's two systems are named in a sentence, so that no sentence of ours knows a vendor by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.explanations import explain
from domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences about reasons, in the words of one organization's systems.

    Attributes:
        source: the name of the system in which payments are recorded.
        target: the name of the system whose invoices get them.
        own_advice: better advice than for any vendor, from the two vendors themselves.
    """

    source: str
    target: str
    own_advice: Mapping[Reason, str] = field(default_factory=dict)

    def sentence(self, reason: Reason) -> str:
        """What has happened."""
        return self.filled(explain(reason).sentence)

    def advice(self, reason: Reason) -> str:
        """What to do about it."""
        return self.filled(self.own_advice.get(reason) or explain(reason).advice)

    def filled(self, template: str) -> str:
        """The text with the names of the two systems for {source} and {target}."""
        return template.format(source=self.source, target=self.target)
