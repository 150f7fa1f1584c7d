-- The log of a region: one row for every statement that this region has flushed, its own and other regions'.
-- Rows of one origin form a chain: seq counts from 1 without gaps, hash runs over the chain. Nothing is changed or
-- deleted; only the wrapped key in a grant can be emptied, which is how a patient is erased. The chain runs over the
-- digest of the bytes, so it can still be checked afterwards.
create table log (
  origin text not null,
  seq bigint not null check (seq > 0),
  kind text not null check (kind in ('entry', 'grant', 'tombstone')),
  document text not null,       -- of an entry; the scope of the key for a grant: patient/<id>, thread/<id>, group/<name>
  clock integer not null,       -- position among this origin's entries in this document, from 0; -1 for others
  subject text not null,        -- of an entry; for a grant the regions that it is for, comma separated
  entry_id text not null,       -- empty for others
  home_group text not null,
  author text not null,
  lamport bigint not null,
  epoch bigint not null,
  key_id text not null,         -- key that seals the bytes; for a grant the key that it grants
  digest bytea not null,        -- SHA-256 of bytes as they were committed
  bytes bytea,                  -- sealed entry; wrapped key for a grant
  hash bytea not null,
  primary key (origin, seq)
);
create unique index log_document on log (document, origin, clock) where kind = 'entry';
create index log_entry on log (entry_id) where kind = 'entry';
create index log_subject on log (subject text_pattern_ops) where kind = 'entry';
create index log_key on log (key_id) where kind <> 'entry';

-- Notes while they are written: a log and a sequence of their own, so that keystrokes never stand in the way of charts.
create table note_log (
  origin text not null,
  seq bigint not null check (seq > 0),
  kind text not null check (kind in ('update', 'grant', 'tombstone')),
  document text not null,
  clock integer not null,
  subject text not null,
  entry_id text not null,
  home_group text not null,
  author text not null,
  lamport bigint not null,
  epoch bigint not null,
  key_id text not null,
  digest bytea not null,
  bytes bytea,
  hash bytea not null,
  primary key (origin, seq)
);
create index note_log_document on note_log (document) where kind = 'update';
create index note_log_key on note_log (key_id) where kind <> 'update';

create function keep_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.kind = 'grant' and new.bytes is null
     and row(new.origin, new.seq, new.kind, new.document, new.clock, new.subject, new.entry_id, new.home_group,
             new.author, new.lamport, new.epoch, new.key_id, new.digest, new.hash)
       = row(old.origin, old.seq, old.kind, old.document, old.clock, old.subject, old.entry_id, old.home_group,
             old.author, old.lamport, old.epoch, old.key_id, old.digest, old.hash) then
    return new;
  end if;
  raise exception 'the log is append-only: % on % refused', tg_op, tg_table_name;
end $$;
create trigger keep_log before update or delete on log for each row execute function keep_log();
create trigger keep_log_whole before truncate on log for each statement execute function keep_log();
create trigger keep_note_log before update or delete on note_log for each row execute function keep_log();
create trigger keep_note_log_whole before truncate on note_log for each statement execute function keep_log();
