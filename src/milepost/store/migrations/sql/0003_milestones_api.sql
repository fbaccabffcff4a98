-- Milestones that are confirmed, rejected, moved and undone; delays; tasks; what turns late or overdue.
-- team_id leads every key, as in 0001.

alter table orders
  add column incoterms       text,
  add column payment_terms   text,
  add column shipping_method text,
  add column last_issued_at  timestamptz,                -- the moment of its newest issue; null while never issued
  add column status_seq      bigint not null default 0,  -- sequence of the event of the newest change of its status
  -- Not later than the next moment at which something of it turns late or overdue; null: nothing can. Who changes
  -- what it depends on may set it early: the sweep reckons it anew (docs/decisions/0018-one-flat-plan.md).
  add column attention_at    timestamptz;
create index orders_by_attention on orders (team_id, attention_at, id) where attention_at is not null;

update orders set last_issued_at = created_at where issued_on is not null;
update orders o set status_seq = e.sequence
from (
  select team_id, order_id, max(sequence) as sequence from events
  where type = 'order.status.changed' and new_data ?| array['custom_status', 'custom_sub_status']
  group by team_id, order_id
) e
where e.team_id = o.team_id and e.order_id = o.id;
update orders o set attention_at = o.updated_at
where not o.is_draft and o.cancelled_at is null and exists (
  select from order_milestones m where m.team_id = o.team_id and m.order_id = o.id and m.status <> 'confirmed'
);

-- Null: no unit was given, which the Orders API shows as EA (its section 7.4).
alter table order_items alter column unit drop not null, alter column unit drop default;

alter table order_milestones
  add column undone_at       timestamptz,  -- when its confirmation was last taken back
  -- What its confirmation moved the order out of: {"held": ..., "status_seq": n}; null: it moved it nowhere.
  add column left_status     jsonb,
  add column late_told_for   date,         -- the key date for which order.overdue told that it is late
  -- The moment (prompt + 48 hours) for which it told that it is overdue.
  add column overdue_told_at timestamptz;

-- Never changed or removed (Milestones API, section 6.7).
create table milestone_delays (
  team_id      uuid not null,
  id           uuid not null,
  order_id     uuid not null,
  milestone_id uuid not null,
  old_date     date,
  new_date     date not null,
  reason       text,
  note         text,
  source       text not null check (source in ('reject', 'edit')),
  recorded_by  jsonb not null,
  recorded_at  timestamptz not null,
  primary key (team_id, id),
  foreign key (team_id, order_id) references orders (team_id, id),
  foreign key (team_id, milestone_id) references order_milestones (team_id, id)
);
create index milestone_delays_by_order on milestone_delays (team_id, order_id, milestone_id);

-- The scheme before workflows, frozen (section 6.9); each team has one entry.
create table order_milestone_configs (
  team_id    uuid not null references teams,
  id         uuid not null,
  name       text not null,
  is_default boolean not null,
  enabled    boolean not null,
  milestones jsonb not null,
  primary key (team_id, id)
);
insert into order_milestone_configs (team_id, id, name, is_default, enabled, milestones)
select team_id, gen_random_uuid(), 'Standard', true, true, '[
  {"type": "acceptance", "enabled": true, "offset_days": 0, "relative_to": "issued_at"},
  {"type": "production_start", "enabled": true, "offset_days": 0, "relative_to": "production_start_date"},
  {"type": "on_track_to_ship", "enabled": true, "offset_days": -7, "relative_to": "ships_on"},
  {"type": "shipment", "enabled": true, "offset_days": 1, "relative_to": "ships_on"},
  {"type": "delivery", "enabled": true, "offset_days": 1, "relative_to": "delivered_on"}]'
from teams;

-- The last number that was given to an order that came without one (section 7.3).
create table order_numbers (
  team_id uuid not null references teams,
  last    bigint not null,
  primary key (team_id)
);
