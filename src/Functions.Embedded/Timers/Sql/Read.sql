-- $2 name of the timer function.
SELECT last_due, next_due, updated_at FROM :schema.timer_status WHERE hub = $1 AND function_name = $2
