-- secrets, audit, leases, events
create table secret (
  kind text not null,
  key text not null,
  user_id text not null default '',
  value bytea not null,
  created_at double precision not null,
  updated_at double precision not null,
  expires_at double precision,
  primary key (kind, key)
);
create index secret_user on secret (user_id);
create index secret_expiry on secret (expires_at) where expires_at is not null;

create table audit (
  id bigint generated always as identity primary key,
  time double precision not null,
  event text not null,
  user_id text not null,
  resource text not null,
  method text not null,
  host text not null
);
create index audit_user on audit (user_id, id);
create index audit_time on audit (time);

create table lease (
  name text primary key,
  owner text not null,
  until double precision not null
);

create table event (
  id bigint generated always as identity primary key,
  time double precision not null,
  topic text not null,
  key text not null
);
create index event_time on event (time);
