"""The verbs: every change is made by one of them, with its event and deliveries in the same commit."""
