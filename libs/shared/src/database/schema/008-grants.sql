-- Who may do what. Nobody but rehome_owner may write ledger.event, and even the owner only inserts.

revoke all on all functions in schema ledger from public;

grant usage on schema ledger, executor, planner to rehome_planner, rehome_executor;
grant select on ledger.event, ledger.head, ledger.cursor to rehome_planner, rehome_executor;
grant execute on function ledger.append(
  integer, text[], integer[], integer[], bigint[], integer[], text[], text[], integer[], text[], text[], integer[], text[]
) to rehome_planner, rehome_executor;
grant execute on function ledger.hold(text) to rehome_planner, rehome_executor;

-- Leases of readers are taken and renewed directly; a position only moves by the effect `cursor`.
grant insert (name, owner, fence, lease_until), update (owner, fence, lease_until) on ledger.cursor
  to rehome_planner, rehome_executor;

grant select on executor.inbox, executor.step_run, executor.slot, executor.step_progress to rehome_executor;
-- The heartbeat and cancel; all else of a run changes by effects only.
grant update (lease_until, progress, cancel_requested, pause_requested, retry_at) on executor.step_run to rehome_executor;
grant insert, update, delete on executor.slot to rehome_executor;
grant select, insert, update, delete on executor.vault, executor.backup to rehome_executor;
grant select, insert on executor.evidence to rehome_executor;
grant select on executor.step_progress to rehome_planner;

grant select on planner.idempotency, planner.reservation to rehome_planner;
grant select, insert, update, delete on planner.api_key, planner.migration to rehome_planner;
grant delete on planner.idempotency to rehome_planner;

grant usage on schema analytics to rehome_analyst;
grant select on all tables in schema analytics to rehome_analyst;
