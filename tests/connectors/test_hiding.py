"""Whatever leaves the process for operators has no secret in it, in whatever spelling, and everything else as it was."""

import base64
from urllib.parse import quote

import pytest

from connectors.foreign_text import HIDDEN
from connectors.hiding import Hiding

SECRET = "Zq+0123456789abcdef/fedcba98"


@pytest.fixture
def hiding() -> Hiding:
    made = Hiding()
    made.keep([SECRET])
    return made


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET, safe=""),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(b"user:" + SECRET.encode() + b":more").decode(),
        SECRET[:14],
        SECRET[-14:],
        f"{SECRET[:9]}\n{SECRET[9:]}",
    ],
)
def test_a_known_secret_is_hidden_in_every_spelling_whole_or_cut_off(hiding: Hiding, text: str) -> None:
    hidden = hiding.hidden_in(f"it said: {text}, and that was all")
    assert HIDDEN in hidden
    assert hidden.startswith("it said: ")
    assert hidden.endswith(", and that was all")
    assert text[2:-2] not in hidden


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql+psycopg://payments:pw@db/x failed", f"postgresql+psycopg://payments:{HIDDEN}@db/x failed"),
        ("redis://:pw-of-redis@host:6379/0", f"redis://:{HIDDEN}@host:6379/0"),
        ("Authorization: Bearer abcdefgh.IJK", f"Authorization: Bearer {HIDDEN}"),
        ("Basic YWNtZTpzZWNyZXQ=", f"Basic {HIDDEN}"),
        ("?refresh_token=AB11-long&state=x", f"?refresh_token={HIDDEN}&state=x"),
        ('{"access_token": "eyJhbGciOi", "x": 1}', f'{{"access_token": "{HIDDEN}", "x": 1}}'),
        ("{'private_key': 'abcd1234'}", f"{{'private_key': '{HIDDEN}'}}"),
        ("made eps_0123456789abcdef", f"made eps_{HIDDEN}"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_although_nobody_told_us_of_it(text: str, hidden: str) -> None:
    assert Hiding().hidden_in(text) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "match.decided organization_id=7 allocations=100 owed=3",
        "the access token was refused; connect again",
        "https://payments.example.com/payments/142?page=2",
        "the password is too short",
        "basic settings",
        "session 12 ended",
    ],
)
def test_ordinary_lines_stay_as_they_are(hiding: Hiding, text: str) -> None:
    assert hiding.hidden_in(text) == text


def test_a_word_that_somebody_uses_as_a_password_hides_no_words() -> None:
    hiding = Hiding()
    hiding.keep(["payments", "postgresql+psycopg://payments:payments@db/payments"])
    assert hiding.hidden_in("payments.match took 3 payments") == "payments.match took 3 payments"


def test_of_an_address_the_host_is_no_secret() -> None:
    hiding = Hiding()
    hiding.learn(["https://hooks.slack.com/services/T000/B000/abcdefgh1234"])
    assert hiding.hidden_in("https://hooks.slack.com/other") == "https://hooks.slack.com/other"
    assert "abcdefgh" not in hiding.hidden_in("POST /services/T000/B000/abcdefgh1234")


def test_it_looks_into_whatever_an_event_holds(hiding: Hiding) -> None:
    class Told:
        def __repr__(self) -> str:
            return f"<{SECRET}>"

    assert hiding.hidden_within({"a": [SECRET, 7, None, True], "b": (Told(),)}) == {
        "a": [HIDDEN, 7, None, True],
        "b": [f"<{HIDDEN}>"],
    }


def test_tokens_that_came_and_went_are_hidden_and_do_not_fill_the_memory(hiding: Hiding) -> None:
    for number in range(3000):
        hiding.learn_from({"access_token": f"token-number-{number:032d}", "expires_at": "2026-11-20T00:00:00+00:00"})
    assert HIDDEN in hiding.hidden_in(f"token-number-{2999:032d}")
    assert HIDDEN in hiding.hidden_in(SECRET)
    assert sum(len(known.values) for known in hiding._met) <= 1000
    assert hiding.hidden_in("2026-11-20T00:00:00+00:00") == "2026-11-20T00:00:00+00:00"


def test_a_long_token_is_known_by_its_beginning_and_by_every_longer_piece_and_takes_little_memory() -> None:
    token = "".join(f"{number:04x}" for number in range(0x1000, 0x1100))
    hiding = Hiding()
    hiding.learn([token])
    for piece in (token, token[:14], *(token[start : start + 60] for start in range(0, len(token) - 60, 7))):
        assert piece not in hiding.hidden_in(f"it said: {piece}.")
        assert HIDDEN in hiding.hidden_in(f"it said: {piece}.")
    newest, _ = hiding._met
    assert len(newest._by_run) < len(token)


def test_what_is_learned_is_not_taken_apart_again_with_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process works for many companies: each has a token of its own, and each line of the log is looked through."""
    taken_apart: list[str] = []
    monkeypatch.setattr(
        "connectors.hiding.spellings_of", lambda value: taken_apart.append(value) or iter([value.lower()])
    )
    hiding = Hiding()
    for number in range(50):
        hiding.learn([f"token-of-company-{number:04d}"])
        hiding.hidden_in("a line of the log")
    assert len(taken_apart) == 50
