"""As whom the server acts: one file per kind of credential."""
