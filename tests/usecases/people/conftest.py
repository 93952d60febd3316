"""An organization with an admin and a bookkeeper, and a second organization beside it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from domain.activity import ActivityKind
from domain.users import UserRole
from models.activity import ActivityFilter, list_activity
from models.organizations import Organization
from models.users import DashboardSession, User, user_by_email
from tasks.context import Context
from tests.contexts import TestClock
from usecases import passwords
from usecases.logins import LoggedIn, log_in
from usecases.organizations import create_organization
from usecases.users import create_user

PASSWORD = "correct horse battery staple"
ANN, BEN, OUTSIDER = "ann@northwind.example", "ben@northwind.example", "zoe@contoso.example"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


@dataclass
class Office:
    """Northwind's people: Ann is an admin, Ben a bookkeeper."""

    context: Context
    northwind: int
    contoso: int

    @property
    def clock(self) -> TestClock:
        assert isinstance(self.context.clock, TestClock)
        return self.context.clock

    def user(self, email: str) -> User:
        with self.context.database.reading() as session:
            found = user_by_email(session, email)
        assert found is not None
        return found

    def is_there(self, email: str) -> bool:
        with self.context.database.reading() as session:
            return user_by_email(session, email) is not None

    def comes_in(self, email: str) -> str:
        begun = log_in(self.context, email, PASSWORD)
        assert isinstance(begun, LoggedIn), begun
        return begun.key

    def sessions(self, email: str) -> int:
        with self.context.database.reading() as session:
            who = select(func.count()).where(DashboardSession.user_id == self.user(email).id)
            return session.scalar(who) or 0

    def told(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """What the activity says of people: kind, about whom, changes; the newest first."""
        with self.context.database.reading() as session:
            rows = list_activity(session, self.northwind, ActivityFilter(), 100)
        left_out = (ActivityKind.ORGANIZATION_CREATED, ActivityKind.USER_CREATED)
        return [
            (row.kind, row.about, tuple(one.told for one in row.what_changed))
            for row in rows
            if row.kind not in left_out
        ]


@pytest.fixture
def office(context: Context) -> Office:
    ids = []
    for slug in ("northwind", "contoso"):
        organization = create_organization(context, slug, slug.title())
        assert isinstance(organization, Organization)
        ids.append(organization.id)
    everybody = ((ANN, "northwind", UserRole.ADMIN), (BEN, "northwind", UserRole.BOOKKEEPER))
    for email, slug, role in (*everybody, (OUTSIDER, "contoso", UserRole.ADMIN)):
        assert isinstance(create_user(context, email, PASSWORD, slug, role), User)
    return Office(context, *ids)
