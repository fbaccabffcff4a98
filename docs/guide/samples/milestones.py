"""Prints a purchase order of the Milestones API: its status, and a line for each milestone.

curl ... /v1/teams/TEAM/purchase_orders/ORDER | python3 milestones.py
"""

import json
import sys
from datetime import UTC, date, datetime

order = json.load(sys.stdin)["purchase_order"]
today = datetime.now(UTC).date()

print(f"{order['order_number']} is {order['status']}")
for milestone in order["milestones"]:
    mark = ">" if milestone["current"] else " "
    line = f"{mark} {milestone['name']}: {milestone['status']}"
    if milestone["status"] != "confirmed" and milestone["key_date"] is not None:
        line += f", due in {(date.fromisoformat(milestone['key_date']) - today).days} days"
    print(line)
