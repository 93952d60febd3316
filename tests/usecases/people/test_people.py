"""An admin gives roles, disables and removes; nobody else's people are touched, and one admin always stays."""

from threading import Barrier, Thread

import pytest

from domain.users import UserRole
from models.users import User
from tests.usecases.people.conftest import ANN, BEN, OUTSIDER, PASSWORD, Office
from usecases.logins import create_login_link, log_in
from usecases.people import (
    change_role,
    disable_person,
    enable_person,
    list_people,
    remove_person,
    reset_second_factor_of,
)
from usecases.results import Rejected
from usecases.second_factor import begin_second_factor
from usecases.users import create_user, set_role

LAST = "is the only admin of this organization"
TAKES_THE_ADMIN = {"disabled": disable_person, "removed": remove_person}


def give(office: Office, to: str, role: UserRole, by: str = ANN) -> User | Rejected | None:
    return change_role(office.context, office.northwind, office.user(by), office.user(to).id, role)


def operator(office: Office) -> User:
    made = create_user(office.context, "operator@platform.example", PASSWORD, None)
    assert isinstance(made, User)
    return made


def test_another_role_ends_every_session_of_the_person_and_of_nobody_else(office: Office) -> None:
    office.comes_in(BEN)
    office.comes_in(ANN)
    assert isinstance(give(office, BEN, UserRole.VIEWER), User)
    assert (office.user(BEN).role, office.sessions(BEN), office.sessions(ANN)) == ("viewer", 0, 1)
    assert office.told() == [("role_changed", BEN, ("Role: Bookkeeper → Viewer",))]


def test_the_role_that_one_has_already_is_refused_and_ends_nothing(office: Office) -> None:
    office.comes_in(BEN)
    refused = give(office, BEN, UserRole.BOOKKEEPER)
    assert isinstance(refused, Rejected)
    assert (office.sessions(BEN), office.told()) == (1, [])


def test_nobody_becomes_an_operator(office: Office) -> None:
    assert isinstance(give(office, BEN, UserRole.OPERATOR), Rejected)
    assert isinstance(set_role(office.context, BEN, UserRole.OPERATOR), Rejected)
    assert office.user(BEN).role == UserRole.BOOKKEEPER


def test_the_people_of_another_organization_are_not_there(office: Office) -> None:
    outsider, ann = office.user(OUTSIDER), office.user(ANN)
    acts = (disable_person, enable_person, remove_person, reset_second_factor_of)
    assert [act(office.context, office.northwind, ann, outsider.id) for act in acts] == [None] * 4
    assert change_role(office.context, office.northwind, ann, outsider.id, UserRole.VIEWER) is None
    found = office.user(OUTSIDER)
    assert (found.role, found.disabled_at) == ("admin", None)
    assert OUTSIDER not in [person.user.email for person in list_people(office.context, office.northwind).persons]


@pytest.mark.parametrize("end", TAKES_THE_ADMIN)
def test_the_last_admin_stays(office: Office, end: str) -> None:
    ann = office.user(ANN)
    refused = TAKES_THE_ADMIN[end](office.context, office.northwind, ann, ann.id)
    assert isinstance(refused, Rejected)
    assert LAST in refused.message
    degraded = give(office, ANN, UserRole.VIEWER)
    assert isinstance(degraded, Rejected)
    assert LAST in degraded.message
    assert (office.user(ANN).role, office.user(ANN).disabled_at) == ("admin", None)


@pytest.mark.parametrize("end", TAKES_THE_ADMIN)
def test_an_admin_may_go_where_another_one_stays(office: Office, end: str) -> None:
    give(office, BEN, UserRole.ADMIN)
    ann = office.user(ANN)
    assert isinstance(TAKES_THE_ADMIN[end](office.context, office.northwind, ann, ann.id), User)
    refused = TAKES_THE_ADMIN[end](office.context, office.northwind, office.user(BEN), office.user(BEN).id)
    assert isinstance(refused, Rejected)


def test_an_admin_who_is_disabled_is_none_that_counts(office: Office) -> None:
    give(office, BEN, UserRole.ADMIN)
    disable_person(office.context, office.northwind, office.user(ANN), office.user(BEN).id)
    assert isinstance(give(office, ANN, UserRole.VIEWER), Rejected)
    (ann, ben) = list_people(office.context, office.northwind).persons
    assert (ann.is_last_admin, ben.is_last_admin) == (True, False)


@pytest.mark.both_databases
def test_two_admins_who_remove_each_other_at_the_same_moment_do_not_both_succeed(office: Office) -> None:
    give(office, BEN, UserRole.ADMIN)
    ann, ben = office.user(ANN), office.user(BEN)
    begin, results = Barrier(2), []

    def remove(by: User, whom: User) -> None:
        begin.wait()
        results.append(remove_person(office.context, office.northwind, by, whom.id))

    threads = [Thread(target=remove, args=pair) for pair in ((ann, ben), (ben, ann))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in results) == ["Rejected", "User"]
    assert office.is_there(ANN) != office.is_there(BEN)


def test_an_operator_may_take_even_the_last_admin(office: Office) -> None:
    ann = office.user(ANN)
    assert isinstance(remove_person(office.context, office.northwind, operator(office), ann.id), User)
    assert not office.is_there(ANN)


def test_who_is_disabled_comes_in_by_nothing_and_again_after_it(office: Office) -> None:
    office.comes_in(BEN)
    link = create_login_link(office.context, "a secret", BEN)
    assert isinstance(link, str)
    ann, ben = office.user(ANN), office.user(BEN)
    assert isinstance(disable_person(office.context, office.northwind, ann, ben.id), User)
    assert (office.sessions(BEN), log_in(office.context, BEN, PASSWORD)) == (0, None)
    assert isinstance(enable_person(office.context, office.northwind, ann, ben.id), User)
    office.comes_in(BEN)
    # A second time changes nothing and is no activity.
    enable_person(office.context, office.northwind, ann, ben.id)
    assert [kind for kind, _, _ in office.told()] == ["user_enabled", "user_disabled"]


def test_a_removed_person_leaves_nothing_behind_that_lets_in(office: Office) -> None:
    office.comes_in(BEN)
    ben = office.user(BEN)
    assert begin_second_factor(office.context, ben) is None
    assert isinstance(remove_person(office.context, office.northwind, office.user(ANN), ben.id), User)
    assert not office.is_there(BEN)
    assert log_in(office.context, BEN, PASSWORD) is None
    assert office.told()[0][:2] == ("user_removed", BEN)


def test_the_second_factor_of_somebody_who_has_none_cannot_be_reset(office: Office) -> None:
    refused = reset_second_factor_of(office.context, office.northwind, office.user(ANN), office.user(BEN).id)
    assert isinstance(refused, Rejected)
    assert "has no second factor" in refused.message
