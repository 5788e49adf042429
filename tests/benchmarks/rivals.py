"""
Models of other libraries with the attributes of a job: three dates with their zone, and metadata that is JSON.

pyairtable and pynetbox read decoded rows in the form that their own servers write: Airtable's dates have milliseconds
and a Z, and it has no JSON; NetBox gives references as objects and choices with their label. pynetbox converts no dates.
"""

from __future__ import annotations

import datetime as dt
import importlib
from typing import TYPE_CHECKING, Any

from .canned import job

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DATES", "MAKERS", "READERS"]

DATES = ("created", "modified", "finished")
_REFERENCES = ("source", "destination", "user", "queue")
Row = dict[str, Any]


def _columns(count: int) -> list[Row]:
    """Return rows as a database keeps them: dates as dates."""
    rows = []
    for number in range(count):
        row = job(number)
        rows.append(row | {name: dt.datetime.fromisoformat(row[name] + "+00:00") for name in DATES})
    return rows


def _django(count: int) -> Callable[[], Any]:
    conf, models, database = (
        importlib.import_module(f"django.{name}") for name in ("conf", "db.models", "db")
    )
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    conf.settings.configure(DATABASES=databases, USE_TZ=True)
    importlib.import_module("django").setup()
    kinds = {"size": models.BigIntegerField, "progress": models.IntegerField, "speed": models.FloatField}
    kinds |= {"metadata": models.JSONField} | dict.fromkeys(DATES, models.DateTimeField)
    members: dict[str, Any] = {"__module__": __name__, "Meta": type("Meta", (), {"app_label": "benchmarks"})}
    for name in job(0):
        if name in kinds:
            members[name] = kinds[name](null=True)
        else:
            members[name] = models.CharField(max_length=200, null=True, primary_key=name == "id")
    model: Any = type("DjangoJob", (models.Model,), members)
    with database.connection.schema_editor() as editor:
        editor.create_model(model)
    model.objects.bulk_create(model(**row) for row in _columns(count))
    return lambda: list(model.objects.all())


def _alchemy_model(count: int) -> tuple[Any, Any]:
    """Return an engine and a model of SQLAlchemy's, with so many jobs."""
    alchemy, orm = importlib.import_module("sqlalchemy"), importlib.import_module("sqlalchemy.orm")

    class Aware(alchemy.TypeDecorator):  # type: ignore[misc,name-defined] # as its documentation has it
        impl = alchemy.DateTime
        cache_ok = True

        def process_bind_param(self, value: Any, dialect: Any) -> Any:
            return value and value.astimezone(dt.timezone.utc).replace(tzinfo=None)

        def process_result_value(self, value: Any, dialect: Any) -> Any:
            return value and value.replace(tzinfo=dt.timezone.utc)

    kinds = {"size": alchemy.BigInteger, "progress": alchemy.Integer, "speed": alchemy.Float}
    kinds |= {"metadata": alchemy.JSON} | dict.fromkeys(DATES, Aware)
    members: dict[str, Any] = {"__tablename__": "jobs"}
    for name in job(0):
        kind = kinds.get(name, alchemy.String)
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
    return engine, model


def _sqlalchemy(count: int) -> Callable[[], Any]:
    engine, model = _alchemy_model(count)
    alchemy, orm = importlib.import_module("sqlalchemy"), importlib.import_module("sqlalchemy.orm")

    def load() -> Any:
        with orm.Session(engine) as session:
            return session.scalars(alchemy.select(model)).all()

    return load


def _sqlalchemy_streamed(count: int) -> Callable[[], Any]:
    engine, model = _alchemy_model(count)
    alchemy, orm = importlib.import_module("sqlalchemy"), importlib.import_module("sqlalchemy.orm")

    def load() -> Any:
        with orm.Session(engine) as session:
            return sum(1 for _ in session.scalars(alchemy.select(model).execution_options(yield_per=500)))

    return load


def _for_airtable(row: Row) -> Row:
    """Return a row as Airtable writes it."""
    fields = {name: value for name, value in row.items() if name not in ("id", "metadata")}
    fields |= {name: f"{row[name]}.000Z" for name in DATES}
    return {"id": row["id"], "createdTime": fields["created"], "fields": fields}


def _pyairtable() -> Callable[[list[Row]], Any]:
    orm = importlib.import_module("pyairtable.orm")
    fields = orm.fields
    kinds = {"size": fields.IntegerField, "progress": fields.IntegerField, "speed": fields.FloatField}
    kinds |= dict.fromkeys(DATES, fields.DatetimeField)
    meta = type("Meta", (), {"base_id": "base", "table_name": "jobs", "api_key": "key"})
    members: dict[str, Any] = {"Meta": meta}
    for name in job(0):
        if name not in ("id", "metadata"):
            members[name] = kinds.get(name, fields.TextField)(name)
    model: Any = type("AirtableJob", (orm.Model,), members)
    return lambda rows: [model.from_record(row) for row in rows]


def _for_netbox(row: Row) -> Row:
    """Return a row as NetBox writes it."""
    api = "http://127.0.0.1:1/api"
    changed = {
        name: {
            "id": row[name],
            "url": f"{api}/{name}s/{row[name]}/",
            "display": row.get(f"{name}_hr", row[name]),
        }
        for name in _REFERENCES
    }
    changed["status"] = {"value": row["status"], "label": row["status"].title()}
    return row | changed | {"url": f"{api}/jobs/{row['id']}/"}


def _pynetbox() -> Callable[[list[Row]], Any]:
    api = importlib.import_module("pynetbox").api("http://127.0.0.1:1", token="t")  # it connects to nothing
    record = importlib.import_module("pynetbox.core.response").Record
    return lambda rows: [record(row, api, api.dcim.devices) for row in rows]


# Load so many jobs at once.
MAKERS: dict[str, Callable[[int], Callable[[], Any]]] = {
    "Django": _django,
    "SQLAlchemy": _sqlalchemy,
    "SQLAlchemy, streamed": _sqlalchemy_streamed,
}
# What makes rows of the form that a library reads, and what makes the function that reads a page of them.
READERS: dict[str, tuple[Callable[[Row], Row], Callable[[], Callable[[list[Row]], Any]]]] = {
    "pyairtable": (_for_airtable, _pyairtable),
    "pynetbox": (_for_netbox, _pynetbox),
}
