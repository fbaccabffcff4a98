"""What leaves the house: webhook deliveries and mail, carried outside from rows by workers."""
