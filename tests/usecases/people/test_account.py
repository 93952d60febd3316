"""One's own password, and logging out everywhere."""

import pytest

from models.users import signed_in
from tests.usecases.people.conftest import ANN, BEN, PASSWORD, Office
from usecases import account
from usecases.account import change_password
from usecases.logins import create_login_link, log_in, log_out_everywhere, redeem_login_link
from usecases.results import Rejected
from usecases.users import create_user, hashed, set_password

NEW = "a completely new password"


def is_in(office: Office, key: str) -> bool:
    with office.context.database.reading() as session:
        return signed_in(session, hashed(key), office.clock.now()) is not None


def test_a_new_password_ends_every_session_and_begins_one(office: Office) -> None:
    before = office.comes_in(BEN)
    key = change_password(office.context, office.user(BEN), PASSWORD, NEW, NEW, "Firefox on Linux")
    assert isinstance(key, str)
    assert (is_in(office, before), is_in(office, key)) == (False, True)
    assert log_in(office.context, BEN, PASSWORD) is None
    assert log_in(office.context, BEN, NEW) is not None
    assert office.told() == [("password_changed", BEN, ())]


@pytest.mark.parametrize(
    ("current", "new", "repeated", "why"),
    [
        ("a wrong password", NEW, NEW, "The current password is wrong."),
        ("", NEW, NEW, "The current password is wrong."),
        (PASSWORD, "too short", "too short", "at least 12 characters"),
        (PASSWORD, NEW, NEW + "!", "are not the same"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(
    office: Office, current: str, new: str, repeated: str, why: str
) -> None:
    key = office.comes_in(BEN)
    refused = change_password(office.context, office.user(BEN), current, new, repeated)
    assert isinstance(refused, Rejected)
    assert why in refused.message
    assert is_in(office, key)
    assert log_in(office.context, BEN, PASSWORD) is not None


def test_who_came_in_by_a_link_and_has_no_password_chooses_one(office: Office) -> None:
    create_user(office.context, "new@northwind.example", None, "northwind")
    assert isinstance(change_password(office.context, office.user("new@northwind.example"), "", NEW, NEW), str)
    assert log_in(office.context, "new@northwind.example", NEW) is not None


def test_a_password_that_was_changed_meanwhile_is_not_changed_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_password = account.hash_password

    def hashed_slowly(password: str) -> str:
        set_password(office.context, BEN, "what somebody else chose")
        return hash_password(password)

    ben = office.user(BEN)
    monkeypatch.setattr(account, "hash_password", hashed_slowly)
    assert isinstance(change_password(office.context, ben, PASSWORD, NEW, NEW), Rejected)
    assert log_in(office.context, BEN, "what somebody else chose") is not None


def test_logging_out_everywhere_ends_ones_own_sessions_and_links(office: Office) -> None:
    keys = [office.comes_in(BEN), office.comes_in(BEN)]
    other = office.comes_in(ANN)
    token = create_login_link(office.context, "a secret", BEN)
    assert isinstance(token, str)
    log_out_everywhere(office.context, office.user(BEN))
    assert [is_in(office, key) for key in keys] == [False, False]
    assert is_in(office, other)
    assert redeem_login_link(office.context, "a secret", token) is None
    assert office.told() == [("logged_out_everywhere", BEN, ())]
