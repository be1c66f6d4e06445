-- The one form of an address behind whatever an office wrote (callcenter/addresses); null until it was worked out.
alter table houses add column town_key text, add column street_key text, add column building_key text, add column loose_key text;
alter table premises add column flat_key text;
create index houses_building_key_idx on houses (building_key);
create index houses_loose_key_idx on houses (loose_key);
create index houses_without_key_idx on houses (id) where building_key is null;
create index premises_flat_key_idx on premises (house_id, flat_key);
create index premises_without_key_idx on premises (id) where flat_key is null;
