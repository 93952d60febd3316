"""Passwords are compared as slowly as the product promises; the tests of the pages use a quicker hash."""

from argon2 import extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY

from usecases.passwords import hash_password, is_password


def test_a_password_is_kept_with_the_costs_of_rfc_9106() -> None:
    kept = hash_password("correct horse battery staple")
    assert extract_parameters(kept) == RFC_9106_LOW_MEMORY
    assert is_password(kept, "correct horse battery staple")
    assert not is_password(kept, "correct horse battery stable")
    assert not is_password(None, "correct horse battery staple")
