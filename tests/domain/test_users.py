"""What each role may do, and how a person is told that it is not enough."""

import pytest

from domain.users import ROLE_LABELS, ROLE_TEXTS, Right, UserRole, may, why_not


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (UserRole.OPERATOR, {Right.WORK, Right.MANAGE}),
        (UserRole.ADMIN, {Right.WORK, Right.MANAGE}),
        (UserRole.BOOKKEEPER, {Right.WORK}),
        (UserRole.VIEWER, set()),
    ],
)
def test_a_role_has_its_rights_and_no_other(role: UserRole, rights: set[Right]) -> None:
    assert {right for right in Right if may(role, right)} == rights


def test_every_role_has_words() -> None:
    assert set(ROLE_LABELS) == set(ROLE_TEXTS) == set(UserRole)


def test_who_lacks_a_right_is_told_who_can_help() -> None:
    assert why_not(UserRole.VIEWER, Right.WORK, "Northwind MSP") == (
        "Your role is Viewer: it looks at everything and changes nothing. Nothing was changed. "
        "An admin of Northwind MSP can do this, or give you another role under Settings > People."
    )
