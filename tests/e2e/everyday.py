"""A day's work as a list of tool calls, so that clients of different makers do exactly the same.

`{name}` is a name of the run's own; `{step.field}` is taken from an earlier answer.
"""

from typing import Any

CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:Grace Hopper\r\nN:Hopper;Grace;;;\r\nitem1.EMAIL;TYPE=WORK:grace@example.test\r\n"
    "item1.X-ABLabel:Ship\r\nX-CUSTOM;X-PARAM=1:keep\\, me\r\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\r\nEND:VCARD\r\n"
)

STEPS: list[dict[str, Any]] = [
    {"tool": "nc_notes_create_note", "arguments": {"title": "{name}", "content": "buy seeds", "category": "Garden"}, "as": "note"},
    {"tool": "nc_webdav_create_directory", "arguments": {"path": "{name}"}},
    {"tool": "nc_webdav_write_file", "arguments": {"path": "{name}/a & b #1.txt", "content": "plan"}},
    {
        "tool": "nc_webdav_move_resource",
        "arguments": {"source_path": "{name}/a & b #1.txt", "destination_path": "{name}/plan 100%.txt"},
    },
    {"tool": "nc_webdav_read_file", "arguments": {"path": "{name}/plan 100%.txt"}, "as": "file"},
    {"tool": "nc_calendar_manage_calendar", "arguments": {"action": "create", "calendar_name": "{name}", "display_name": "{name}"}},
    {
        "tool": "nc_calendar_create_event",
        "arguments": {
            "calendar_name": "{name}",
            "title": "Weekly call",
            "start_datetime": "2026-12-01T09:00:00",
            "end_datetime": "2026-12-01T09:30:00",
            "timezone": "America/New_York",
            "recurrence_rule": "FREQ=WEEKLY;COUNT=4",
            "attendees": "bob@example.test",
            "reminders": [{"minutes_before": 45}],
        },
        "as": "event",
    },
    {
        "tool": "nc_calendar_list_events",
        "arguments": {"calendar_name": "{name}", "start_date": "2026-12-01", "end_date": "2026-12-31"},
        "as": "before",
    },
    {
        "tool": "nc_calendar_update_event",
        "arguments": {
            "calendar_name": "{name}",
            "event_uid": "{event.uid}",
            "occurrence": "{before.events.1.occurrence}",
            "title": "Weekly call, moved",
            "start_datetime": "2026-12-08T11:00:00",
            "end_datetime": "2026-12-08T11:30:00",
            "timezone": "America/New_York",
        },
    },
    {
        "tool": "nc_calendar_list_events",
        "arguments": {"calendar_name": "{name}", "start_date": "2026-12-01", "end_date": "2026-12-31"},
        "as": "after",
    },
    {"tool": "nc_calendar_get_event", "arguments": {"calendar_name": "{name}", "event_uid": "{event.uid}"}, "as": "series"},
    {
        "tool": "nc_calendar_create_todo",
        "arguments": {"calendar_name": "{name}", "summary": "Order seeds", "due": "2026-12-05"},
        "as": "todo",
    },
    {"tool": "nc_calendar_complete_todo", "arguments": {"calendar_name": "{name}", "todo_uid": "{todo.uid}"}, "as": "completed"},
    {
        "tool": "nc_contacts_update_contact",
        "arguments": {"addressbook": "contacts", "uid": "{name}", "contact_data": {"title": "Rear Admiral"}},
        "as": "contact",
    },
]
