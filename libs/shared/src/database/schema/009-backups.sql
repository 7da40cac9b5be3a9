-- What became of a backup after it was made, and what planners may see of it.

alter table executor.backup
  -- Null: the whole database.
  add column schemas text[],
  add column compression text,
  -- Digests and counts of the restore that agreed with what the backup says it holds.
  add column proof json,
  -- A check of its files that failed, until a later one succeeds.
  add column damaged_at timestamptz,
  add column damage text,
  add constraint backup_proven check ((verified_at is null) = (proof is null)),
  add constraint backup_damage_told check ((damaged_at is null) = (damage is null));

-- No manifest: planners need to know which backups there are, not what is in them.
create view executor.backup_list as
select
  backup_id, migration_id, step_id, label, tier, server, database, schemas, site, path, format, compression, bytes,
  manifest_sha256,
  case
    when damaged_at is not null then 'damaged'
    when verified_at is not null then 'verified'
    else 'recorded'
  end as status,
  damage, proof, created_at, verified_at, expires_at
from executor.backup
where deleted_at is null;

grant select on executor.backup_list to rehome_planner, rehome_executor;
