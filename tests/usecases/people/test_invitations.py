"""A link makes one person of one organization, once, within seven days; and says nothing about other organizations."""

import pytest
from sqlalchemy import select

from domain.users import UserRole
from models.invitations import Invitation
from tests.usecases.people.conftest import ANN, BEN, OUTSIDER, PASSWORD, Office
from usecases import invitations
from usecases.invitations import Invited, accept_invitation, invite, look_at_invitation, withdraw
from usecases.logins import LoggedIn, log_in
from usecases.results import Rejected

NEW = "new@northwind.example"


def invited(office: Office, email: str = NEW, role: UserRole = UserRole.BOOKKEEPER) -> str:
    made = invite(office.context, office.northwind, ANN, email, role)
    assert isinstance(made, Invited), made
    return made.token


def accept(office: Office, token: str, password: str = PASSWORD) -> str | Rejected | None:
    return accept_invitation(office.context, token, password, password, "Firefox on Linux")


def stored(office: Office) -> list[Invitation]:
    with office.context.database.reading() as session:
        return list(session.scalars(select(Invitation)))


def test_who_accepts_is_a_user_with_the_role_and_is_logged_in(office: Office) -> None:
    assert isinstance(accept(office, invited(office, " New@Northwind.example ")), str)
    joined = office.user(NEW)
    assert (joined.organization_id, joined.role) == (office.northwind, "bookkeeper")
    assert joined.last_login_at == office.clock.now()
    assert office.sessions(NEW) == 1
    assert isinstance(log_in(office.context, NEW, PASSWORD), LoggedIn)
    assert office.told() == [
        ("user_joined", NEW, ("Role: not set → Bookkeeper",)),
        ("user_invited", NEW, ("Role: not set → Bookkeeper",)),
    ]


def test_a_link_works_once(office: Office) -> None:
    token = invited(office)
    assert isinstance(accept(office, token), str)
    assert accept(office, token) is None
    assert look_at_invitation(office.context, token) is None


def test_only_a_hash_of_the_link_is_stored(office: Office) -> None:
    token = invited(office)
    (row,) = stored(office)
    assert token not in [str(getattr(row, name)) for name in Invitation.__table__.columns.keys()]  # noqa: SIM118
    assert accept(office, row.token_hash) is None


def test_a_link_ends_after_seven_days(office: Office) -> None:
    token = invited(office)
    office.clock.move(days=6, hours=23)
    assert look_at_invitation(office.context, token) is not None
    office.clock.move(hours=1)
    assert accept(office, token) is None
    assert not office.is_there(NEW)


def test_a_link_that_a_clock_ahead_of_ours_made_does_not_work_until_then(office: Office) -> None:
    office.clock.move(days=30)
    token = invited(office)
    office.clock.move(days=-30)
    assert accept(office, token) is None


def test_who_is_invited_again_gets_another_link_and_the_first_one_ends(office: Office) -> None:
    first = invited(office)
    office.clock.move(days=6)
    second = invited(office, role=UserRole.VIEWER)
    assert accept(office, first) is None
    office.clock.move(days=6)
    assert isinstance(accept(office, second), str)
    assert office.user(NEW).role == UserRole.VIEWER


def test_a_withdrawn_link_ends(office: Office) -> None:
    token = invited(office)
    (row,) = stored(office)
    assert withdraw(office.context, office.contoso, office.user(OUTSIDER), row.id) is None
    assert withdraw(office.context, office.northwind, office.user(ANN), row.id) is not None
    assert accept(office, token) is None
    assert office.told()[0][:2] == ("invitation_withdrawn", NEW)


def test_a_password_that_is_too_short_or_not_the_same_twice_uses_nothing_up(office: Office) -> None:
    token = invited(office)
    for password, repeated in (("short", "short"), (PASSWORD, PASSWORD + "!")):
        assert isinstance(accept_invitation(office.context, token, password, repeated), Rejected)
    assert isinstance(accept(office, token), str)


def test_a_colleague_who_is_here_is_not_invited_again(office: Office) -> None:
    refused = invite(office.context, office.northwind, ANN, BEN.upper(), UserRole.VIEWER)
    assert isinstance(refused, Rejected)
    assert "is one of this organization's people already" in refused.message


def test_an_address_of_another_organization_is_told_to_its_owner_only(office: Office) -> None:
    """An admin must not learn by inviting who works elsewhere; who holds the link is told what to do."""
    token = invited(office, OUTSIDER)
    refused = accept(office, token)
    assert isinstance(refused, Rejected)
    assert f"There is already an account with the address {OUTSIDER}" in refused.message
    assert office.user(OUTSIDER).organization_id == office.contoso
    # Nothing is used up: an operator may remove the other account.
    assert look_at_invitation(office.context, token) is not None


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@c.example", "x" * 250 + "@example.com"])
def test_only_addresses_are_invited(office: Office, email: str) -> None:
    assert isinstance(invite(office.context, office.northwind, ANN, email, UserRole.VIEWER), Rejected)


def test_nobody_is_invited_as_an_operator(office: Office) -> None:
    assert isinstance(invite(office.context, office.northwind, ANN, NEW, UserRole.OPERATOR), Rejected)


def test_an_organization_stores_a_limited_number_of_invitations(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "INVITATIONS_MAX", 2)
    for number in range(2):
        invited(office, f"new{number}@northwind.example")
    refused = invite(office.context, office.northwind, ANN, NEW, UserRole.VIEWER)
    assert isinstance(refused, Rejected)
    assert "withdraw some" in refused.message


@pytest.mark.both_databases
def test_a_link_withdrawn_while_the_password_is_hashed_makes_nobody(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = invited(office)
    (row,) = stored(office)
    hash_password = invitations.hash_password

    def hashed_slowly(password: str) -> str:
        withdraw(office.context, office.northwind, office.user(ANN), row.id)
        return hash_password(password)

    monkeypatch.setattr(invitations, "hash_password", hashed_slowly)
    assert accept(office, token) is None
    assert not office.is_there(NEW)
