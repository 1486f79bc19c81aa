"""Requests that people make often and that use several apps."""

from nextcloud_mcp_server.core.app import Prompt

PROMPTS = (
    Prompt(
        name="plan_my_day",
        description="Today's events and tasks as a plan",
        text=(
            "Plan my day for {date}. Read my events of that day in all calendars and my open tasks that are due by then. Give me a short "
            "timetable with the free gaps, put the tasks into the gaps by priority, and name conflicts. Change nothing."
        ),
        arguments={"date": "The day, such as 2026-11-23"},
        scopes=frozenset({"calendar:read", "todo:read"}),
    ),
    Prompt(
        name="meeting_notes_to_tasks",
        description="Turn meeting notes into tasks and Deck cards",
        text=(
            "Find my note about {meeting} and read it. List every action item with who does it and by when, quoting the sentence it comes "
            "from. Show me the list first. After I agree, make a task for each of mine in my task list, and a Deck card for each of the "
            "others' on the board I name."
        ),
        arguments={"meeting": "Title or words of the note"},
        scopes=frozenset({"notes:read", "todo:write", "deck:write"}),
    ),
    Prompt(
        name="weekly_review",
        description="What happened this week and what comes next",
        text=(
            "Do my weekly review for the week of {date}. Look at the events of this and the next week, tasks completed and overdue, notes "
            "changed this week, and Deck cards assigned to me. Summarise what got done, what is late, and what needs a decision. Write the "
            "summary into a new note in the category Reviews only after I agree."
        ),
        arguments={"date": "Any day of the week"},
        scopes=frozenset({"calendar:read", "todo:read", "notes:read"}),
    ),
    Prompt(
        name="find_and_cite",
        description="Answer a question from my own documents, with sources",
        text=(
            "Answer this from my Nextcloud only: {question}. Search my notes and files, read the best matches, and answer in a few "
            "sentences. After every statement name its source with its link. If my documents do not answer it, say so."
        ),
        arguments={"question": "What to find out"},
        scopes=frozenset({"notes:read", "files:read"}),
    ),
)
