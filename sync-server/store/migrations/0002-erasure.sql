-- Erasing a patient is one more row: a tombstone, whose document is the scope of the patient's keys. In the transaction
-- that stores it every wrapped key of the scope leaves the log, and a grant of the scope that is stored later loses its
-- key on the way. So a region that holds the tombstone has carried it out, in whatever order the rows came.
create index log_scope on log (document) where kind <> 'entry';

create function destroy_keys() returns trigger language plpgsql as $$
begin
  -- One at a time: a grant and the tombstone of its scope, stored at one moment by two connections, must see each other.
  perform pg_advisory_xact_lock(774411003);
  if new.kind = 'tombstone' then
    update log set bytes = null where kind = 'grant' and document = new.document and bytes is not null;
  elsif exists (select from log where kind = 'tombstone' and document = new.document) then
    new.bytes := null;
  end if;
  return new;
end $$;
create trigger destroy_keys before insert on log for each row when (new.kind in ('grant', 'tombstone'))
  execute function destroy_keys();

-- What an earlier version took in without carrying it out.
update log set bytes = null where kind = 'grant' and bytes is not null
  and document in (select document from log where kind = 'tombstone');

-- Rows that this region cannot read although it has their key. A region's own notes about its disk: never sent to anybody.
create table quarantine (
  line text not null check (line in ('entries', 'notes')),
  origin text not null,
  seq bigint not null,
  document text not null,
  key_id text not null,
  reason text not null,
  since timestamptz not null,
  returned timestamptz,         -- when it could be read again
  primary key (line, origin, seq)
);
