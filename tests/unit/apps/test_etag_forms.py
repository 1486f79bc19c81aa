"""Where an app compares etags itself, the current one is taken in every form that a proxy makes of it, and no other one is."""

from collections.abc import Callable

import pytest

from nextcloud_mcp_server.apps.cookbook import recipes
from nextcloud_mcp_server.apps.deck import changes
from nextcloud_mcp_server.apps.tables import rows
from nextcloud_mcp_server.apps.tables.models import Row
from nextcloud_mcp_server.core.errors import Changed
from nextcloud_mcp_server.nextcloud.answers import bare_etag

RECIPE, ROW = {"name": "Soup"}, Row.model_validate({"id": 1, "tableId": 1, "data": []})
APPS: dict[str, tuple[str, Callable[[str], None]]] = {
    "cookbook": (recipes.etag_of(RECIPE), lambda etag: recipes.same_version(etag, RECIPE, "Recipe 1")),
    "deck": ("0123abcd", lambda etag: changes.same_version(etag, '"0123abcd"', "Card 1")),
    "tables": (rows.etag_of(ROW), lambda etag: rows.same_version(etag, ROW)),
}
FORMS = ("{}", '"{}"', 'W/"{}"', '"{}-gzip"', 'W/"{}-gzip"', '"{};gzip"', "{}-gzip", ' "{}" ')


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("app", APPS)
def test_the_current_etag_is_taken_in_every_form(app: str, form: str) -> None:
    current, compare = APPS[app]
    compare(form.format(current))
    with pytest.raises(Changed):
        compare(form.format(f"not{current}"))


@pytest.mark.parametrize("form", FORMS)
def test_an_etag_is_shown_and_sent_without_what_a_proxy_adds(form: str) -> None:
    assert bare_etag(form.format("0123abcd")) == "0123abcd"
