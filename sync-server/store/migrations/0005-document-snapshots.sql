-- The beginning of a long document, encoded for readers who have nothing of it. A cache: any row can be deleted at any time,
-- and what it does not hold is read from the log.
create table document_snapshot (
  document text primary key,
  key_id text not null,
  bytes bytea not null          -- sealed; see store/document-snapshots.ts
);
