"""Alembic's entry: runs the migrations on the database that `models.database.upgrade` names."""

from alembic import context
from sqlalchemy import create_engine

import models
from models.base import Base

assert models.TABLES, "all tables have to be known before Alembic compares"

url: str = context.config.attributes["url"]
engine = create_engine(url)
with engine.connect() as connection:
    # SQLite cannot alter most things; batch mode rebuilds the table instead.
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
