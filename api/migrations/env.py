"""Alembic's way in: it runs on the connection it is given, which is in a transaction already."""

import warnings

from alembic import context

from api.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
with warnings.catch_warnings():
    # a table that SQLite makes anew is read with those it refers to, whose indexes stay as they are
    warnings.filterwarnings("ignore", message=".*expression-based index")
    context.run_migrations()
