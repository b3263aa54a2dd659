CREATE SCHEMA IF NOT EXISTS :schema;

-- One row a timer function: when it fires next. A firing belongs to the process that holds the function's
-- advisory lock and still finds next_due in the past.
CREATE TABLE IF NOT EXISTS :schema.timer_status (
    hub text NOT NULL,
    function_name text NOT NULL,
    schedule text NOT NULL,
    last_due timestamptz,
    next_due timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (hub, function_name)
);

CREATE TABLE IF NOT EXISTS :schema.host_keys (
    hub text NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (hub, name)
);
