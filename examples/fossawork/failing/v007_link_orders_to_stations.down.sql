alter table work_orders drop constraint work_orders_station;
