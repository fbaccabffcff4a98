"""The Milestones API: purchase orders, their milestones, dates and tasks, as scripts follow and move them."""
