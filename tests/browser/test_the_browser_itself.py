"""One browser shows the pages of many tests: none of them may notice the others, however they ended."""

import os
import signal

import pytest

from tests.browser.chromium import Browsers, browsers

pytestmark = [pytest.mark.slow, pytest.mark.proof, pytest.mark.timeout(600)]

STORED = "localStorage.getItem('kept') + ' ' + document.cookie"


@pytest.fixture(scope="module")
def own_browser(tmp_path_factory: pytest.TempPathFactory):
    with browsers(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def test_nothing_that_one_window_kept_is_there_in_the_next(own_browser: Browsers, address: str) -> None:
    with own_browser.window() as window:
        window.open(f"{address}/login")
        window.run("localStorage.setItem('kept', 'here'); document.cookie = 'crumb=1'; 0")
        window.run("setTimeout(() => { throw new Error('thrown') }); new Promise((done) => setTimeout(done, 50))")
        assert "here" in window.run(STORED)
        assert "crumb=1" in window.run(STORED)
        assert "thrown" in str(window.complaints())
        window.show(360, dark=True)
    with own_browser.window() as window:
        window.open(f"{address}/login")
        assert window.run(STORED) == "null "
        assert window.complaints() == []
        assert window.run("[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]") == [1280, False]


def test_a_browser_that_died_takes_one_window_with_it(own_browser: Browsers, address: str) -> None:
    with pytest.raises(AssertionError, match="has ended"), own_browser.window() as window:  # noqa: PT012
        own_browser.program.kill()
        window.open(f"{address}/login")
    with own_browser.window() as window:
        window.open(f"{address}/login")
        assert "E-mail address" in window.text()


def test_a_browser_that_hangs_is_ended_and_replaced(own_browser: Browsers, address: str) -> None:
    with own_browser.window() as window:
        hanging = own_browser.program
    with pytest.raises(AssertionError, match="in time"), own_browser.window(seconds_max=0.5) as window:  # noqa: PT012
        os.kill(hanging.process_id, signal.SIGSTOP)
        window.open(f"{address}/login")
    with own_browser.window() as window:
        window.open(f"{address}/login")
        assert "E-mail address" in window.text()
    assert own_browser.program is not hanging


def test_a_test_that_fails_leaves_the_browser_to_the_next(own_browser: Browsers) -> None:
    with own_browser.window():
        before = own_browser.program
    with pytest.raises(ZeroDivisionError), own_browser.window():
        1 / 0  # noqa: B018 - a test's own mistake
    with own_browser.window():
        assert own_browser.program is before
