"""The state machine: acts at random on the orders of one team, and looks at what they changed after each."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from milepost.kit.ids import parse_id
from tests.one_truth import acts_here, acts_there
from tests.one_truth.desk import MOST_ORDERS, Desk, Seen
from tests.one_truth.looking import look, look_at_all, was_told
from tests.one_truth.oracle import Moments
from tests.one_truth.stage import Stage
from tests.one_truth.statuses import has_confirmed, has_entered
from tests.one_truth.wire import Answer

BEGINNINGS = (
    datetime(2027, 3, 12, 18, 30, 7, tzinfo=UTC),  # before clocks go forward in New York
    datetime(2027, 10, 29, 23, 59, 50, tzinfo=UTC),  # before they go back in Lisbon
    datetime(2028, 2, 28, 10, 15, tzinfo=UTC),  # before a leap day
)

NUMBER = st.integers(0, 11)
ORDER = st.integers(0, 2 * MOST_ORDERS - 1)
"""Mostly one of those to which the act can be done at all; from 9 on, any."""
PLACE = st.sampled_from((-1, -1, -1, -1, -1, -1, -1, 0, 1, 2))
"""Of a milestone; -1: the one whose turn it is."""
WAY = st.integers(0, 2)
DAY = st.sampled_from((None, 0, -1, 1, -30, 3, 8, 20))
HAPPENED = st.sampled_from((None, None, None, None, 0, -1, -9, 1))
LATER = st.sampled_from((None, 0, 1, 3, 9, 45, -1))
MOVED = st.sampled_from((None, None, None, 9, 20))
STATUS = st.integers(0, 8)
COAT = st.integers(0, 1)

Method = TypeVar("Method", bound=Callable[..., None])
_ACTS: dict[str, tuple[int, st.SearchStrategy[Any]]] = {}


def act(weight: int, **drawn: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """An act that is chosen so often, with what is drawn for it.

    They are one rule: of several, Hypothesis would leave out half in each run, and what is left would soon be able to
    change nothing any more.
    """

    def register(method: Method) -> Method:
        _ACTS[method.__name__] = (weight, st.fixed_dictionaries(drawn))
        return method

    return register


def _chosen() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    # The first is the one that examples of failures are made of where it does not matter what is done.
    names = ["time_passes", *(name for name, (weight, _) in _ACTS.items() for _ in range(weight))]
    whole = {name: st.tuples(st.just(name), drawn) for name, (_, drawn) in _ACTS.items()}
    return st.sampled_from(names).flatmap(whole.__getitem__)


class Machine(RuleBasedStateMachine):
    """One run: one team. `stage` and `kind` are those of the test."""

    stage: ClassVar[Stage]
    kind: ClassVar[str]
    desk: Desk
    is_sound = False
    """No step has failed."""

    @initialize(beginning=st.sampled_from(BEGINNINGS))
    def begin(self, beginning: datetime) -> None:
        self.desk = self.run(Desk.open(self.stage, self.kind, beginning))
        self.create_here(workflow=None, draft=False, ships_in=30, takes=None, variety=0)

    def teardown(self) -> None:
        if self.is_sound:
            self.desk.pass_time(seconds=1)
            self.run(look_at_all(self.desk))

    # How a step goes

    def run(self, wanted: Coroutine[Any, Any, Any]) -> Any:
        self.is_sound = False
        result = self.stage.run(wanted)
        self.is_sound = True
        return result

    def step(self, wanted: Coroutine[Any, Any, Answer], *touched: Seen) -> Answer:
        """Does it, and looks at the orders that it may have changed."""
        self.desk.pass_time(seconds=1)
        answer: Answer = self.run(wanted)
        for seen in {id(one): one for one in touched}.values():
            for one in (seen, *seen.relatives):
                self.run(look(self.desk, one, refused=answer.status >= 400))
        return answer

    def order(self, which: int, can: Callable[[Seen], bool] = lambda seen: True) -> Seen:
        able = [seen for seen in self.desk.orders if can(seen)]
        chosen = able if able and which < 9 else self.desk.orders
        return chosen[which % len(chosen)]

    def adopt(self, order_id: str | None) -> Seen:
        """A new order comes into view."""
        assert order_id is not None
        seen = Seen(order_id, Moments(None))
        self.run(look(self.desk, seen))
        self.desk.orders.append(seen)
        return seen

    @property
    def is_full(self) -> bool:
        return len(self.desk.orders) >= MOST_ORDERS

    def go_on(self) -> None:
        """What is done instead of what there is no room for: an order goes its way."""
        which = self.desk.now.second % 9
        seen = self.order(which, lambda seen: seen.is_active and seen.next is not None)
        if seen.next is not None and seen.next["blocking_task_ids"]:
            self.step(acts_here.act_on_task(self.desk, seen, 1, "complete", None), seen)
        else:
            self.step(acts_here.confirm(self.desk, seen, -1, 0, None, None), seen)

    # New orders

    @act(
        3,
        workflow=st.sampled_from((None, None, "Repair", "By the way")),
        draft=st.booleans(),
        ships_in=st.sampled_from((30, 30, 0, -9)),
        takes=st.sampled_from((None, 9, 9, 0)),
        variety=st.integers(0, 3),
    )
    def create_here(self, **drawn: Any) -> None:
        if self.is_full:
            self.go_on()
            return
        answer = self.step(acts_here.create(self.desk, **drawn))
        if answer.status == 201:
            self.adopt(answer.json["purchase_order"]["id"])

    @act(2, variety=st.integers(0, 5))
    def create_there(self, variety: int) -> None:
        if self.is_full:
            self.go_on()
            return
        answer = self.step(acts_there.create(self.desk, variety))
        assert answer.status == 201, answer
        self.adopt(parse_id(answer.json["id"]))

    @act(2, number=st.integers(1, 2), n=NUMBER, is_draft=st.booleans())
    def from_the_shop(self, number: int, n: int, is_draft: bool) -> None:
        if self.is_full:
            self.go_on()
            return
        self.desk.pass_time(seconds=1)
        order_id = self.run(acts_there.from_the_shop(self.desk, number, n, is_draft))
        known = [seen for seen in self.desk.orders if seen.id == order_id]
        if not known:
            self.adopt(order_id)
        for seen in known:
            self.run(look(self.desk, seen))

    # The Milestones API

    @act(4, which=ORDER, first=NUMBER, second=NUMBER, n=st.integers(-9, 40))
    def edit_here(self, which: int, first: int, second: int, n: int) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled)
        self.step(acts_here.edit(self.desk, seen, first, second, n), seen)

    @act(8, which=ORDER, place=PLACE, way=WAY, day=HAPPENED, moved=MOVED)
    def confirm(self, which: int, place: int, way: int, day: int | None, moved: int | None) -> None:
        seen = self.order(which, lambda seen: seen.is_active and seen.next is not None)
        was = {one["id"]: one["status"] for one in seen.milestones}
        answer = self.step(acts_here.confirm(self.desk, seen, place, way, day, moved), seen)
        if answer.status == 200:
            self.is_confirmed(seen, was, answer)

    def is_confirmed(self, seen: Seen, was: dict[str, str], answer: Answer) -> None:
        """`was`: what its milestones were before."""
        milestone = answer.json["milestone"]
        assert milestone["status"] == "confirmed"
        if was[milestone["id"]] != "confirmed":
            has_entered(self.desk, seen, milestone["id"])

    @act(2, which=ORDER)
    def confirm_at_once(self, which: int) -> None:
        """M-48: of equal confirms all are 200, with one event."""
        seen = self.order(which, lambda seen: not seen.is_canceled and seen.next is not None)
        was = {one["id"]: one["status"] for one in seen.milestones}
        self.desk.pass_time(seconds=1)
        answers = self.run(acts_here.confirm_at_once(self.desk, seen))
        assert len({(answer.status, answer.raw) for answer in answers}) <= 1, answers
        is_refused = bool(answers) and answers[0].status >= 400
        self.run(look(self.desk, seen, refused=is_refused))
        if answers and not is_refused:
            self.is_confirmed(seen, was, answers[0])

    @act(3, which=ORDER, place=st.sampled_from((-1, 1, 2, 3, 4)), way=WAY, day=LATER, moved=MOVED)
    def reject(self, which: int, place: int, way: int, day: int | None, moved: int | None) -> None:
        seen = self.order(which, lambda seen: seen.is_active and seen.next is not None)
        answer = self.step(acts_here.reject(self.desk, seen, place, way, day, moved), seen)
        if answer.status == 200:
            assert answer.json["milestone"]["status"] == "rejected"

    @act(3, which=ORDER, place=PLACE)
    def undo(self, which: int, place: int) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled and seen.has_confirmed)
        answer = self.step(acts_here.undo(self.desk, seen, place), seen)
        if answer.status == 200:
            milestone = answer.json["milestone"]
            was_rejected = milestone["rejected_at"] is not None
            assert milestone["status"] == ("rejected" if was_rejected else "pending")

    @act(4, which=ORDER, families=st.integers(1, 7), place=PLACE, days=st.tuples(DAY, DAY, DAY))
    def move_dates(self, which: int, families: int, place: int, days: tuple[int | None, ...]) -> None:
        seen = self.order(which, lambda seen: seen.is_active)
        self.step(acts_here.move_dates(self.desk, seen, families, place, days), seen)

    @act(2, which=ORDER)
    def issue(self, which: int) -> None:
        seen = self.order(which, lambda seen: seen.purchase["status"] in ("draft", "rejected", "issued"))
        self.step(acts_here.issue(self.desk, seen), seen)

    @act(2, which=ORDER, place=st.sampled_from((None, 0, 1, 2)), required=st.booleans(), day=DAY)
    def add_task(self, which: int, place: int | None, required: bool, day: int | None) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled)
        self.step(acts_here.add_task(self.desk, seen, place, required, day), seen)

    @act(
        4, which=ORDER, task=NUMBER, verb=st.sampled_from(("complete", "complete", "reopen", "edit")), day=DAY
    )
    def act_on_task(self, which: int, task: int, verb: str, day: int | None) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled and bool(seen.tasks))
        self.step(acts_here.act_on_task(self.desk, seen, task, verb, day), seen)

    # The Orders API

    @act(3, which=ORDER, first=st.integers(0, 7), second=st.integers(0, 7), n=NUMBER)
    def edit_there(self, which: int, first: int, second: int, n: int) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled)
        self.step(acts_there.edit(self.desk, seen, first, second, n), seen)

    @act(2, which=ORDER, n=NUMBER)
    def put(self, which: int, n: int) -> None:
        seen = self.order(which)
        etag = seen.etag
        answer = self.step(acts_there.put(self.desk, seen, n), seen)
        if n % 3 == 0:
            assert (answer.status, seen.etag) == (200, etag), "what was read is put back"

    @act(2, which=ORDER, verb=st.sampled_from(("add", "patch", "patch", "delete")), item=NUMBER, n=NUMBER)
    def change_items(self, which: int, verb: str, item: int, n: int) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled)
        self.step(acts_there.change_items(self.desk, seen, verb, item, n), seen)

    @act(2, which=ORDER, to_order=st.booleans(), item=NUMBER, whole=st.booleans())
    def release(self, which: int, to_order: bool, item: int, whole: bool) -> None:
        if self.is_full and to_order:
            self.go_on()
            return
        seen = self.order(which, lambda seen: not (seen.is_canceled or seen.is_draft) and seen.has_items)
        answer = self.step(acts_there.release(self.desk, seen, to_order, item, whole), seen)
        if answer.status == 201 and to_order:
            child = self.adopt(parse_id(answer.json["released_to_order_id"]))
            child.relatives.append(seen)
            seen.relatives.append(child)

    @act(3, which=ORDER, leg=NUMBER, move=st.integers(0, 4))
    def move_leg(self, which: int, leg: int, move: int) -> None:
        seen = self.order(which, lambda seen: not seen.is_canceled and bool(seen.legs))
        self.step(acts_there.move_leg(self.desk, seen, leg, move), seen)

    @act(1, which=ORDER, really=st.integers(0, 2))
    def cancel(self, which: int, really: int) -> None:
        """M-47; seldom, for little happens to an order afterwards."""
        seen = self.order(which)
        if really == 0 or seen.is_canceled:
            self.step(acts_there.cancel(self.desk, seen), seen)

    # The Status API

    @act(2, which=ORDER, status=STATUS, coat=COAT)
    def enter(self, which: int, status: int, coat: int) -> None:
        seen = self.order(which)
        before = seen.purchase, seen.status
        if self.step(acts_there.enter(self.desk, seen, status, coat), seen).status == 200:
            has_confirmed(self.desk, *before, seen)

    @act(3, which=ORDER)
    def enter_linked(self, which: int) -> None:
        seen = self.order(which, lambda seen: seen.is_active and seen.next is not None)
        before = seen.purchase, seen.status
        if self.step(acts_there.enter_linked(self.desk, seen), seen).status == 200:
            has_confirmed(self.desk, *before, seen)

    @act(2, which=ORDER, other=ORDER, status=STATUS, coat=COAT)
    def enter_many(self, which: int, other: int, status: int, coat: int) -> None:
        several = list({id(one): one for one in (self.order(which), self.order(other))}.values())
        before = [(seen.purchase, seen.status) for seen in several]
        if self.step(acts_there.enter_many(self.desk, several, status, coat), *several).status == 200:
            for shown, seen in zip(before, several, strict=True):
                has_confirmed(self.desk, *shown, seen)

    @act(
        2, which=ORDER, verb=st.sampled_from(("one", "many", "clear")), line=NUMBER, status=STATUS, coat=COAT
    )
    def move_lines(self, which: int, verb: str, line: int, status: int, coat: int) -> None:
        seen = self.order(which, lambda seen: seen.has_items)
        self.step(acts_there.move_lines(self.desk, seen, verb, line, status, coat), seen)

    # The operator, and time

    @act(1)
    def reshape(self) -> None:
        """M-41: an edited workflow changes no issued order."""
        self.desk.pass_time(seconds=1)
        self.run(self.desk.reshape())
        for seen in self.desk.orders:
            self.run(look(self.desk, seen, refused=True, closely=True))

    @act(1, hours=st.sampled_from((1, 5, 14, 24, 47, 49, 24 * 8)))
    def time_passes(self, hours: int) -> None:
        self.desk.pass_time(hours=hours)
        for seen in self.desk.orders:
            self.run(look(self.desk, seen, refused=True, closely=True))

    @act(2, hours=st.sampled_from((0, 0, 24, 49)))
    def sweep(self, hours: int) -> None:
        """What turned late or overdue is told, and not told again."""
        self.desk.pass_time(hours=hours, seconds=1)
        self.run(self.desk.sweep())
        assert self.run(self.desk.sweep()) == 0
        for seen in self.desk.orders:
            self.run(look(self.desk, seen, closely=True))
            was_told(self.desk, seen)

    @rule(chosen=_chosen())
    def act(self, chosen: tuple[str, dict[str, Any]]) -> None:
        name, drawn = chosen
        getattr(self, name)(**drawn)
