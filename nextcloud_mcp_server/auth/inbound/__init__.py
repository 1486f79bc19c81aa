"""Who is calling: one file per kind of proof."""
