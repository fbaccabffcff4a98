"""The sentences of the OpenAPI document."""

from collections.abc import Mapping

from msgspec import Struct

from milepost.model.events import EventType


class Words(Struct, frozen=True):
    """What an operation does, for people."""

    tag: str
    about: str


TAGS = {
    "Orders": "Create orders, read them, change them, cancel them.",
    "Items": "The lines of an order.",
    "Releases": "Hand items on: to a leg of transport, or to a new order for a supplier.",
    "Tags": "Labels of the team for orders.",
    "Events": "What happened, on whichever surface it was done.",
    "Webhooks": "Have events sent to you.",
    "Deliveries": "What was sent, what came of it, and sending it again.",
}

OPERATIONS: Mapping[str, Words] = {
    "createOrder": Words(
        "Orders",
        "The order is made with its items and emits one `order.created`. It counts as issued and follows the team's "
        "default workflow. `{}` is a legal `ship_to`.",
    ),
    "listOrders": Words(
        "Orders",
        "Whole orders that match all filters, by default the newest first. Archived and canceled ones are listed "
        "unless a filter leaves them out.",
    ),
    "getOrder": Words("Orders", "Canceled and archived orders are readable too."),
    "replaceOrder": Words(
        "Orders",
        "What is left out takes its default, except `order_type`, `source_system_id` and `archived`, which stay. In "
        "`items` an element with `id` replaces that item, one without is added, and stored items that are not listed "
        "are deleted. Sending back what a GET showed changes nothing and emits nothing. On a canceled order only "
        "`archived`, `tags`, `custom_data` and `references` may change.",
    ),
    "updateOrder": Words(
        "Orders",
        "A JSON merge patch (RFC 7396): objects merge at every depth, arrays are replaced whole, null resets a "
        "member to its default. The result must be an order that a PUT would take.",
    ),
    "deleteOrder": Words(
        "Orders",
        "Orders are canceled, never deleted: this is always refused, whether or not the order exists.",
    ),
    "cancelOrder": Words(
        "Orders",
        "Possible until the goods are on their way (status `ASSIGNED` at most). Releases and child orders stay as "
        "they are. Canceling an order that a release made gives its amounts back to the parent order. A canceled "
        "order is answered as it is. A body is not needed; whatever object it holds is ignored.",
    ),
    "createOrderItem": Words("Items", "Emits `order.item.created`."),
    "listOrderItems": Words("Items", "In the sequence of their creation."),
    "getOrderItem": Words("Items", "An item of another order is not found."),
    "replaceOrderItem": Words("Items", "What is left out takes its default; `amount` is required."),
    "updateOrderItem": Words("Items", "A JSON merge patch. Emits `order.item.updated` if something changed."),
    "deleteOrderItem": Words(
        "Items", "Emits `order.item.deleted` on orders of the type `PURCHASE_ORDER` only."
    ),
    "createRelease": Words(
        "Releases",
        "Takes amounts of items. A release of the type `TRANSPORTATION` is a leg of transport; one of the type "
        "`PURCHASE_ORDER` makes a new order with these amounts, whose members are copied from this order unless "
        "they are given, and needs a supplier on this order. An item without `amount` is taken whole, as far as it "
        "is available. Files can be sent along as a form.",
    ),
    "listReleases": Words("Releases", "Oldest first, inactive ones included."),
    "getRelease": Words("Releases", "Either kind of release."),
    "updateRelease": Words(
        "Releases",
        "A JSON merge patch of a leg of transport. `transit_status` moves forward only. Setting `unassigned_at` "
        "takes the leg off its shipment: its amounts return to the items, and it cannot change any more.",
    ),
    "getReleaseDocument": Words("Releases", "The bytes as they were sent, under the type that they had."),
    "createTag": Words("Tags", "Without `slug` one is made of the name."),
    "listTags": Words("Tags", "All tags of the team, the newest first."),
    "listEvents": Words(
        "Events",
        "All events of the team, the newest first, whether or not a webhook wants them. No event ever appears behind "
        "a cursor that was handed out, so asking with `ending_before` for what came after the newest known event "
        "misses nothing.",
    ),
    "listEventNames": Words(
        "Events",
        "What `enabled_events` of a webhook may name (besides `order.deleted`, which never happens).",
    ),
    "getEvent": Words("Events", "An element of the list."),
    "createWebhook": Words(
        "Webhooks",
        "Events recorded from now on are sent to `url`. The answer is the only one that shows `secret`: keep it to "
        "verify signatures. The webhooks of this document tell what is sent.",
    ),
    "listWebhooks": Words("Webhooks", "The newest first, without their secrets."),
    "getWebhook": Words("Webhooks", "Without its secret."),
    "replaceWebhook": Words(
        "Webhooks",
        "What is left out takes its default, so without `authentication` no credentials are sent any more. A changed "
        "`url` holds for pending deliveries too. Setting the status `ENABLED` forgets past failures, `DISABLED` "
        "cancels pending deliveries.",
    ),
    "updateWebhook": Words("Webhooks", "A JSON merge patch; otherwise as a PUT."),
    "deleteWebhook": Words("Webhooks", "Its deliveries go with it."),
    "testWebhook": Words(
        "Webhooks",
        "One attempt at once, also while the webhook is disabled; the answer tells what came of it. The body has the "
        "members of a real event of that name with made-up values. It is no event: nothing of it is kept. Without "
        "`event_name` the first of `enabled_events` is sent.",
    ),
    "rotateWebhookSecret": Words(
        "Webhooks",
        "The new secret signs at once, the one before beside it until the overlap ends (24 hours unless told "
        "otherwise). A second rotation within the overlap drops the oldest.",
    ),
    "listDeliveries": Words("Deliveries", "What was sent to the webhook and what waits, the newest first."),
    "getDelivery": Words("Deliveries", "One delivery, with the body and the headers that were sent."),
    "redeliver": Words(
        "Deliveries",
        "The same bytes under the same `webhook-id` are sent again, freshly signed, with a fresh schedule of retries.",
    ),
    "redeliverEvents": Words(
        "Deliveries",
        "Exactly one of three: `event_id`, that event whatever its name; `from` (included) with `to` (excluded), every "
        "event of that span whose name is enabled, also such as were never sent; `failed_since`, what failed or was "
        "canceled since. Oldest first, at most 10,000 a call.",
    ),
}

