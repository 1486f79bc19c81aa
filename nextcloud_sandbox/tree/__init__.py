"""The file trees: pure, without HTTP."""
