"""Plants secrets where an organization has them: its connections, its people, and whoever is told."""

import secrets
from dataclasses import replace

from domain.notices.channels import PEOPLE, PeopleChannel
from domain.notices.kinds import ALARM_KINDS
from models.connections import Connection
from models.users import user_by_email
from tests.mailbox import Mailbox
from tests.planted import Planted
from tests.world import World
from usecases.endpoints import Wanted, WithSecret, add_endpoint, send_test, switch_endpoint
from usecases.one_time_codes import code_at
from usecases.second_factor import RecoveryCodes, begin_second_factor, being_set_up, confirm_second_factor


def plant_connections(world: World, planted: Planted) -> None:
    """The keys of both connections, in the way in which they are stored anyway."""
    with world.context.database.reading() as session:
        opened = world.context.keyring.open(session.get_one(Connection, world.source_id).sealed_secrets)
    planted.plant("access token", opened["access_token"])
    planted.plant("refresh token", opened["refresh_token"])
    planted.plant("private key", "sandbox-private-key")
    planted.plant("client secret", "sandbox-secret")
    planted.plant("login at ConnectWise", "acme+sandbox-public-key:sandbox-private-key")


def plant_second_factor(world: World, planted: Planted, email: str) -> None:
    """What an app makes codes of, and the codes that stand for it once."""
    with world.context.database.reading() as session:
        user = user_by_email(session, email)
    assert user is not None
    assert begin_second_factor(world.context, user) is None
    set_up = being_set_up(world.context, user)
    assert set_up is not None
    secret = planted.plant("secret of the app", set_up.secret)
    code = code_at(secret, world.clock.now())
    codes = confirm_second_factor(world.context, user, code, session_id=0)
    assert isinstance(codes, RecoveryCodes)
    for number, one in enumerate(codes.codes):
        planted.plant(f"recovery code {number}", one)


def plant_people_to_tell(world: World, planted: Planted, mailbox: Mailbox) -> None:
    """A pager that is switched off, as it would be told through the internet, and a mail server that refuses our login."""
    key = planted.plant("key of the pager", secrets.token_hex(16))
    pager = _add(world, Wanted("Pager", key, ALARM_KINDS, channel=PeopleChannel.PAGERDUTY))
    assert switch_endpoint(world.context, world.organization_id, pager, PEOPLE, on=False) is not None
    server = mailbox.server(username="payments", password=planted.secrets["mail password"])
    world.context = replace(world.context, platform=replace(world.context.platform, mail=server))
    mail = _add(world, Wanted("Bookkeeping", "books@northwind.example", ALARM_KINDS, channel=PeopleChannel.MAIL))
    tested = send_test(world.context, world.organization_id, mail, PEOPLE)
    assert tested is not None
    assert not tested.reply.is_success


def _add(world: World, wanted: Wanted) -> int:
    added = add_endpoint(world.context, world.organization_id, wanted)
    assert isinstance(added, WithSecret)
    return added.endpoint.id
