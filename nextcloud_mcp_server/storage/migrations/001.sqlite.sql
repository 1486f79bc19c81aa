-- secrets, audit, leases, events
create table secret (
  kind text not null,
  key text not null,
  user_id text not null default '',
  value blob not null,
  created_at real not null,
  updated_at real not null,
  expires_at real,
  primary key (kind, key)
);
create index secret_user on secret (user_id);
create index secret_expiry on secret (expires_at) where expires_at is not null;

create table audit (
  id integer primary key autoincrement,
  time real not null,
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
  until real not null
);

create table event (
  id integer primary key autoincrement,
  time real not null,
  topic text not null,
  key text not null
);
create index event_time on event (time);
