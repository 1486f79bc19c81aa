"""Answers of the small apps in the odd shapes that PHP gives them, read all the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from nextcloud_mcp_server.apps.activity.models import EVENTS
from nextcloud_mcp_server.apps.notifications.models import NOTIFICATION
from nextcloud_mcp_server.apps.reminders.models import DUE
from nextcloud_mcp_server.apps.unified.models import FOUND, PROVIDERS
from nextcloud_mcp_server.apps.userstatus.models import STATUS
from nextcloud_mcp_server.core.errors import BadAnswer
from nextcloud_mcp_server.nextcloud.answers import shape


def test_an_entry_about_nothing_has_lists_and_nulls_for_what_it_lacks() -> None:
    (event,) = shape(
        EVENTS, [{"activity_id": 5, "objects": [], "object_id": None, "object_name": None, "object_type": "", "link": None}], "x"
    )
    assert (event.objects, event.object_id, event.object_name, event.link) == ({}, 0, "", "")
    (event,) = shape(EVENTS, [{"activity_id": 5, "objects": {"7": "/a", "8": "/b"}}], "x")
    assert event.objects == {"7": "/a", "8": "/b"}
    assert "objects" not in event.model_dump()


def test_ids_of_notified_things_are_texts_whatever_they_come_as() -> None:
    assert shape(NOTIFICATION, {"notification_id": 1, "object_id": 12}, "x").object_id == "12"


def test_attributes_of_a_hit_may_be_an_empty_list() -> None:
    found = shape(FOUND, {"entries": [{"title": "a", "attributes": []}, {"title": 5, "attributes": {"fileId": "7"}}], "cursor": "x"}, "x")
    assert [entry.attributes for entry in found.entries] == [{}, {"fileId": "7"}]
    assert found.entries[1].title == "5"


def test_times_are_read_from_seconds_and_texts() -> None:
    moment = datetime(2033, 1, 1, 10, tzinfo=UTC)
    assert shape(STATUS, {"userId": "a", "clearAt": int(moment.timestamp())}, "x").clear_at == moment
    assert shape(DUE, {"dueDate": "2033-01-01T10:00:00+00:00"}, "x").dueDate == moment
    assert shape(DUE, {"dueDate": None}, "x").dueDate is None


ODD: list[tuple[TypeAdapter[Any], Any]] = [(STATUS, []), (FOUND, None), (PROVIDERS, {"id": 1}), (NOTIFICATION, "x"), (EVENTS, [{}])]


@pytest.mark.parametrize(("adapter", "value"), ODD)
def test_another_shape_is_a_bad_answer(adapter: TypeAdapter[Any], value: Any) -> None:
    with pytest.raises(BadAnswer, match="unexpected shape"):
        shape(adapter, value, "x")
