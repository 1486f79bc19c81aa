"""One module per area of recordings, each with a `PLAN`: who asked, what happened between the recordings, what is not claimed."""
