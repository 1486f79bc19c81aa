"""What people read about scopes, and how a form's answer leaves this server."""

from starlette.responses import RedirectResponse

from nextcloud_mcp_server.auth.server import pages


def test_the_most_far_reaching_scopes_come_first_and_who_one_is_comes_last() -> None:
    scopes = {
        "openid",
        "email",
        "files:read",
        "notes:read",
        "notes:write",
        "todo:read",
        "todo:write",
        "mail:read",
        "mail:write",
        "mail:send",
    }
    assert pages.in_words(scopes) == [
        ("Read, send, create, change and delete", ["mail"]),
        ("Read, create, change and delete", ["notes", "tasks"]),
        ("Only read", ["files"]),
        ("Know about you", ["who you are", "your mail address"]),
    ]


def test_writing_without_reading_and_unknown_access_are_named_as_they_are() -> None:
    assert pages.in_words({"notes:write", "talk:admin"}) == [("Create, change and delete", ["notes"]), ("Admin", ["talk"])]
    assert pages.in_words({"openid"}) == [("Know about you", ["who you are"])]
    assert pages.in_words(set()) == []


def test_a_forms_answer_leaves_by_a_page_and_keeps_its_cookies() -> None:
    away = RedirectResponse('https://client.example/cb?a=1&b="><script>', 303)
    away.set_cookie("one", "1")
    away.delete_cookie("two")
    page = pages.onward(away, "https://mcp.example")
    assert page.status_code == 200
    assert "location" not in page.headers
    assert [value.partition("=")[0] for value in page.headers.getlist("set-cookie")] == ["one", "two"]
    body = bytes(page.body).decode()
    assert 'content="0; url=https://client.example/cb?a=1&amp;b=%22%3E%3Cscript%3E"' in body
    assert "<script>" not in body
    assert "form-action 'self';" in page.headers["content-security-policy"]


def test_an_answer_that_stays_here_is_left_as_it_is() -> None:
    here = RedirectResponse("https://mcp.example/oauth/sign-in?sign_in=x", 303)
    assert pages.onward(here, "https://mcp.example") is here
    plain = pages.failure("no")
    assert pages.onward(plain, "https://mcp.example") is plain
    assert pages.onward(RedirectResponse("https://mcp.example.evil/", 303), "https://mcp.example").status_code == 200
