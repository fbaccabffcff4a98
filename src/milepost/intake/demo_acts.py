"""What may be said of the demo's purchase orders, by the verbs of everybody.

Days are counted from the present of the demo: `ago` back, `ahead` forward (back, when negative).
"""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from msgspec import Struct

from milepost.core.milestones import (
    confirm_milestone,
    edit_timeline,
    issue_order,
    reject_milestone,
    undo_confirmation,
)
from milepost.core.order_tasks import add_task, complete_task
from milepost.core.purchase_orders import cancel_order
from milepost.model.key_dates import KeyDates
from milepost.model.milestone_moves import Confirmation, Named, Rejection
from milepost.model.order import StoredOrder
from milepost.model.order_tasks import TaskWish
from milepost.model.plan import OrderMilestone
from milepost.model.urgency import plan_of
from milepost.model.workflow import MilestoneType

Done = Awaitable[StoredOrder | tuple[StoredOrder, str]]


class Scene(Struct):
    """What an act finds: the order as it is, and a way to run a verb on it at that moment."""

    order: StoredOrder
    today: date
    """The present of the demo, not of the act."""
    run: Callable[..., Done]

    def day(self, ahead: int) -> date:
        return self.today + timedelta(days=ahead)

    def milestone(self, kind: MilestoneType) -> OrderMilestone:
        return next(one for one in plan_of(self.order).milestones if one.type == kind)


class Act(Struct, frozen=True):
    """Something that is said of an order: by its supplier, or else by the yard."""

    ago: int
    say: Callable[[Scene], Done]
    by_supplier: bool = False


def accepted(ago: int, note: str | None = None) -> Act:
    return confirmed("acceptance", ago, note)


def confirmed(kind: MilestoneType, ago: int, note: str | None = None) -> Act:
    """The supplier tells of what it does, the yard of what it sees."""

    def say(scene: Scene) -> Done:
        return scene.run(
            confirm_milestone, Named("milestone", scene.milestone(kind).id), Confirmation(note=note)
        )

    return Act(ago, say, by_supplier=kind not in ("custom", "delivery"))


def refused(ago: int, reason: str) -> Act:
    def say(scene: Scene) -> Done:
        return scene.run(reject_milestone, Named("type", "acceptance"), Rejection(reason=reason))

    return Act(ago, say, by_supplier=True)


def issued_again(ago: int) -> Act:
    return Act(ago, lambda scene: scene.run(issue_order))


def taken_back(ago: int, reason: str) -> Act:
    """The acceptance was a mistake."""

    def say(scene: Scene) -> Done:
        return scene.run(undo_confirmation, Named("type", "acceptance"), reason=reason)

    return Act(ago, say, by_supplier=True)


def postponed(ago: int, ahead: int, reason: str) -> Act:
    """The supplier will ship later, so that the goods arrive a week after that."""

    def say(scene: Scene) -> Done:
        arrival = KeyDates(by_milestone={scene.milestone("delivery").id: scene.day(ahead + 7)})
        wish = Rejection(reason=reason, date=scene.day(ahead), dates=arrival)
        return scene.run(reject_milestone, Named("type", "shipment"), wish)

    return Act(ago, say, by_supplier=True)


def rescheduled(ago: int, ahead: int, reason: str) -> Act:
    """The yard wants the goods on another day."""

    def say(scene: Scene) -> Done:
        return scene.run(edit_timeline, KeyDates(named={"delivery": scene.day(ahead)}, reason=reason))

    return Act(ago, say)


def asked_for(ago: int, title: str, assignee: str, ahead: int) -> Act:
    """One task more that the shipment has to wait for."""

    def say(scene: Scene) -> Done:
        task = TaskWish(
            title=title,
            assignee=assignee,
            due_date=scene.day(ahead),
            required=True,
            milestone_id=scene.milestone("shipment").id,
        )
        return scene.run(add_task, task)

    return Act(ago, say)


def done(title: str, ago: int, *, by_supplier: bool = False) -> Act:
    def say(scene: Scene) -> Done:
        task = next(one for one in plan_of(scene.order).tasks if one.title == title)
        return scene.run(complete_task, task.id)

    return Act(ago, say, by_supplier)


def canceled(ago: int) -> Act:
    return Act(ago, lambda scene: scene.run(cancel_order))
