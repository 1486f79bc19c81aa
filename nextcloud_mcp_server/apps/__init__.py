"""One folder per Nextcloud app; each declares itself as `APP`."""
