"""Alembic's entry: runs the migrations on the database that `models.database.upgrade` names, while others work with it."""

from alembic import context
from sqlalchemy import create_engine, make_url

import models
from models.base import Base
from models.database import PATIENCE
from models.migrations.before_release import bring_over
from models.migrations.online import GIVE_WAY_MILLISECONDS, again_after_giving_way, alone
from models.search_indexes import make_search_indexes
from models.silent_peers import CONNECT_ARGUMENTS, tell_server

assert models.TABLES, "all tables have to be known before Alembic compares"

url: str = context.config.attributes["url"]
is_sqlite = make_url(url).drivername.startswith("sqlite")
# As patient as every other writer: a worker of yesterday's program may be writing at this moment.
arguments = {"timeout": PATIENCE.total_seconds()} if is_sqlite else dict(CONNECT_ARGUMENTS)
engine = create_engine(url, connect_args=arguments)
if not is_sqlite:
    tell_server(engine, {"lock_timeout": GIVE_WAY_MILLISECONDS})


def migrate() -> None:
    with engine.begin() as connection:
        bring_over(connection)
    with engine.connect() as connection:
        # SQLite cannot alter most things; batch mode rebuilds the table instead.
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    # After the migrations: they may have rebuilt a table, and with it lost what keeps its index.
    make_search_indexes(engine)


try:
    with alone(engine):
        again_after_giving_way(migrate)
finally:
    engine.dispose()
