"""One sentence and one advice for every reason; `domain/words.py` puts the names of the systems into them."""

from domain.explained_decisions import EXPLAINED_DECISIONS
from domain.explained_deliveries import EXPLAINED_DELIVERIES
from domain.reasons import Explanation, Reason

EXPLANATIONS: dict[Reason, Explanation] = EXPLAINED_DECISIONS | EXPLAINED_DELIVERIES


def explain(reason: Reason) -> Explanation:
    """What the engine knows about the reason, with the sentence and the advice a partner reads."""
    return EXPLANATIONS[reason]
