-- The message about queues has another form from here on, by number and only with those that changed. Without the old ones
-- every browser that comes back gets a snapshot; the node writes all queues anew when it starts.
delete from push_log;
delete from screens where kind = 'queues';
