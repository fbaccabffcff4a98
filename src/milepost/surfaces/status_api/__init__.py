"""The Status API: custom statuses, sub-statuses, add-ons, workflows, line items, bulk, notifications."""
