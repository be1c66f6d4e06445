-- Links to recordings in the chained ledger: made, ended, and each time that somebody outside heard or fetched one.
create function chain_link() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(
        new.company_id,
        case when new.revoked_at is null then 'link made' else 'link revoked' end,
        jsonb_build_object('link', new.id, 'ticket', new.ticket_id, 'recipient', new.recipient, 'purpose', new.purpose,
            'expires_at', new.expires_at, 'by', coalesce(new.revoked_by, new.made_by)));
    return null;
end $$;
revoke execute on function chain_link from public;
create trigger chained after insert on share_links for each row execute function chain_link();
create trigger chained_at_end after update of revoked_at on share_links for each row
    when (old.revoked_at is null and new.revoked_at is not null) execute function chain_link();

-- What a stranger can do as often as they like, such as open a page or guess a PIN, is in the link's own log alone.
create function chain_link_use() returns trigger language plpgsql security definer set search_path from current as $$
begin
    perform append_ledger(l.company_id, 'link used', jsonb_strip_nulls(jsonb_build_object(
            'link', l.id, 'ticket', l.ticket_id, 'use', new.kind, 'address', new.address, 'recording', r.recording_id)))
    from share_links l
    left join share_link_recordings r on r.link_id = l.id and r.place = new.place
    where l.id = new.link_id;
    return null;
end $$;
revoke execute on function chain_link_use from public;
create trigger chained after insert on share_link_uses for each row
    when (new.kind in ('listened', 'original', 'copy')) execute function chain_link_use();
