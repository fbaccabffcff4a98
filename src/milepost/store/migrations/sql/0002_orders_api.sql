-- Purchase orders as documents with releases and tags; the event feed; webhooks and their deliveries.
-- team_id leads every key, as in 0001.

-- Orders -------------------------------------------------------------------------------------------------------

-- Lists sort strings by code point (Orders API, section 25).
alter table orders
  alter column order_number type text collate "C",
  alter column name type text collate "C",
  add column source_system_id text,
  add column external_id text,               -- the value of its EXTERNAL_ID reference (Orders API 7.3)
  add column created_from_order_id uuid,     -- the parent, and its release that made this order
  add column released_from_release_id uuid;
create unique index orders_by_external_id on orders (team_id, external_id) where external_id is not null;
create index orders_by_name on orders (team_id, name, id) where name is not null;
create index orders_by_created on orders (team_id, created_at, id);
create index orders_by_updated on orders (team_id, updated_at, id);
create index orders_by_start on orders (team_id, start_date, id) where start_date is not null;
create index orders_by_expiration on orders (team_id, expiration_date, id) where expiration_date is not null;
create index orders_by_parent on orders (team_id, created_from_order_id) where created_from_order_id is not null;
create index orders_by_supplier on orders (team_id, (supplier ->> 'supplier_id')) where supplier is not null;

create table tags (
  team_id    uuid not null references teams,
  id         uuid not null,
  slug       text not null collate "C" check (slug ~ '^[a-z0-9-]{1,64}$'),
  name       text not null check (char_length(name) between 1 and 64),
  created_at timestamptz not null,
  primary key (team_id, id),
  unique (team_id, slug)
);

create table order_tags (
  team_id  uuid not null,
  order_id uuid not null,
  tag_id   uuid not null,
  primary key (team_id, order_id, tag_id),
  foreign key (team_id, order_id) references orders (team_id, id),
  foreign key (team_id, tag_id) references tags (team_id, id)
);
create index order_tags_by_tag on order_tags (team_id, tag_id, order_id);

create table releases (
  team_id               uuid not null,
  id                    uuid not null,
  order_id              uuid not null,
  release_type          text not null check (release_type in ('TRANSPORTATION', 'PURCHASE_ORDER')),
  -- What it takes: [{"item_id", "quantity", "unit"}]. Items may leave an order once no active release takes them.
  items                 jsonb not null,
  unassigned_at         timestamptz,  -- null: active
  transit_status        text check (transit_status in ('DISPATCHED', 'IN_TRANSIT', 'OUT_FOR_DELIVERY', 'DELIVERED')),
  shipping_plan_id      text,
  shipment_id           text,
  shipment_reference_id text,
  origin_stop_id        text,
  destination_stop_id   text,
  released_to_order_id  uuid,
  created_at            timestamptz not null,
  primary key (team_id, id),
  check ((release_type = 'PURCHASE_ORDER') = (released_to_order_id is not null)),
  foreign key (team_id, order_id) references orders (team_id, id)
);
create index releases_by_order on releases (team_id, order_id, id);

create table release_documents (
  team_id       uuid not null,
  id            uuid not null,
  release_id    uuid not null,
  position      integer not null,
  file_name     text not null,
  content_type  text not null,
  size          bigint not null,
  sha256        text not null,
  document_type text,
  description   text,
  primary key (team_id, id),
  unique (team_id, release_id, position),
  foreign key (team_id, release_id) references releases (team_id, id)
);

-- The bytes of documents, in parts small enough to stream.
create table document_parts (
  team_id     uuid not null,
  document_id uuid not null,
  number      integer not null,
  bytes       bytea not null,
  primary key (team_id, document_id, number),
  foreign key (team_id, document_id) references release_documents (team_id, id)
);
alter table document_parts alter column bytes set storage external;

