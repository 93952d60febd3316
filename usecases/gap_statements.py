"""Gap statements, as a page, a program and the command line read them; and having a gap counted again."""

import structlog
from sqlalchemy.orm import Session

from domain.activity import ActivityKind
from domain.words import Words
from models.connections import Connection, ConnectionStatus, Role, connection_by_id, connection_in_role
from models.gaps import Gap, gap_of, gaps_of
from models.locks import lock_organization
from models.views.gap_statements import GapStatement, Stated, stated, statement_of
from tasks.context import Context, Step
from usecases.activity import note
from usecases.results import Rejected

log = structlog.get_logger()


def gap_statements(
    session: Session, organization_id: int, words: Words, limit: int, before_id: int | None = None
) -> list[Stated]:
    """The gaps of the organization's source, the latest first; none where no source is connected."""
    source = connection_in_role(session, organization_id, Role.SOURCE)
    if source is None:
        return []
    return stated(session, source, gaps_of(session, source.id, limit, before_id), words)


def gap_statement(session: Session, organization_id: int, gap_id: int, words: Words) -> GapStatement | None:
    """The whole statement of one gap; None if the organization has no such gap."""
    gap = gap_of(session, organization_id, gap_id)
    if gap is None:
        return None
    return statement_of(session, connection_by_id(session, gap.connection_id), gap, words)


def count_again(context: Context, organization_id: int, gap_id: int) -> Rejected | None:
    """Has the payments of a closed gap listed and counted again, now; takes a metered read."""
    now = context.clock.now()
    with context.database.writing() as session:
        lock_organization(session, organization_id)
        gap = gap_of(session, organization_id, gap_id)
        if gap is None:
            return Rejected("There is no such gap.")
        source = connection_by_id(session, gap.connection_id)
        refused = _why_not(gap, source)
        if refused is not None:
            return refused
        gap.ask_for_proof(now, now)
        note(context, session, organization_id, ActivityKind.GAP_COUNT_REQUESTED, about=gap.sentence)
    log.info("gap.count_requested", organization_id=organization_id, gap_id=gap_id)
    context.nudge(Step.CATCH_UP, source.id)
    return None


def _why_not(gap: Gap, source: Connection) -> Rejected | None:
    if gap.is_open:
        return Rejected("The stretch is not over yet; it is counted when it is.")
    if gap.is_being_proved:
        return Rejected("It is being counted already. Look again in a few minutes.")
    if source.status != ConnectionStatus.ACTIVE:
        return Rejected("It cannot be counted while the system is not connected. Connect it again first.")
    return None
