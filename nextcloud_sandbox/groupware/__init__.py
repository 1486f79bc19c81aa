"""What calendars and address books have in common: content lines, collections with a change log, DAV reports."""
