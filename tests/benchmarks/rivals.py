"""
Models of other libraries with the attributes of a job, three of them dates.

Django and SQLAlchemy read their rows from SQLite in memory, which is a part of what they cost here; pyairtable and
pynetbox take decoded dictionaries, as this package does. pynetbox does not convert dates.
"""

from __future__ import annotations

import datetime as dt
import importlib
from typing import TYPE_CHECKING, Any

from .canned import job

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DATES", "MAKERS"]

DATES = ("created", "modified", "finished")
Load = "Callable[[list[dict[str, Any]]], Any]"


def _columns(count: int) -> list[dict[str, Any]]:
    """Return rows as a database keeps them: dates as dates, no objects."""
    rows = []
    for number in range(count):
        row = {name: value for name, value in job(number).items() if name != "metadata"}
        row |= {name: dt.datetime.fromisoformat(row[name] + "+00:00") for name in DATES}
        rows.append(row | {"metadata": "{}"})
    return rows


def _django(count: int) -> Callable[[Any], Any]:
    conf, models, database = (
        importlib.import_module(f"django.{name}") for name in ("conf", "db.models", "db")
    )
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    conf.settings.configure(DATABASES=databases, USE_TZ=True)
    importlib.import_module("django").setup()
    kinds = {"size": models.BigIntegerField, "progress": models.IntegerField, "speed": models.FloatField}
    members: dict[str, Any] = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "benchmarks"})}
    for name in job(0):
        if name in DATES:
            members[name] = models.DateTimeField(null=True)
        elif name in kinds:
            members[name] = kinds[name](null=True)
        else:
            members[name] = models.CharField(max_length=200, null=True, primary_key=name == "id")
    model: Any = type("DjangoJob", (models.Model,), members)
    with database.connection.schema_editor() as editor:
        editor.create_model(model)
    model.objects.bulk_create(model(**row) for row in _columns(count))
    return lambda _: list(model.objects.all())


def _sqlalchemy(count: int) -> Callable[[Any], Any]:
    alchemy, orm = importlib.import_module("sqlalchemy"), importlib.import_module("sqlalchemy.orm")
    kinds = {"size": alchemy.BigInteger, "progress": alchemy.Integer, "speed": alchemy.Float}
    members: dict[str, Any] = {"__tablename__": "jobs"}
    for name in job(0):
        kind = alchemy.DateTime if name in DATES else kinds.get(name, alchemy.String)
        # `metadata` is a name of SQLAlchemy's own.
        members["meta" if name == "metadata" else name] = alchemy.Column(kind, primary_key=name == "id")
    model: Any = type("AlchemyJob", (orm.declarative_base(),), members)
    engine = alchemy.create_engine(
        "sqlite://", poolclass=importlib.import_module("sqlalchemy.pool").StaticPool
    )
    model.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all(
            model(**{"meta" if name == "metadata" else name: value for name, value in row.items()})
            for row in _columns(count)
        )
        session.commit()

    def load(_: Any) -> None:
        with orm.Session(engine) as session:
            session.scalars(alchemy.select(model)).all()

    return load


def _pyairtable(_: int) -> Callable[[Any], Any]:
    orm = importlib.import_module("pyairtable.orm")
    fields = orm.fields
    kinds = {"size": fields.IntegerField, "progress": fields.IntegerField, "speed": fields.FloatField}
    members: dict[str, Any] = {
        "Meta": type("Meta", (), {"table_name": "jobs", "base_id": "app0", "api_key": "key"})
    }
    for name in job(0):
        if name in DATES:
            members[name] = fields.DatetimeField(name)
        elif name not in ("id", "metadata"):
            members[name] = kinds.get(name, fields.TextField)(name)
    model: Any = type("AirtableJob", (orm.Model,), members)

    def load(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            row["metadata"] = None
            row |= {name: f"{row[name]}.000Z" for name in DATES}
            model.from_record({"id": row["id"], "createdTime": row["created"], "fields": row})

    return load


def _pynetbox(_: int) -> Callable[[Any], Any]:
    api = importlib.import_module("pynetbox").api("http://127.0.0.1:1", token="t")  # it connects to nothing
    record = importlib.import_module("pynetbox.core.response").Record

    def load(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            record(row, api, api.dcim.devices)

    return load


MAKERS: dict[str, Callable[[int], Callable[[Any], Any]]] = {
    "Django": _django,
    "SQLAlchemy": _sqlalchemy,
    "pyairtable": _pyairtable,
    "pynetbox": _pynetbox,
}
