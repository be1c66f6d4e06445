-- Whether an operator has seen the review of their talk.
alter table reviews add column seen_at timestamptz;
create index on reviews (operator_id, made_at desc) where replaced_at is null;
create index on share_link_uses (at desc, id desc) where kind in ('listened', 'original', 'copy');
create index on recording_plays (at desc, id desc);
