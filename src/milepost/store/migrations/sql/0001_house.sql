-- The house: teams and keys, the workspace that a team defines, its orders, and the log of what happened.
-- team_id leads every primary key, unique index and foreign key of team data (docs/decisions/0006-ids-and-teams.md).

create extension if not exists pg_trgm;

-- Teams and keys -----------------------------------------------------------------------------------------------

create table teams (
  team_id                uuid primary key,
  name                   text not null check (name <> ''),
  time_zone              text not null default 'UTC',
  currency               text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  status_specificity     text not null default 'combined' check (status_specificity in ('order', 'line_item', 'combined')),
  workflows_enabled      boolean not null default false,
  enforce_workflow_order boolean not null default false,
  enforce_product_chain  boolean not null default false,
  holiday_country        text,
  holiday_subdivision    text,
  extra_holidays         date[] not null default '{}',
  -- Rises with every change of the workspace, the settings or the keys of the team: what makes caches exact.
  version                bigint not null default 1,
  created_at             timestamptz not null,
  updated_at             timestamptz not null
);
comment on column teams.version is 'Rises with every change of workspace, settings or keys; process caches compare it';

create table api_keys (
  team_id      uuid not null references teams,
  id           uuid not null,
  name         text not null,
  key_hash     bytea not null check (octet_length(key_hash) = 32),
  prefix       text not null,
  permissions  text[] not null,
  rate_minute  integer not null default 60 check (rate_minute >= 0),
  rate_day     integer not null default 10000 check (rate_day >= 0),
  pin_version  text,
  created_at   timestamptz not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  primary key (team_id, id)
);
-- Not unique: a unique index would have to be led by team_id, and a key is what tells the team.
create index api_keys_by_hash on api_keys (key_hash);

-- Leased blocks of the rate windows when several processes serve; worthless after a crash, so unlogged.
create unlogged table rate_leases (
  team_id    uuid not null,
  key_id     uuid not null,
  resolution text not null check (resolution in ('minute', 'day')),
  starts_at  timestamptz not null,
  used       bigint not null,
  granted    bigint not null,  -- by the newest lease
  primary key (team_id, key_id, resolution, starts_at)
);

-- The workspace ------------------------------------------------------------------------------------------------

create table sub_status_groups (
  team_id    uuid not null references teams,
  id         uuid not null,
  name       text not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (team_id, id),
  unique (team_id, name)
);

create table sub_status_options (
  team_id    uuid not null,
  id         uuid not null,
  group_id   uuid not null,
  name       text not null,
  position   integer not null,
  primary key (team_id, id),
  unique (team_id, group_id, name),
  foreign key (team_id, group_id) references sub_status_groups (team_id, id)
);

create table workflows (
  team_id     uuid not null references teams,
  id          uuid not null,
  name        text not null,
  description text,
  color       text not null,
  position    integer not null,
  is_default  boolean not null default false,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (team_id, id),
  unique (team_id, name)
);
create unique index workflows_one_default on workflows (team_id) where is_default;

create table statuses (
  team_id                  uuid not null references teams,
  id                       uuid not null,
  name                     text not null,
  public_name              text,
  use_public_name          boolean not null default false,
  color                    text not null check (color ~ '^#[0-9A-Fa-f]{6}$'),
  position                 integer not null,
  is_independent           boolean not null default false,
  is_addon                 boolean not null default false,
  notify_email             boolean not null default false,
  notify_sms               boolean not null default false,
  notify_whatsapp          boolean not null default false,
  shopify_order_effect     text not null default 'NONE' check (shopify_order_effect in ('NONE', 'MARKS_ORDER_FULFILLED')),
  duration_enabled         boolean not null default false,
  duration_seconds         bigint not null default 0 check (duration_seconds >= 0),
  skip_weekends            boolean not null default false,
  skip_holidays            boolean not null default false,
  show_public_overdue_date boolean not null default false,
  sub_status_group_id      uuid,
  workflow_id              uuid,
  created_at               timestamptz not null,
  updated_at               timestamptz not null,
  primary key (team_id, id),
  unique (team_id, name),
  check (not (is_addon and is_independent)),
  check (not duration_enabled or duration_seconds >= 1),
  foreign key (team_id, sub_status_group_id) references sub_status_groups (team_id, id),
  foreign key (team_id, workflow_id) references workflows (team_id, id)
);

create table workflow_milestones (
  team_id             uuid not null,
  id                  uuid not null,
  workflow_id         uuid not null,
  name                text not null,
  position            integer not null check (position >= 1),
  type                text not null check (type in ('acceptance', 'production_start', 'shipment', 'delivery', 'custom')),
  owner               text not null check (owner in ('brand', 'supplier')),
  status_id           uuid,
  sub_status_id       uuid,
  relative_to         text check (relative_to in ('issued_at', 'ships_on', 'delivered_on')),
  offset_days         integer,
  prompt_offset_days  integer not null,
  task_templates      jsonb not null default '[]',
  created_at          timestamptz not null,
  updated_at          timestamptz not null,
  primary key (team_id, id),
  unique (team_id, workflow_id, name),
  check ((relative_to is null) = (offset_days is null)),
  foreign key (team_id, workflow_id) references workflows (team_id, id),
  foreign key (team_id, status_id) references statuses (team_id, id),
  foreign key (team_id, sub_status_id) references sub_status_options (team_id, id)
);

