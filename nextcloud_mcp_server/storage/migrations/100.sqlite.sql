-- search index: what is planned, what is indexed
create table index_job (
  id integer primary key autoincrement,
  user_id text not null,
  doc_type text not null,
  doc_id text not null,
  op text not null,
  version text not null,
  settled integer not null,
  backfill integer not null,
  attempts integer not null default 0,
  run_at real not null,
  running integer not null default 0,
  owner text,
  lease_until real,
  rerun integer not null default 0,
  unique (user_id, doc_type, doc_id)
);
create index index_job_waiting on index_job (user_id, backfill, id) where running = 0;
create index index_job_running on index_job (lease_until) where running = 1;

create table index_turn (
  user_id text primary key,
  last integer not null
);

create table index_dead (
  user_id text not null,
  doc_type text not null,
  doc_id text not null,
  version text not null,
  reason text not null,
  failed_at real not null,
  primary key (user_id, doc_type, doc_id)
);

create table index_scan (
  user_id text not null,
  doc_type text not null,
  state text,
  scanned_at real,
  error text,
  found integer not null default 0,
  primary key (user_id, doc_type)
);

create table index_schedule (
  user_id text primary key,
  next_at real not null,
  interval real not null,
  failures integer not null default 0
);

create table index_stamp (
  user_id text not null,
  doc_type text not null,
  doc_id text not null,
  version text not null,
  settled integer not null,
  owner text not null,
  primary key (user_id, doc_type, doc_id)
);
create index index_stamp_document on index_stamp (owner, doc_type, doc_id);

create table index_document (
  collection text not null,
  owner text not null,
  doc_type text not null,
  doc_id text not null,
  text_hash text not null,
  facts_hash text not null,
  facts text not null,
  passages integer not null,
  indexed_at real not null,
  primary key (collection, owner, doc_type, doc_id)
);

create table index_collection (
  name text primary key,
  fingerprint text,
  dimension integer not null,
  active integer not null
);