-- Answers kept for repeated requests (Orders API, section 19); written in the transaction of their change.
create table idempotency_keys (
  team_id     uuid not null references teams,
  key         text not null,
  fingerprint bytea not null,
  status      smallint,      -- null only inside the transaction that claims the key
  headers     jsonb,
  body        bytea,
  is_sealed   boolean not null default false,  -- the body holds a secret and is encrypted
  created_at  timestamptz not null,
  primary key (team_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (team_id, created_at);

-- The feed -----------------------------------------------------------------------------------------------------

-- The feed is read by (transaction_id, id), and only as far as every older transaction has ended: nothing ever
-- appears behind what was read (docs/decisions/0013-commit-safe-feed.md).
alter table events
  add column transaction_id xid8 not null default pg_current_xact_id(),
  -- The object after an `*.updated` event, where a webhook asks for it.
  add column new_object json;
-- recorded_at rides along: spans of time are found without looking at the wide rows.
create index events_feed on events (team_id, transaction_id, id) include (recorded_at);

-- Webhooks -----------------------------------------------------------------------------------------------------

create table webhooks (
  team_id                    uuid not null references teams,
  id                         uuid not null,
  url                        text not null,
  enabled_events             text[] not null check (cardinality(enabled_events) > 0),
  error_contact_email        text not null,
  username                   text,
  sealed_password            bytea,
  status                     text not null default 'ENABLED' check (status in ('ENABLED', 'DISABLED')),
  include_updated_object     boolean not null default false,
  event_version              smallint not null default 1,
  custom_data                jsonb,
  sealed_secret              bytea not null,
  sealed_previous_secret     bytea,
  previous_secret_expires_at timestamptz,
  disabled_at                timestamptz,
  disabled_reason            text check (disabled_reason in ('gone', 'failing', 'manual')),
  failing_since              timestamptz,              -- the first failed attempt of the unbroken run
  failed_attempts            integer not null default 0,  -- of the unbroken run
  last_error                 text,
  paused_until               timestamptz,              -- a receiver said Retry-After with 429 or 503
  mailed_at                  timestamptz,              -- the last mail about a failed delivery
  mails_held_back            integer not null default 0,
  created_at                 timestamptz not null,
  updated_at                 timestamptz not null,
  primary key (team_id, id),
  check ((username is null) = (sealed_password is null)),
  check ((status = 'DISABLED') = (disabled_at is not null))
);

-- The workers that deliver, each until then unless it renews (docs/decisions/0015-delivery-engine.md). Not team
-- data: a worker works for all.
create table outbound_workers (
  id    uuid primary key,
  until timestamptz not null
) with (fillfactor = 50);

-- Which worker delivers for a webhook: it alone, as long as its row above is there.
create table webhook_leases (
  team_id    uuid not null,
  webhook_id uuid not null,
  owner      uuid not null,
  primary key (team_id, webhook_id)
);

-- One row for each event and webhook that wants it: the queue, the log and what can be sent again.
create table deliveries (
  team_id         uuid not null,
  id              uuid not null,
  webhook_id      uuid not null,  -- no foreign key: its row would be locked by every change (decision 15)
  event_id        uuid not null,
  event_name      text not null,
  order_id        uuid,
  sequence        bigint,
  status          text not null default 'PENDING' check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
  body            text not null,            -- exactly as sent, on every attempt
  attempt_count   integer not null default 0,
  tries           integer not null default 0,  -- attempts of the present retry schedule
  next_attempt_at timestamptz,
  finished_at     timestamptz,
  created_at      timestamptz not null,
  primary key (team_id, id),
  unique (team_id, event_id, webhook_id),
  check ((status = 'PENDING') = (next_attempt_at is not null)),
  check ((status = 'PENDING') = (finished_at is null))
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);
-- What is pending has a next attempt, and nothing else has. Said in two ways, so that whoever asks for one of these
-- two indexes cannot be given the other.
create index deliveries_due on deliveries (team_id, webhook_id, next_attempt_at, id) where next_attempt_at is not null;
create index deliveries_in_line on deliveries (team_id, webhook_id, order_id, sequence) where status = 'PENDING';
create index deliveries_by_webhook on deliveries (team_id, webhook_id, id);
create index deliveries_ended_badly on deliveries (team_id, webhook_id, id) where status in ('FAILED', 'CANCELED');

create table attempts (
  team_id          uuid not null,
  delivery_id      uuid not null,
  number           integer not null,
  started_at       timestamptz not null,
  duration_ms      integer not null,
  response_status  integer,
  error            text check (error in ('timeout', 'connection', 'tls', 'blocked_address', 'redirect', 'status')),
  response_excerpt text,
  request_headers  jsonb not null,  -- signature and Authorization redacted
  primary key (team_id, delivery_id, number)
);
-- What a receiver answered is forgotten sooner than that it was asked (store/retention.py).
create index attempts_with_excerpt on attempts (team_id, started_at) where response_excerpt <> '';

-- Mail to the people who run things; to customers go `messages`.
create table mails (
  team_id         uuid not null references teams,
  id              uuid not null,
  recipient       text not null,
  subject         text not null,
  body            text not null,
  state           text not null default 'PENDING' check (state in ('PENDING', 'SENT', 'FAILED')),
  attempts        integer not null default 0,
  next_attempt_at timestamptz not null,
  last_error      text,
  created_at      timestamptz not null,
  primary key (team_id, id)
);
create index mails_due on mails (team_id, next_attempt_at) where state = 'PENDING';
