"""The Orders API: purchase orders as rich documents, the event feed and webhooks, directly below the host."""
