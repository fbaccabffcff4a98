"""What is true of orders: pure rules, no I/O, no await."""
