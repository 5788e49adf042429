"""A small application and a migration script, with their tests."""
