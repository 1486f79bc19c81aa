"""The file trees of all users: nodes, mounts, trash, versions. Pure: no HTTP, no clock of its own."""
