-- which session at the provider a grant came from, and which sessions ended there
alter table offline_grant add column sid text;
alter table offline_grant add column sub text;
create index offline_grant_session on offline_grant (issuer, sid);

create table signed_out (
  issuer text not null,
  jti text not null,
  sid text,
  sub text,
  at real not null,
  primary key (issuer, jti)
);
create index signed_out_session on signed_out (issuer, sid);
create index signed_out_person on signed_out (issuer, sub);
