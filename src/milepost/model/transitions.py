"""Which status may be entered from where, and what holds afterwards (Status API, section 22).

Pure rules: old state + wish -> new state, or a refusal that names the legal moves.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from milepost.kit.errors import Conflict, Invalid
from milepost.model.standing import HeldStatus
from milepost.model.timeline import deadline
from milepost.model.workflow import CHANNELS, Channel, Status, SubStatusOption, Team, Workflow, Workspace


class Target(Struct, frozen=True):
    """The wish: a status and, if it has options, one of them."""

    status: Status
    option: SubStatusOption | None = None

    @property
    def option_id(self) -> str | None:
        return self.option.id if self.option else None


# The wish -------------------------------------------------------------------------------------------------


def choose(
    workspace: Workspace,
    status_id: str | None,
    option_id: str | None = None,
    *,
    sent_option: bool,
    for_line_item: bool = False,
) -> Target:
    """The status and option that a request names (Status API, sections 6, 10 and 22.2).

    Ids are in canonical spelling, None where the text sent spells no id: such a text names nothing.
    `sent_option` tells "none sent" from "sent, but no id".

    Raises Invalid: `unknown_status`; `addon_not_supported` (a line item holds no addons);
    `sub_status_required`; `unknown_sub_status`.
    """
    status = workspace.status.get(status_id) if status_id is not None else None
    if status is None:
        raise Invalid("unknown_status", "status_id", "No such status")
    if for_line_item and status.is_addon:
        raise Invalid("addon_not_supported", "status_id", "A line item cannot hold an addon status")
    if not sent_option:
        if status.options:
            raise Invalid("sub_status_required", "sub_status_option_id", "This status needs an option")
        return Target(status)
    option = status.options.get(option_id) if option_id is not None else None
    if option is None:
        raise Invalid("unknown_sub_status", "sub_status_option_id", "This status has no such option")
    return Target(status, option)


def check_specificity(team: Team, wanted: Literal["order", "line_item"]) -> None:
    """Raises Conflict `status_specificity`, naming the mode, when the team keeps no statuses on `wanted`
    things (Status API, section 22.7)."""
    mode = team.status_specificity
    if mode not in (wanted, "combined"):
        raise Conflict("status_specificity", "Not available in this status specificity mode", mode=mode)


def product_chain_of(
    workspace: Workspace, products: Iterable[tuple[str | None, str | None]]
) -> tuple[str, ...] | None:
    """The product chain by which an order or a line item is judged, as status ids (Status API, section 22.6).

    `products`: (SKU, product id) of every line item of the order, or the one pair of a line item. The SKU's
    chain wins over the product id's. None unless all have a chain and it is the same list.
    """
    shared: tuple[str, ...] | None = None
    for sku, product_id in products:
        chain = _chain_of(workspace, sku) or _chain_of(workspace, product_id)
        if chain is None or (shared is not None and chain != shared):
            return None
        shared = chain
    return shared


def _chain_of(workspace: Workspace, product: str | None) -> tuple[str, ...] | None:
    """An empty list is no chain: it would leave the product without any legal status."""
    return (workspace.product_chains.get(product) or None) if product else None


# The move -------------------------------------------------------------------------------------------------


def enter(
    workspace: Workspace,
    held: HeldStatus,
    target: Target,
    *,
    now: datetime,
    override_chain: bool,
    product_chain: tuple[str, ...] | None,
    order_workflow_id: str | None = None,
    for_line_item: bool = False,
) -> HeldStatus | None:
    """What an order or a line item holds after entering `target`; None when it holds just that already
    (Status API, sections 22.3 to 22.6 and 22.10).

    Another sub-status of the held status is always legal and moves nothing else. For a new status, `now` is
    the aware instant of entry, from which its deadline runs. `override_chain`: the actor has the permission
    canOverrideProductChainEnforcement. `order_workflow_id` counts for line items only, as long as none of
    their statuses had a workflow. Addons do not come here: see `enter_addon`.

    Raises Conflict: `workflow_order` with `current_workflow_id`, `allowed_workflow_ids`; then `status_chain`
    with `current_status_id`, `allowed_status_ids`.
    """
    if target.status.is_addon:
        raise ValueError("an addon is never a primary status")
    if target.status.id == held.status_id:
        if target.option_id == held.sub_status_id:
            return None
        return msgspec.structs.replace(held, sub_status_id=target.option_id)
    rules = _Rules(
        workspace,
        held,
        _current_workflow(workspace, held, order_workflow_id if for_line_item else None),
        product_chain,
        override_chain,
    )
    rules.check(target.status)
    return _entered(workspace, held, target, now)


def enter_addon(held: HeldStatus | None, target: Target, *, now: datetime) -> HeldStatus | None:
    """An order's entry for an addon after setting `target`; None when it is held so already. `held` is its
    entry for this very addon, None without one. No rule limits addons and they have no deadline, no workflow
    and no anchor (Status API, sections 22.3 and 22.4). Another sub-status does not move `entered_at`."""
    if held is None:
        return HeldStatus(status_id=target.status.id, sub_status_id=target.option_id, entered_at=now)
    if held.sub_status_id == target.option_id:
        return None
    return msgspec.structs.replace(held, sub_status_id=target.option_id)


def legal_statuses(
    workspace: Workspace,
    held: HeldStatus,
    *,
    override_chain: bool,
    product_chain: tuple[str, ...] | None,
    order_workflow_id: str | None = None,
    for_line_item: bool = False,
) -> tuple[Status, ...]:
    """The primary statuses that `enter` does not refuse, the held one included, by order, then id."""
    current = _current_workflow(workspace, held, order_workflow_id if for_line_item else None)
    return _Rules(workspace, held, current, product_chain, override_chain).legal_statuses()


def _entered(workspace: Workspace, held: HeldStatus, target: Target, now: datetime) -> HeldStatus:
    status = target.status
    return HeldStatus(
        status_id=status.id,
        sub_status_id=target.option_id,
        workflow_id=held.workflow_id if status.workflow_id is None else status.workflow_id,
        anchor_status_id=status.id if status.is_chain else _anchor(workspace, held),
        entered_at=now,
        deadline_at=deadline(now, status.max_duration, workspace.calendar),
    )


def _current_workflow(
    workspace: Workspace, held: HeldStatus, order_workflow_id: str | None
) -> Workflow | None:
    """`cur` of 22.5. A workflow that no longer exists counts as none."""
    for workflow_id in (held.workflow_id, order_workflow_id):
        if workflow_id is not None and (workflow := workspace.workflow.get(workflow_id)):
            return workflow
    return None


def _anchor(workspace: Workspace, held: HeldStatus) -> str | None:
    """The latest chain status held: the current one if it is (by now) a chain status."""
    current = workspace.status.get(held.status_id) if held.status_id is not None else None
    return current.id if current is not None and current.is_chain else held.anchor_status_id


# The rules ------------------------------------------------------------------------------------------------


class _Rules(Struct, frozen=True, dict=True):
    """The workflow rule and the chain rule for one thing at one moment, for one caller."""

    workspace: Workspace
    held: HeldStatus
    current: Workflow | None
    product_chain: tuple[str, ...] | None
    override_chain: bool

    def check(self, status: Status) -> None:
        """Raises Conflict when a rule forbids `status`; the workflow rule speaks first."""
        if not self.workflow_allows(status):
            raise Conflict(
                "workflow_order",
                "Status change not allowed by the workflow order",
                current_workflow_id=self.current.id if self.current else None,
                allowed_workflow_ids=self.legal_workflow_ids,
            )
        if not self.chain_allows(status):
            raise Conflict(
                "status_chain",
                "Status change not allowed by the status chain",
                current_status_id=self.held.status_id,
                allowed_status_ids=[legal.id for legal in self.legal_statuses()],
            )

    def legal_statuses(self) -> tuple[Status, ...]:
        return tuple(
            status
            for status in self.workspace.statuses
            if not status.is_addon
            and (
                status.id == self.held.status_id
                or (self.workflow_allows(status) and self.chain_allows(status))
            )
        )

    def workflow_allows(self, status: Status) -> bool:
        """Section 22.5, of a status that is no addon."""
        team = self.workspace.team
        in_force = team.workflows_enabled and team.enforce_workflow_order
        return not in_force or status.workflow_id is None or status.workflow_id in self.legal_workflow_ids

    @cached_property
    def legal_workflow_ids(self) -> list[str]:
        """The current workflow and the first of W after it; the first of W when there is no current one. The
        current one need not be in W: its statuses may be gone, or an administrator has set it."""
        ordered = self.workspace.enterable_workflows
        current = self.current
        if current is None:
            return [workflow.id for workflow in ordered[:1]]
        place = (current.order, current.id)
        later = [workflow.id for workflow in ordered if (workflow.order, workflow.id) > place]
        return [workflow.id for workflow in ordered if workflow.id == current.id] + later[:1]

    def chain_allows(self, status: Status) -> bool:
        """Section 22.6, of a status that is no addon."""
        in_force = self.workspace.team.enforce_product_chain and not self.override_chain
        return not in_force or status.is_independent or status.id in self.legal_chain_ids

    @cached_property
    def legal_chain_ids(self) -> frozenset[str]:
        """The chain statuses that are the next step in their list: no two lists share a status."""
        anchor = _anchor(self.workspace, self.held)
        return frozenset(status_id for chain in self.chains() for status_id in _step(chain, anchor))

    def chains(self) -> Iterable[list[str]]:
        """Every L of 22.6: the lists, of status ids, by which chain statuses are judged.

        Of a product chain only what still is a chain status: a list made earlier must not end at a status
        made independent since. With nothing left of it there is no product chain.
        """
        workspace = self.workspace
        listed = (workspace.status.get(status_id) for status_id in self.product_chain or ())
        product_chain = _chain_ids(status for status in listed if status is not None)
        if product_chain:
            return [product_chain]
        if workspace.team.workflows_enabled:
            return [_chain_ids(statuses) for statuses in workspace.statuses_of.values()]
        return [_chain_ids(workspace.statuses)]


def _chain_ids(statuses: Iterable[Status]) -> list[str]:
    return [status.id for status in statuses if status.is_chain]


def _step(chain: list[str], anchor: str | None) -> list[str]:
    """The anchor and its successor, or the first of a chain that does not have the anchor."""
    if anchor is None or anchor not in chain:
        return chain[:1]
    place = chain.index(anchor)
    return chain[place : place + 2]


# The word to the customer ---------------------------------------------------------------------------------


def due_messages(
    target: Target, customer_email: str | None, customer_phone: str | None, configured: Collection[Channel]
) -> list[tuple[Channel, str]]:
    """(channel, recipient) of the messages that entering `target` causes: its switch is on, the server has
    the channel, the customer has the address (Status API, section 22.8)."""
    switches = target.status.notifications
    wanted = [channel for channel in CHANNELS if getattr(switches, channel)]
    return reachable(wanted, customer_email, customer_phone, configured)


def reachable(
    wanted: Collection[Channel],
    customer_email: str | None,
    customer_phone: str | None,
    configured: Collection[Channel],
) -> list[tuple[Channel, str]]:
    """(channel, recipient) for the wanted channels that can be tried; all others are `skipped` (Status API,
    section 22.8). A blank address is none."""
    found = []
    for channel in CHANNELS:
        recipient = ((customer_email if channel == "email" else customer_phone) or "").strip()
        if channel in wanted and channel in configured and recipient:
            found.append((channel, recipient))
    return found
