"""What the server answers besides MCP: health, and later the management API, webhooks and the person's page."""
