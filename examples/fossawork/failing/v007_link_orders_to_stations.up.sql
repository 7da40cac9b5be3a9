-- requires: v006
-- Fails while orders name stations that are gone; the orphan finder names them.
-- rehome:allow add-foreign-key-not-valid: the table is small, and the example wants it to be checked at once

alter table work_orders add constraint work_orders_station foreign key (station_id) references stations (id);
