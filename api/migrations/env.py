"""Alembic's way in: it runs on the connection it is given, which is in a transaction already."""

from alembic import context

from api.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
context.run_migrations()
