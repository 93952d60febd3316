"""Settings > People in the browser: the list, an invitation from its link to the overview, roles, refusals."""

import re

import pytest
from fastapi import FastAPI

from domain.users import UserRole
from tests.web.browser import PASSWORD, Browser, add_user, forms_in, logged_in
from tests.web.conftest import PARTNER
from tests.web.sync_tool import words_on
from tests.world import World
from usecases.users import create_user

PEOPLE, NEW = "/settings/people", "new@northwind.example"
LINK = re.compile(r'value="http://127\.0\.0\.1:8000(/invitation\?token=[\w-]+)"')


def invite(browser: Browser, email: str = NEW, role: str = "bookkeeper") -> str:
    """The link that the admin passes on."""
    browser.get(PEOPLE)
    page = browser.send(f"{PEOPLE}/invite", {"email": email, "role": role}).text
    found = LINK.search(page)
    assert found is not None, words_on(page)
    return found[1]


def change(browser: Browser, email: str, what: str, **values: str) -> str:
    """Presses the button of this person; what the page then says."""
    page = browser.get(PEOPLE).text
    row = next(part for part in page.split("<tr>") if f">{email}</strong>" in part)
    action = re.search(rf'action="({PEOPLE}/\d+/{what})"', row)
    assert action is not None, row
    return words_on(browser.send(action[1], values).text)


def test_a_colleague_comes_from_the_link_to_the_overview(app: FastAPI, partner: Browser) -> None:
    link = invite(partner)
    assert "No mail is sent" in words_on(partner.page)
    assert "works once" in words_on(partner.page)
    colleague = Browser(app)
    page = colleague.get(link).text
    assert f"{PARTNER} has invited {NEW}" in words_on(page)
    assert "Works on payments and invoices" in words_on(page)
    answer = colleague.send("/invitation", {"password": PASSWORD, "repeated": PASSWORD})
    assert answer.url.path == "/overview"
    assert NEW in answer.text
    people = words_on(partner.get(PEOPLE).text)
    assert f"{NEW} Bookkeeper" in people
    assert "Invited, and not here yet" not in people
    # Shown once: neither the page nor the link has it any more.
    assert link.split("=")[1] not in partner.page
    assert Browser(app).get(link).status_code == 403


def test_a_link_that_no_longer_works_says_what_to_do(anybody: Browser) -> None:
    for token in ("", "nonsense", "é" * 300, "\0"):
        answer = anybody.get("/invitation", params={"token": token})
        assert answer.status_code == 403
        assert "Ask the colleague who invited you for another link." in answer.text


def test_a_refused_password_is_not_written_back_and_the_link_goes_on(app: FastAPI, partner: Browser) -> None:
    colleague = Browser(app)
    colleague.get(invite(partner))
    for password, repeated, why in (("too short", "too short", "12 characters"), (PASSWORD, "another", "not the same")):
        answer = colleague.send("/invitation", {"password": password, "repeated": repeated})
        assert (answer.status_code, why in answer.text) == (422, True)
        assert password not in answer.text
    assert colleague.send("/invitation", {"password": PASSWORD, "repeated": PASSWORD}).url.path == "/overview"


def test_an_address_that_has_an_account_already_is_refused_to_who_accepts(world: World, app: FastAPI, partner) -> None:
    add_user(world.context, "operator@platform.example")
    colleague = Browser(app)
    colleague.get(invite(partner, "operator@platform.example"))
    answer = colleague.send("/invitation", {"password": PASSWORD, "repeated": PASSWORD})
    assert answer.status_code == 422
    assert "a person belongs to one organization" in answer.text


def test_a_refused_invitation_loses_nothing_that_was_typed(partner: Browser) -> None:
    partner.get(PEOPLE)
    answer = partner.send(f"{PEOPLE}/invite", {"email": "not an address", "role": "viewer"})
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.text
    assert re.search(r'value="viewer" checked', answer.text)


def test_an_invitation_is_withdrawn_or_made_anew_on_the_page(app: FastAPI, partner: Browser) -> None:
    first = invite(partner)
    partner.get(PEOPLE)
    new_link = next(form for form in forms_in(partner.page) if form.fields.get("email") == NEW)
    again = LINK.search(partner.client.post(new_link.action, data=new_link.fields).text)
    assert again is not None
    assert (Browser(app).get(first).status_code, Browser(app).get(again[1]).status_code) == (403, 200)
    action = re.search(rf'action="({PEOPLE}/invitations/\d+/withdraw)"', partner.get(PEOPLE).text)
    assert action is not None
    assert "The invitation is withdrawn" in partner.send(action[1]).text
    assert Browser(app).get(again[1]).status_code == 403


