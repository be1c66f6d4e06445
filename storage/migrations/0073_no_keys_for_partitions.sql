-- contracts: columns that no release ever read; the tables stay whole (docs/decisions/0028), and each write computed them.
alter table call_events drop column call_born_at;
alter table talks drop column call_born_at;
alter table calls drop column born_at;
