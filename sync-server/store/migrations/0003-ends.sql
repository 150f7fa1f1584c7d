-- Where two histories of one origin are found, the origin ends at the last row that both have: a row of kind `end`, by
-- whoever found it. subject is the origin, lamport its last sequence that counts, bytes the hash there. Rows behind an
-- end are void: what they hold is committed again under another origin, then they are set aside.
-- Kinds are no longer listed here: rows of a kind that only a newer region knows are kept and passed on.
alter table log drop constraint log_kind_check;
alter table note_log drop constraint note_log_kind_check;
create index log_end on log (subject) where kind = 'end';
create index note_log_end on note_log (subject) where kind = 'end';

create table log_set_aside (
  source text not null,         -- the table that the row stood in
  origin text not null,
  seq bigint not null,
  kind text not null,
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
  bytes bytea,                  -- null for a grant: its copy in the log is the one that can be emptied
  hash bytea not null,
  carried boolean not null,     -- false while its key is missing here: not committed again yet
  set_aside_at timestamptz not null default now(),
  primary key (source, origin, seq, hash)
);
create index log_set_aside_waiting on log_set_aside (source, origin, seq) where not carried;

-- A row leaves the log only behind an end that the log itself names, only when its copy is set aside, and only for
-- the one piece of code that says so. Everything else is refused as before.
create function keep_log_row() returns trigger language plpgsql as $$
declare
  ended boolean;
begin
  if current_setting('meridian.set_aside', true) = old.origin then
    execute format('select exists (select from %I where kind = ''end'' and subject = $1 and lamport < $2)', tg_table_name)
      into ended using old.origin, old.seq;
    if ended and exists (
      select from log_set_aside a where a.source = tg_table_name and a.origin = old.origin and a.seq = old.seq
        and a.hash = old.hash) then
      return old;
    end if;
  end if;
  raise exception 'the log is append-only: % on % refused', tg_op, tg_table_name;
end $$;
drop trigger keep_log on log;
drop trigger keep_note_log on note_log;
create trigger keep_log before update on log for each row execute function keep_log();
create trigger keep_note_log before update on note_log for each row execute function keep_log();
create trigger keep_log_row before delete on log for each row execute function keep_log_row();
create trigger keep_note_log_row before delete on note_log for each row execute function keep_log_row();
