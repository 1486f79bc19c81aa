"""An embedded look-alike of Nextcloud 32 for demos and tests. It keeps its state in memory or in one folder."""