PATH_PARAMETERS = {
    "order_id": "The order's id.",
    "order_item_id": "The item's id.",
    "release_id": "The release's id.",
    "document_id": "The id of a document of the release.",
    "event_id": "The event's id.",
    "webhook_id": "The webhook's id.",
    "delivery_id": "The delivery's id.",
}

PARAMETERS: Mapping[tuple[str, str], str] = {
    ("", "limit"): "How many at most.",
    ("", "page"): "Counted from 1; `page` times `limit` is at most 10,000. Not together with a cursor.",
    ("", "starting_after"): "The id of the last one seen: those behind it are listed.",
    ("", "ending_before"): "The id of one whose predecessors in this list are wanted, the nearest ones. "
    "`starting_after` does not count beside it.",
    (
        "",
        "order_by",
    ): "What the list is sorted by; `-` for descending. Equal ones are sorted by id, nulls come last.",
    ("", "id"): "The order's id.",
    ("", "order_number"): "Exactly this number; letter case counts.",
    ("", "created_from_order_id"): "Orders that releases of this order made.",
    ("", "supplier_id"): "Exactly this `supplier.supplier_id`; letter case counts.",
    ("", "status"): "The status.",
    ("", "order_type"): "The type.",
    ("", "tag"): "Orders with this tag, by id or slug. An unknown tag matches nothing.",
    ("", "archived"): "Only archived orders, or only others. Without it both are listed.",
    ("", "created_at"): "When it was created. A date without a time is its midnight UTC.",
    ("", "updated_at"): "When it last changed. A date without a time is its midnight UTC.",
    ("", "start_date"): "The start date.",
    ("", "expiration_date"): "The expiration date.",
    ("", "event_name"): "The event's name. An unknown one matches nothing.",
    ("", "occurred_at"): "When it happened. A date without a time is its midnight UTC.",
    (
        "",
        "delivery_success",
    ): "`true`: events with deliveries that all succeeded. `false`: events of which a delivery "
    "is pending, failed or was canceled.",
    ("", "order_id"): "Events of this order.",
    ("", "sequence"): "The event's number in its order.",
    ("", "event_id"): "The delivery of this event.",
    ("listDeliveries", "order_id"): "Deliveries of events of this order.",
    ("listDeliveries", "status"): "The delivery's status.",
}
"""By operation (empty: any) and name."""

