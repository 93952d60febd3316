"""The channels by name, and whom they tell: programs, or people. An endpoint stays on the channel it was added on."""

from enum import StrEnum

WEBHOOK = "webhook"


class PeopleChannel(StrEnum):
    """How people are told."""

    MAIL = "mail"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    PAGERDUTY_EU = "pagerduty_eu"


# Programs are told documents, about everything; people are told letters, and so nothing but alarms.
PROGRAMS = (WEBHOOK,)
PEOPLE = tuple(one.value for one in PeopleChannel)
