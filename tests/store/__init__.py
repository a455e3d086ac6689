"""Databases: one contract on SQLite and on PostgreSQL."""
