-- A note as it stands, so that its many small updates need not be read one by one. A cache: any row can be deleted at any
-- time. covers: origin -> how many of its updates, from the first on without a gap, the state holds.
create table note_snapshot (
  document text primary key,
  covers jsonb not null,
  key_id text not null,
  bytes bytea not null          -- sealed Yjs update
);

-- The updates of a note behind a place, origin by origin.
drop index note_log_document;
create index note_log_place on note_log (document, origin, clock) where kind = 'update';
