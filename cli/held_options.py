"""Options that choose held payments, of one organization or of all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.opening import find_organization
from domain.reasons import Reason
from domain.status import PaymentStatus

if TYPE_CHECKING:
    from models.database import Session
    from models.held_payments import HeldFilter

OfOrganization = Annotated[str, typer.Option("--org", metavar="ORG", help="Of one organization alone.")]
OfStatus = Annotated[PaymentStatus | None, typer.Option("--status", help="needs_attention or waiting.")]
OfReason = Annotated[Reason | None, typer.Option("--reason", metavar="REASON", help="As docs/reasons.md lists them.")]
Since = Annotated[datetime | None, typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="Dated this day or later.")]
Until = Annotated[datetime | None, typer.Option(metavar="DAY", formats=["%Y-%m-%d"], help="Dated this day or earlier.")]


def chosen_payments(
    session: Session,
    org: str,
    status: PaymentStatus | None,
    reason: Reason | None,
    since: datetime | None,
    until: datetime | None,
) -> HeldFilter:
    """The filter that these options are."""
    from models.held_payments import HeldFilter

    organization = find_organization(session, org) if org else None
    return HeldFilter(
        organization_id=organization.id if organization else None,
        slug=org,
        status=status,
        reason=reason,
        since=since.date() if since else None,
        until=until.date() if until else None,
    )
