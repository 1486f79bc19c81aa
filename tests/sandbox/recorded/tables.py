"""Recordings of Tables' REST and OCS APIs. Column ids are keys in bodies, so the sandbox gives the recorded ones."""

from nextcloud_sandbox.areas.tables.contexts import add_context
from nextcloud_sandbox.areas.tables.state import Store, Tables
from nextcloud_sandbox.core import Sandbox
from tests.sandbox.replay import Plan, Replay


def setup(sandbox: Sandbox) -> None:
    """The table that everybody gets, with a view of what is to be done."""
    sandbox.slot("tables", Store).last.update({"table": 8, "column": 24, "row": 24, "view": 4})
    tables = Tables(sandbox, "alice")
    table = tables.add_table("Welcome to Nextcloud Tables!", "🚀")
    for title in ("What", "How to do", "Ease of use", "Done"):
        tables.add_column(table.id, title, subtype="line")
    done = tables.columns_of(table.id)[-1]
    done.options |= {"type": "selection", "subtype": "check"}
    for _ in range(7):
        tables.add_row(table.id, {done.id: "false"})
    view = tables.add_view(table.id, "Check yourself!", "🏁")
    view.columns = [{"columnId": column.id, "order": order} for order, column in enumerate(tables.columns_of(table.id))]
    view.filter = [[{"columnId": done.id, "operator": "is-equal", "value": "@unchecked"}]]


async def same_ids(replay: Replay) -> None:
    """Ids are the recorded ones here; what was learned are the seconds of times."""
    replay.numbers.clear()


async def an_application(replay: Replay) -> None:
    """It was made by a request that was not recorded, and its only table is gone."""
    tables = Tables(replay.sandbox, "alice")
    add_context(tables, "Ctx", "equalizer")
    tables.store.next("node")


async def to_delete(replay: Replay) -> None:
    Tables(replay.sandbox, "alice").add_table("del")


async def prices(replay: Replay) -> None:
    tables = Tables(replay.sandbox, "alice")
    table = tables.add_table("Prices").id
    name = tables.add_column(table, "Name", subtype="line").id
    price = tables.add_column(table, "Price", type="number", numberDecimals=2).id
    view = tables.add_view(table, "Cheap", "💶")
    assert (table, name, price, view.id) == (15, 43, 44, 7)
    for title, amount in (("a", 1.5), ("b", 20.0)):
        tables.add_row(table, {name: title, price: amount})


PLAN = Plan(
    "tables",
    setup=setup,
    before={
        "57-v2-contexts.txt": an_application,
        "61-v1-row-delete.txt": same_ids,
        "63-v1-column-delete.txt": same_ids,
        "65-v1-table-delete.txt": to_delete,
        "81-v1-view-update-ok.txt": prices,
    },
)
