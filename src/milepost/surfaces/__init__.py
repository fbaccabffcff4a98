"""The published APIs. Each translates its own words into verbs and reads; none knows another."""
