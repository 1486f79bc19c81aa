"""A demo table: the milestones of a project, shared between two people."""

from nextcloud_sandbox.areas.tables.state import Tables
from nextcloud_sandbox.core import Sandbox

STATES = [{"id": 0, "label": "open"}, {"id": 1, "label": "in progress"}, {"id": 2, "label": "done"}]
DEMO = (
    ("Kick-off", 2, "2026-09-01", 0.0, "alice"),
    ("Design agreed", 2, "2026-10-15", 4200.0, "bob"),
    ("First release", 1, "2026-12-18", 9800.5, "alice"),
    ("Workshop with customers", 0, "2027-01-20", 1500.0, "bob"),
    ("Second release", 0, "2027-03-31", 7300.0, "alice"),
)


def seed(sandbox: Sandbox) -> None:
    tables = Tables(sandbox, "alice")
    table = tables.add_table("Milestones", "🏁", "What the project has to reach.").id
    name = tables.add_column(table, "Milestone", type="text", subtype="line", mandatory=True, textUnique=False).id
    state = tables.add_column(table, "State", type="selection", selectionOptions=STATES).id
    due = tables.add_column(table, "Due", type="datetime", subtype="date").id
    cost = tables.add_column(table, "Cost", type="number", numberDecimals=2, numberSuffix="EUR").id
    who = tables.add_column(table, "Who", type="usergroup", usergroupMultipleItems=True, usergroupSelectUsers=True).id
    for title, status, day, money, person in DEMO:
        tables.add_row(table, {name: title, state: str(status), due: day, cost: money, who: [{"id": person, "type": 0}]})
    view = tables.add_view(table, "Not done yet", "⏳")
    view.columns = [{"columnId": number, "order": order} for order, number in enumerate((name, due, who))]
    view.filter = [[{"columnId": state, "operator": "is-not-equal", "value": "2"}]]
    view.sort = [{"columnId": due, "mode": "ASC"}]
    tables.add_share(table, "bob", "user", {"read": True, "create": True, "update": True})
