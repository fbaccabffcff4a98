"""SQL that only reads, shaped for showing."""
