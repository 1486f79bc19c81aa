"""How people give this server access to their Nextcloud, change it and take it back."""
