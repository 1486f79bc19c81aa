-- search index: what is worked on now, when webhooks came last, since when a credential is refused
create table index_current (
  worker text not null,
  number integer not null,
  user_id text not null,
  doc_type text not null,
  title text not null,
  page integer not null,
  pages integer not null,
  told_at double precision not null,
  primary key (worker, number)
);

create table index_heard (
  name text primary key,
  heard_at double precision not null
);

alter table index_schedule add column refused_at double precision;
