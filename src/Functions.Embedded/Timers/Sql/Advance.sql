-- Records that the firing of the timer $2 that was due at $3 is done, at $5; the next is due at $4. Changes nothing when another process has
-- recorded it: a run that lost its lock may end late.
UPDATE :schema.timer_status SET last_due = $3, next_due = $4, updated_at = $5
WHERE hub = $1 AND function_name = $2 AND next_due = $3
RETURNING last_due, next_due, updated_at
