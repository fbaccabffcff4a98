"""Tools that know no orders: clock, ids, tokens, errors, natural sorting."""