create table product_chains (
  team_id    uuid not null references teams,
  product    text not null,
  status_ids uuid[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (team_id, product)
);
comment on column product_chains.product is 'A SKU or a product id of the shop';

create table suppliers (
  team_id    uuid not null references teams,
  id         uuid not null,
  name       text not null,
  email      text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (team_id, id),
  unique (team_id, name)
);

create table channels (
  team_id    uuid not null references teams,
  channel    text not null check (channel in ('email', 'sms', 'whatsapp')),
  url        text not null,
  updated_at timestamptz not null,
  primary key (team_id, channel)
);

-- Orders -------------------------------------------------------------------------------------------------------

create table orders (
  team_id                uuid not null references teams,
  id                     uuid not null,
  version                bigint not null default 1,  -- counts changes: the ETag and the compare-and-set
  event_seq              bigint not null default 0,  -- the last event sequence given out
  order_type             text not null default 'PURCHASE_ORDER'
                         check (order_type in ('PURCHASE_ORDER', 'SALES_ORDER', 'TRANSFER_ORDER')),
  order_number           text not null check (char_length(order_number) between 1 and 64),
  order_number_key       text collate "C" not null,  -- kit/natural.py
  is_draft               boolean not null default false,
  source                 text not null default 'OTHER',
  shopify_kind           text check (shopify_kind in ('Order', 'DraftOrder')),
  shopify_id             bigint,
  name                   text,
  description            text,
  note                   text,
  currency               text,
  total_price            numeric,
  customer_first_name    text,
  customer_last_name     text,
  customer_email         text,
  customer_phone         text,
  ship_to                jsonb,
  ship_from              jsonb,
  doc_references         jsonb not null default '[]',
  shipping_requirements  jsonb,
  custom_data            jsonb,
  supplier               jsonb,
  supplier_created_releases_allowed boolean not null default false,
  start_date             date,
  expiration_date        date,
  archived               boolean not null default false,
  search_text            text not null,              -- folded fields of the search, one a line: model/order.py
  lifecycle              text not null,              -- the derived status: model/lifecycle.py
  workflow_id            uuid,                       -- where the status workflow stands (Status API 22.4)
  status_id              uuid,
  sub_status_id          uuid,
  anchor_status_id       uuid,                       -- latest chain status held (Status API 22.6)
  status_entered_at      timestamptz,
  deadline_at            timestamptz,
  milestone_workflow_id  uuid,                       -- whose milestones it carries (Milestones API)
  issued_on              date,
  last_issued_on         date,
  ships_on               date,
  delivered_on           date,
  metafield              json,                       -- Status API 22.9; json, not jsonb: same state, same bytes
  placed_at              timestamptz not null,       -- when the order was placed, by its origin's word
  cancelled_at           timestamptz,
  created_at             timestamptz not null,
  updated_at             timestamptz not null,
  unique (team_id, order_number),
  unique (team_id, shopify_id, shopify_kind),
  check ((shopify_kind is null) = (shopify_id is null)),
  check ((status_id is null) = (status_entered_at is null)),
  check (sub_status_id is null or status_id is not null),
  foreign key (team_id, workflow_id) references workflows (team_id, id),
  foreign key (team_id, status_id) references statuses (team_id, id),
  foreign key (team_id, sub_status_id) references sub_status_options (team_id, id),
  foreign key (team_id, milestone_workflow_id) references workflows (team_id, id)
) with (fillfactor = 85);
create index orders_by_placed on orders (team_id, placed_at, id);
create index orders_by_number on orders (team_id, order_number_key, id);
create index orders_by_status on orders (team_id, status_id, placed_at, id);
create index orders_by_workflow on orders (team_id, workflow_id, placed_at, id);
create index orders_drafts on orders (team_id, placed_at, id) where is_draft;
create index orders_by_deadline on orders (team_id, deadline_at) where deadline_at is not null;
create index orders_search on orders using gin (search_text gin_trgm_ops);
-- The primary key comes last: before a table is analysed the planner takes the newest of equal indexes, and every
-- foreign key check on an order should take this one.
alter table orders add primary key (team_id, id);

-- How many orders are where: what makes totals of lists exact and cheap at any size. Kept by the statements that
-- add and move orders (docs/decisions/0009-reading-lists.md). The nil id stands for "none"; shards keep writers
-- of one place from waiting for one another.
create table order_tallies (
  team_id     uuid not null references teams,
  status_id   uuid not null,
  workflow_id uuid not null,
  is_draft    boolean not null,
  shard       smallint not null,
  orders      bigint not null,
  primary key (team_id, status_id, workflow_id, is_draft, shard)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

create table order_items (
  team_id               uuid not null,
  id                    uuid not null,
  order_id              uuid not null,
  position              integer not null,
  shopify_line_item_id  bigint,
  sku                   text,
  product_id            text,
  description           text,
  quantity              numeric not null,
  unit                  text not null default 'EA',
  unit_price            numeric,
  doc_references        jsonb not null default '[]',
  shipping_requirements jsonb,
  custom_data           jsonb,
  workflow_id           uuid,  -- of its latest status that had one, since creation or clearing (Status API 22.5)
  status_id             uuid,
  sub_status_id         uuid,
  anchor_status_id      uuid,
  status_entered_at     timestamptz,
  deadline_at           timestamptz,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  primary key (team_id, id),
  unique (team_id, order_id, position),
  check ((status_id is null) = (status_entered_at is null)),
  foreign key (team_id, order_id) references orders (team_id, id),
  foreign key (team_id, status_id) references statuses (team_id, id),
  foreign key (team_id, sub_status_id) references sub_status_options (team_id, id)
);

create table order_addons (
  team_id       uuid not null,
  order_id      uuid not null,
  status_id     uuid not null,
  sub_status_id uuid,
  entered_at    timestamptz not null,
  primary key (team_id, order_id, status_id),
  foreign key (team_id, order_id) references orders (team_id, id),
  foreign key (team_id, status_id) references statuses (team_id, id),
  foreign key (team_id, sub_status_id) references sub_status_options (team_id, id)
);

create table order_milestones (
  team_id               uuid not null,
  id                    uuid not null,
  order_id              uuid not null,
  workflow_milestone_id uuid not null,  -- no foreign key: the template may be gone (Milestones API 6.6)
  position              integer not null,
  type                  text not null check (type in ('acceptance', 'production_start', 'shipment', 'delivery', 'custom')),
  name                  text not null,
  owner                 text not null check (owner in ('brand', 'supplier')),
  linked_status_id      uuid,
  linked_sub_status_id  uuid,
  prompt_offset_days    integer not null,
  key_date              date,
  status                text not null default 'pending' check (status in ('pending', 'confirmed', 'rejected')),
  confirmed_on          date,
  confirmed_at          timestamptz,
  confirmed_by          jsonb,
  rejected_at           timestamptz,
  rejected_by           jsonb,
  rejection_reason      text,
  note                  text,
  created_at            timestamptz not null,
  updated_at            timestamptz not null,
  unique (team_id, order_id, position),
  check ((status = 'confirmed') = (confirmed_on is not null)),
  foreign key (team_id, order_id) references orders (team_id, id)
);
-- Last, like that of orders.
alter table order_milestones add primary key (team_id, id);

create table order_tasks (
  team_id      uuid not null,
  id           uuid not null,
  order_id     uuid not null,
  milestone_id uuid,
  title        text not null,
  assignee     text,
  due_date     date,
  required     boolean not null default false,
  completed_at timestamptz,
  completed_by jsonb,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  primary key (team_id, id),
  foreign key (team_id, order_id) references orders (team_id, id),
  foreign key (team_id, milestone_id) references order_milestones (team_id, id)
);
create index order_tasks_by_order on order_tasks (team_id, order_id);
create index order_tasks_blocking on order_tasks (team_id, milestone_id) where required and completed_at is null;

-- What happened ------------------------------------------------------------------------------------------------

create table events (
  team_id       uuid not null,
  id            uuid not null,
  order_id      uuid,
  sequence      bigint,
  type          text not null,
  event_version smallint not null default 1,
  subject_id    uuid,            -- the item, milestone or task it is about; the order when null
  actor_kind    text not null check (actor_kind in ('api_key', 'user', 'system')),
  actor_id      uuid,
  actor_name    text not null,
  effective_at  timestamptz not null,  -- when it happened
  recorded_at   timestamptz not null,  -- when we were told
  old_data      jsonb not null,
  new_data      jsonb not null,
  facts         jsonb not null,        -- what history and messages need to know of that moment
  primary key (team_id, id),
  check ((order_id is null) = (sequence is null)),
  foreign key (team_id, order_id) references orders (team_id, id)
);
create unique index events_by_order on events (team_id, order_id, sequence);

-- Messages to customers, stored with the change that asks for them; sent by the outbound workers.
create table messages (
  team_id       uuid not null,
  id            uuid not null,
  order_id      uuid not null,
  event_id      uuid,
  status_id     uuid not null,
  sub_status_id uuid,
  channel       text not null check (channel in ('email', 'sms', 'whatsapp')),
  recipient     text not null,
  state         text not null default 'PENDING' check (state in ('PENDING', 'SENT', 'FAILED')),
  created_at    timestamptz not null,
  primary key (team_id, id),
  foreign key (team_id, order_id) references orders (team_id, id)
);
create index messages_due on messages (team_id, created_at) where state = 'PENDING';

-- How far an import of a file got, so that an interrupted one goes on where it stopped.
create table imports (
  team_id     uuid not null references teams,
  source      text not null,
  fingerprint text not null,
  done        integer not null,
  updated_at  timestamptz not null,
  primary key (team_id, source, fingerprint)
);
