"""A second factor: off until a code was right, each code once, a clock one step off, recovery codes, keys that change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet

from models.second_factors import second_factor_of
from models.secrets import Keyring
from models.users import User, sessions_of
from tests.usecases.people.conftest import ANN, BEN, PASSWORD, Office
from usecases.keys import rotate_keys
from usecases.logins import (
    HALF_LOGIN_LASTS,
    CodeNeeded,
    LoggedIn,
    WrongCode,
    create_login_link,
    log_in,
    log_in_with_code,
    redeem_login_link,
)
from usecases.one_time_codes import app_link, code_at, step_of_code
from usecases.people import reset_second_factor_of
from usecases.results import Rejected
from usecases.second_factor import (
    RecoveryCodes,
    begin_second_factor,
    being_set_up,
    codes_left,
    confirm_second_factor,
    renew_recovery_codes,
    reset_second_factor,
    turn_off_second_factor,
)
from usecases.users import set_password

STEP = timedelta(seconds=30)


class Phone:
    """Ben's authenticator app."""

    def __init__(self, office: Office, secret: str) -> None:
        self._office, self._secret = office, secret

    def code(self, *, steps_ahead: int = 0) -> str:
        return code_at(self._secret, self._office.clock.now() + steps_ahead * STEP)

    def next_code(self) -> str:
        """Waits for the next one: each is taken once."""
        self._office.clock.move(seconds=30)
        return self.code()


def set_up(office: Office) -> Phone:
    assert begin_second_factor(office.context, office.user(BEN)) is None
    told = being_set_up(office.context, office.user(BEN))
    assert told is not None
    return Phone(office, told.secret)


def turned_on(office: Office) -> tuple[Phone, tuple[str, ...]]:
    phone = set_up(office)
    confirmed = confirm_second_factor(office.context, office.user(BEN), phone.code(), session_id=0)
    assert isinstance(confirmed, RecoveryCodes)
    return phone, confirmed.codes


def half(office: Office) -> str:
    begun = log_in(office.context, BEN, PASSWORD)
    assert isinstance(begun, CodeNeeded), begun
    return begun.key


def brings(office: Office, code: str) -> LoggedIn | WrongCode | None:
    return log_in_with_code(office.context, half(office), code)


# --- the codes themselves ---