def test_an_invitation_that_is_too_old_is_told_as_one(world: World, partner: Browser, app: FastAPI) -> None:
    invite(partner)
    world.clock.move(days=8)
    later = logged_in(app, "second@northwind.example", "northwind")
    assert "Too old" in words_on(later.get(PEOPLE).text)


def test_inviting_is_throttled_by_organization(partner: Browser) -> None:
    partner.get(PEOPLE)
    for number in range(60):
        assert partner.send(f"{PEOPLE}/invite", {"email": f"{number}", "role": "viewer"}).status_code == 422
    answer = partner.send(f"{PEOPLE}/invite", {"email": NEW, "role": "viewer"})
    assert answer.status_code == 429
    assert f'value="{NEW}"' in answer.text


def test_an_admin_changes_roles_and_disables_and_removes(app: FastAPI, partner: Browser) -> None:
    ben = logged_in(app, "ben@northwind.example", "northwind", UserRole.BOOKKEEPER)
    assert "The role is changed." in change(partner, "ben@northwind.example", "role", role="viewer")
    assert "Log in" in ben.get("/overview").text
    assert "cannot log in any more" in change(partner, "ben@northwind.example", "disable")
    assert "ben@northwind.example Disabled Viewer" in words_on(partner.page)
    assert "can log in again" in change(partner, "ben@northwind.example", "enable")
    assert "The person is removed" in change(partner, "ben@northwind.example", "remove")
    assert "ben@northwind.example" not in partner.page


def test_the_page_tells_the_only_admin_why_there_are_no_buttons(app: FastAPI, partner: Browser) -> None:
    assert "The only admin keeps this role and this account." in words_on(partner.get(PEOPLE).text)
    logged_in(app, "second@northwind.example", "northwind")
    assert "The only admin" not in words_on(partner.get(PEOPLE).text)


def test_a_page_from_before_somebody_else_left_refuses_to_take_the_last_admin(
    world: World, app: FastAPI, partner: Browser
) -> None:
    second = logged_in(app, "second@northwind.example", "northwind")
    forgotten = second.get(PEOPLE).text
    change(partner, PARTNER, "role", role="viewer")
    second.page = forgotten
    row = next(part for part in forgotten.split("<tr>") if ">second@northwind.example</strong>" in part)
    action = re.search(rf'action="({PEOPLE}/\d+/remove)"', row)
    assert action is not None
    answer = second.send(action[1])
    assert answer.status_code == 409
    assert "is the only admin of this organization" in answer.text


def test_who_gives_up_being_an_admin_is_logged_out_and_comes_back_with_less(app: FastAPI, partner: Browser) -> None:
    logged_in(app, "second@northwind.example", "northwind")
    assert "Log in" in change(partner, PARTNER, "role", role="viewer")


def test_an_operator_manages_the_people_of_the_chosen_organization(world: World, operator: Browser) -> None:
    assert not isinstance(create_user(world.context, "only@northwind.example", None, "northwind"), str)
    assert "The person is removed" in change(operator, "only@northwind.example", "remove")
    assert "Nobody works here yet." in words_on(operator.page)
    invite(operator, "first@northwind.example", "admin")


@pytest.mark.parametrize("role", [UserRole.BOOKKEEPER, UserRole.VIEWER])
def test_everybody_sees_who_works_here_and_only_admins_change_it(app: FastAPI, partner: Browser, role) -> None:
    invite(partner)
    page = words_on(logged_in(app, "other@northwind.example", "northwind", role).get(PEOPLE).text)
    for told in (PARTNER, NEW, "An admin invites people and gives roles."):
        assert told in page
    for button in ("Invite a colleague", "Withdraw", "Change…"):
        assert button not in page


def test_what_people_do_with_people_is_an_activity(app: FastAPI, partner: Browser) -> None:
    colleague = Browser(app)
    colleague.get(invite(partner))
    colleague.send("/invitation", {"password": PASSWORD, "repeated": PASSWORD})
    change(partner, NEW, "role", role="viewer")
    told = words_on(partner.get("/activity").text)
    assert f"{PARTNER} Gave another role {NEW} Role: Bookkeeper → Viewer" in told
    assert f"{NEW} Joined by an invitation {NEW}" in told
    assert f"{PARTNER} Invited a colleague {NEW}" in told
