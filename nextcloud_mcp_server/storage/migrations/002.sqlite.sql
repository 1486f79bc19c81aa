-- who is who, what they granted, and the server's own authorization server
create table person (
  issuer text not null,
  subject text not null,
  user_id text not null,
  created_at real not null,
  primary key (issuer, subject)
);
create index person_user on person (user_id);

create table access (
  user_id text primary key,
  login_name text not null,
  scopes text,
  method text not null,
  created_at real not null,
  updated_at real not null
);

create table offline_grant (
  id text primary key,
  issuer text not null,
  subject text not null,
  client_id text not null,
  scopes text not null,
  offline integer not null,
  state text not null,
  created_at real not null,
  expires_at real
);
create index offline_grant_person on offline_grant (issuer, subject);

create table oauth_client (
  client_id text primary key,
  name text not null,
  redirect_uris text not null,
  auth_method text not null,
  secret_hash text not null,
  created_at real not null,
  expires_at real
);
create index oauth_client_expiry on oauth_client (expires_at) where expires_at is not null;

create table oauth_consent (
  issuer text not null,
  subject text not null,
  client_id text not null,
  redirect_uri text not null,
  scopes text not null,
  created_at real not null,
  primary key (issuer, subject, client_id, redirect_uri)
);

create table oauth_family (
  id text primary key,
  issuer text not null,
  subject text not null,
  client_id text not null,
  created_at real not null,
  revoked_at real
);
create index oauth_family_person on oauth_family (issuer, subject);

create table oauth_token (
  hash text primary key,
  kind text not null,
  family text not null references oauth_family (id) on delete cascade,
  client_id text not null,
  redirect_uri text not null,
  challenge text not null,
  resource text not null,
  scopes text not null,
  created_at real not null,
  expires_at real not null,
  used_at real
);
create index oauth_token_family on oauth_token (family);
create index oauth_token_expiry on oauth_token (expires_at);

create table rate (
  key text not null,
  slot bigint not null,
  count integer not null,
  primary key (key, slot)
);
create index rate_slot on rate (slot);
