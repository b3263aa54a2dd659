-- Makes sure that the timer $2 with the schedule $3 has a row, next due at $4, and gives it. $5 now, $6 whether a firing that was missed is kept.
-- A changed schedule starts anew at $4, and so does a missed firing that is not kept.
INSERT INTO :schema.timer_status AS s (hub, function_name, schedule, next_due, updated_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hub, function_name) DO UPDATE SET
    next_due = CASE WHEN s.schedule <> excluded.schedule OR (NOT $6 AND s.next_due < $5) THEN excluded.next_due ELSE s.next_due END,
    schedule = excluded.schedule
RETURNING last_due, next_due, updated_at