INPUTS: Mapping[tuple[str, str], str] = {
    (
        "NewOrder",
        "",
    ): "What an order may say when it is created. Other members are ignored; null counts as left out.",
    ("NewOrder", "order_type"): "`PURCHASE_ORDER` unless told otherwise; fixed afterwards.",
    ("NewOrder", "items"): "Its lines, in their sequence.",
    ("NewOrder", "tags"): "Ids or slugs of tags, or tags as answers show them. Each must exist.",
    ("OrderReplacement", ""): "The order as it shall be. Other members are ignored; null counts as left out.",
    ("OrderReplacement", "order_type"): "Must be the type that the order has.",
    ("OrderReplacement", "archived"): "Stays as it is when it is left out.",
    (
        "OrderReplacement",
        "items",
    ): "All its lines: known ones with their `id`, new ones without. The sequence does not matter.",
    ("OrderReplacement", "tags"): "Ids or slugs of tags, or tags as answers show them. Each must exist.",
    ("OrderPatch", ""): "What shall change. Null resets a member to its default.",
    ("OrderPatch", "order_type"): "Must be the type that the order has.",
    ("OrderPatch", "items"): "All its lines, replaced whole as by a PUT.",
    ("OrderPatch", "tags"): "All its tags: ids or slugs, or tags as answers show them. Each must exist.",
    ("NewTransportationRelease", ""): "A leg of transport.",
    ("NewTransportationRelease", "release_type"): "`TRANSPORTATION` unless told otherwise.",
    (
        "NewTransportationRelease",
        "items",
    ): "What rides, each item at most once; a taken amount of 0 is legal.",
    ("NewPurchaseOrderRelease", ""): "A new order. What is left out of it is copied from this one.",
    ("NewPurchaseOrderRelease", "release_type"): "Says that a new order is wished.",
    (
        "NewPurchaseOrderRelease",
        "items",
    ): "What goes to the new order, each item at most once and more than 0 of it.",
    (
        "NewPurchaseOrderRelease",
        "order_number",
    ): "Of the new order; left out it is this order's with `-R1`, `-R2` and so on.",
    ("ReleasePatch", ""): "What shall change of a leg of transport.",
    ("ReleasePatch", "unassigned_at"): "Takes the leg off its shipment; not in the future.",
    ("NewTag", "slug"): "Left out, it is made of the name.",
    ("WebhookInput", "url"): "`https`, port 443 or 8443, a public host; the server may allow more.",
    ("WebhookInput", "enabled_events"): "Names of events. `order.deleted` may be named and never happens.",
    ("WebhookInput", "authentication"): "What the receiver asks for by HTTP Basic.",
    ("WebhookInput", "status"): "`ENABLED` unless told otherwise.",
    ("WebhookPatch", ""): "What shall change. Null resets a member to its default.",
}
"""By request schema and member (empty: the whole), where an answer's words do not fit."""

FORM_PARTS = {
    "data": "The release, as JSON.",
    "documents_metadata": "What the files are, by their position, as JSON.",
    "documents": "The files: 10 at most, each of at most 10 MiB, unless the server is set otherwise.",
}

EVENTS: Mapping[EventType, str] = {
    "order.created": "An order was created, on whichever surface.",
    "order.updated": "Properties of an order changed, or the status that follows from everything else.",
    "order.item.created": "An item was added to an order that was there already.",
    "order.item.updated": "An item changed.",
    "order.item.deleted": "An item was taken out of an order.",
    "order.status.changed": "The order entered another status of its workflow, or add-on statuses changed.",
    "order.item.status.changed": "An item entered another status of the team's workflows.",
    "order.milestone.confirmed": "A milestone of the order was confirmed.",
    "order.milestone.rejected": "A milestone of the order was rejected.",
    "order.timeline.updated": "Milestones moved, or a confirmation was undone.",
    "order.task.created": "A task was created.",
    "order.task.completed": "A task was completed.",
    "order.overdue": "A status, an item's status or a milestone lasted longer than it may.",
    "webhook.disabled": "Milepost disabled a webhook because its receiver is gone or keeps failing.",
}
