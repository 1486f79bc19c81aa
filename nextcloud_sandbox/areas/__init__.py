"""One folder per area of the API; each exposes `AREA`. A new folder needs no change anywhere else."""
