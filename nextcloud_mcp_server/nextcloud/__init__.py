"""How to talk to a Nextcloud, whoever is asking."""
