-- search index: scans that Nextcloud asked to be spared
alter table index_schedule add column not_before real;
