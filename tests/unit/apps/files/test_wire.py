"""What Nextcloud's recorded answers mean, and what is asked of it."""

from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

from nextcloud_mcp_server.apps.files import wire
from nextcloud_mcp_server.apps.files.models import FileInfo
from nextcloud_mcp_server.apps.files.remarks import comment
from nextcloud_mcp_server.nextcloud.dav import Resource, parse_multistatus

CAPTURES = Path(__file__).parents[3] / "captures" / "webdav"


def recorded(name: str) -> list[Resource]:
    body = (CAPTURES / f"{name}.txt").read_text().partition("----- RESPONSE -----")[2].partition("\n\n")[2]
    return parse_multistatus(body.strip().encode(), "it").resources


def test_a_recorded_folder_is_read_with_odd_names_decoded() -> None:
    entries = [wire.entry(one) for one in recorded("29-propfind-folder")]
    assert entries[0].is_folder
    assert entries[0].path == "dav-test"
    assert entries[0].size is None
    names = {entry.path for entry in entries}
    assert "dav-test/ünï 空.txt" in names
    text = next(entry for entry in entries if entry.path == "dav-test/a.txt")
    assert (text.size, text.content_type, text.favorite, text.file_id) == (17, "text/plain", False, 959)
    assert text.etag
    assert '"' not in text.etag


def test_recorded_searches_and_reports_are_read_alike() -> None:
    assert [wire.entry(one).path for one in recorded("45-search-offset")] == ["dav-test/chk.txt", "dav-test/ünï 空.txt"]
    (favorite,) = [wire.entry(one) for one in recorded("42-report-favorites")]
    assert (favorite.path, favorite.favorite) == ("dav-test/a.txt", True)
    (tagged,) = [wire.entry(one) for one in recorded("62-propfind-system-tags-prop")]
    assert tagged.tags == ("proj-1795221625",)


def test_recorded_comments_are_read() -> None:
    (found,) = [found for one in recorded("68-comments-list-report") if (found := comment(one))]
    assert (found.id, found.message, found.actor_id, found.actor_display_name) == (5, "Nice file @bob", "alice", "Alice Example")
    assert not found.is_unread


def test_a_resource_with_nothing_in_it_breaks_nothing() -> None:
    entry = wire.entry(Resource("/remote.php/dav/files/alice/x"))
    assert (entry.path, entry.size, entry.etag, entry.file_id, entry.tags) == ("x", None, None, None, ())
    assert comment(Resource("/x")) is None


@pytest.mark.parametrize("evil", ["</d:href><d:x>", "a&b", "<![CDATA[", '"'])
def test_what_people_write_cannot_change_the_question(evil: str) -> None:
    query = wire.Query(name_like=evil, mime_like=evil, favorites=True)
    root = fromstring(wire.search(query, f"/files/alice/{evil}", 7, 50, 26))
    literals = [node.text for node in root.iter("{DAV:}literal")]
    assert literals == [evil, evil, "1", "7"]
    assert next(root.iter("{DAV:}href")).text == f"/files/alice/{evil}"
    assert next(root.iter("{DAV:}nresults")).text == "26"
    assert next(root.iter("{https://github.com/icewind1991/SearchDAV/ns}firstresult")).text == "50"


def test_a_search_without_conditions_still_has_one() -> None:
    root = fromstring(wire.search(wire.Query(), "/files/alice", None, 0, 1))
    assert [node.text for node in root.iter("{DAV:}literal")] == ["%"]


def test_a_list_item_has_no_nulls_worth_showing() -> None:
    item = FileInfo(name="a", path="a", is_directory=False)
    assert item.model_dump(exclude_none=True) == {"name": "a", "path": "a", "is_directory": False}