@pytest.mark.parametrize(("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    """The last six of the eight digits of its appendix B, for the secret "12345678901234567890"."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_at(secret, moment) == code
    assert step_of_code(secret, f" {code[:3]} {code[3:]} ", moment) == seconds // 30


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "-12345"])
def test_what_is_no_code_of_six_digits_fits_nothing(typed: str) -> None:
    assert step_of_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", typed, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_apps_link_names_the_platform_and_the_person() -> None:
    link = app_link("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "ben+books@northwind.example")
    assert link.startswith("otpauth://totp/External%20Payments%20Sync:ben%2Bbooks%40northwind.example?")
    assert "issuer=External%20Payments%20Sync" in link
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in link


# --- turning it on ---


def test_it_asks_for_nothing_before_a_code_was_right(office: Office) -> None:
    phone = set_up(office)
    office.comes_in(BEN)
    wrong = confirm_second_factor(office.context, office.user(BEN), "000000", session_id=0)
    assert isinstance(wrong, Rejected)
    assert codes_left(office.context, office.user(BEN)) is None
    office.comes_in(BEN)
    assert isinstance(
        confirm_second_factor(office.context, office.user(BEN), phone.code(), session_id=0), RecoveryCodes
    )
    assert isinstance(log_in(office.context, BEN, PASSWORD), CodeNeeded)
    assert office.told() == [("second_factor_on", BEN, ())]


def test_sessions_from_before_it_end_but_this_one(office: Office) -> None:
    office.comes_in(BEN)
    office.comes_in(BEN)
    with office.context.database.reading() as session:
        this = sessions_of(session, office.user(BEN).id, office.clock.now())[0].id
    phone = set_up(office)
    confirm_second_factor(office.context, office.user(BEN), phone.code(), session_id=this)
    assert office.sessions(BEN) == 1


def test_the_secret_is_encrypted_at_rest_and_not_shown_once_it_is_on(office: Office) -> None:
    set_up(office)
    told = being_set_up(office.context, office.user(BEN))
    assert told is not None
    with office.context.database.reading() as session:
        row = second_factor_of(session, office.user(BEN).id)
    assert row is not None
    assert told.secret not in row.sealed_secret
    confirm_second_factor(office.context, office.user(BEN), code_at(told.secret, office.clock.now()), session_id=0)
    assert being_set_up(office.context, office.user(BEN)) is None
    assert isinstance(begin_second_factor(office.context, office.user(BEN)), Rejected)


# --- the second step of a login ---


def test_password_and_code_let_in(office: Office) -> None:
    phone, _ = turned_on(office)
    assert isinstance(brings(office, phone.next_code()), LoggedIn)
    assert office.sessions(BEN) == 1


def test_a_one_time_link_stands_for_the_password_and_not_for_the_code(office: Office) -> None:
    phone, _ = turned_on(office)
    token = create_login_link(office.context, "a secret", BEN)
    assert isinstance(token, str)
    begun = redeem_login_link(office.context, "a secret", token)
    assert isinstance(begun, CodeNeeded)
    assert isinstance(log_in_with_code(office.context, begun.key, phone.next_code()), LoggedIn)


@pytest.mark.parametrize(
    ("steps", "result"), [(-2, WrongCode), (-1, LoggedIn), (0, LoggedIn), (1, LoggedIn), (2, WrongCode)]
)
def test_a_phones_clock_may_be_one_step_off(office: Office, steps: int, result: type) -> None:
    phone, _ = turned_on(office)
    office.clock.move(minutes=10)
    assert isinstance(brings(office, phone.code(steps_ahead=steps)), result)


def test_a_code_is_taken_once_and_none_from_before_it(office: Office) -> None:
    phone, _ = turned_on(office)
    assert isinstance(brings(office, phone.code()), WrongCode)
    ahead = phone.code(steps_ahead=1)
    assert isinstance(brings(office, ahead), LoggedIn)
    assert isinstance(brings(office, ahead), WrongCode)
    assert isinstance(brings(office, phone.code()), WrongCode)


def test_a_wrong_code_leaves_the_login_for_the_right_one_which_ends_it(office: Office) -> None:
    phone, _ = turned_on(office)
    key = half(office)
    assert isinstance(log_in_with_code(office.context, key, "000000"), WrongCode)
    assert isinstance(log_in_with_code(office.context, key, phone.next_code()), LoggedIn)
    assert log_in_with_code(office.context, key, phone.next_code()) is None


def test_the_code_is_waited_for_ten_minutes(office: Office) -> None:
    phone, _ = turned_on(office)
    key = half(office)
    office.clock.move(seconds=HALF_LOGIN_LASTS.total_seconds())
    assert log_in_with_code(office.context, key, phone.code()) is None


def test_a_new_password_ends_a_login_that_waits_for_its_code(office: Office) -> None:
    phone, _ = turned_on(office)
    key = half(office)
    set_password(office.context, BEN, "another good password")
    assert log_in_with_code(office.context, key, phone.next_code()) is None


def test_a_code_without_the_password_lets_nobody_in(office: Office) -> None:
    phone, _ = turned_on(office)
    assert log_in(office.context, BEN, "a wrong password") is None
    assert log_in_with_code(office.context, "no such key", phone.next_code()) is None


# --- recovery codes ---


def test_each_of_ten_recovery_codes_lets_in_once_however_it_is_typed(office: Office) -> None:
    _, codes = turned_on(office)
    assert len(set(codes)) == 10
    assert isinstance(brings(office, codes[0]), LoggedIn)
    assert isinstance(brings(office, codes[0]), WrongCode)
    assert isinstance(brings(office, f" {codes[1].upper().replace('-', ' ')} "), LoggedIn)
    assert codes_left(office.context, office.user(BEN)) == 8


def test_recovery_codes_belong_to_one_person(office: Office) -> None:
    _, codes = turned_on(office)
    ann = office.user(ANN)
    assert begin_second_factor(office.context, ann) is None
    told = being_set_up(office.context, ann)
    assert told is not None
    confirm_second_factor(office.context, ann, code_at(told.secret, office.clock.now()), session_id=0)
    begun = log_in(office.context, ANN, PASSWORD)
    assert isinstance(begun, CodeNeeded)
    assert isinstance(log_in_with_code(office.context, begun.key, codes[0]), WrongCode)


def test_new_recovery_codes_end_the_earlier_ones(office: Office) -> None:
    phone, codes = turned_on(office)
    assert isinstance(renew_recovery_codes(office.context, office.user(BEN), "000000"), Rejected)
    renewed = renew_recovery_codes(office.context, office.user(BEN), phone.next_code())
    assert isinstance(renewed, RecoveryCodes)
    assert not {*codes} & {*renewed.codes}
    assert isinstance(brings(office, codes[0]), WrongCode)
    assert isinstance(brings(office, renewed.codes[0]), LoggedIn)


# --- off, and lost ---


def test_it_is_turned_off_by_password_and_code_together(office: Office) -> None:
    phone, _ = turned_on(office)
    ben = office.user(BEN)
    for password, code in ((PASSWORD, "000000"), ("a wrong password", phone.next_code())):
        assert isinstance(turn_off_second_factor(office.context, ben, password, code), Rejected)
    assert turn_off_second_factor(office.context, ben, PASSWORD, phone.code()) is None
    office.comes_in(BEN)
    assert office.told()[0] == ("second_factor_off", BEN, ())


def test_a_reset_lets_in_by_the_password_alone_and_ends_every_session(office: Office) -> None:
    phone, codes = turned_on(office)
    assert isinstance(brings(office, phone.next_code()), LoggedIn)
    done = reset_second_factor_of(office.context, office.northwind, office.user(ANN), office.user(BEN).id)
    assert isinstance(done, User)
    assert office.sessions(BEN) == 0
    office.comes_in(BEN)
    # What was lost opens nothing after the next one is on.
    turned_on(office)
    assert isinstance(brings(office, codes[0]), WrongCode)


def test_the_command_line_resets_it_and_says_who_has_none(office: Office) -> None:
    turned_on(office)
    assert isinstance(reset_second_factor(office.context, BEN), User)
    for email in (BEN, "nobody@example.com"):
        assert isinstance(reset_second_factor(office.context, email), Rejected)


# --- keys ---


def test_keys_are_rotated_and_a_secret_that_no_key_opens_leaves_the_recovery_codes(office: Office) -> None:
    phone, codes = turned_on(office)
    old, new = office.context.keyring, Fernet.generate_key().decode()
    with office.context.database.reading() as session:
        row = second_factor_of(session, office.user(BEN).id)
    assert row is not None
    secret = old.open(row.sealed_secret)
    office.context = replace(office.context, keyring=Keyring([new]))
    report = rotate_keys(office.context)
    assert (report.second_factors, report.unreadable_users) == (0, (office.user(BEN).id,))
    assert isinstance(brings(office, phone.next_code()), WrongCode)
    assert isinstance(brings(office, codes[0]), LoggedIn)
    with office.context.database.writing() as session:
        row = second_factor_of(session, office.user(BEN).id)
        assert row is not None
        row.sealed_secret = Keyring([new]).seal(secret)
    newest = Fernet.generate_key().decode()
    office.context = replace(office.context, keyring=Keyring([newest, new]))
    report = rotate_keys(office.context)
    assert (report.second_factors, report.unreadable_users) == (1, ())
    office.context = replace(office.context, keyring=Keyring([newest]))
    assert isinstance(brings(office, phone.next_code()), LoggedIn)
