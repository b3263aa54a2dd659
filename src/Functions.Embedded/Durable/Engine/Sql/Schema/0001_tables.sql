-- One row an orchestration instance. A hub is a set of instances that some processes share.
CREATE TABLE durable.instances (
    hub                 text COLLATE "C" NOT NULL,
    instance_id         text COLLATE "C" NOT NULL,
    execution_id        uuid        NOT NULL,               -- a new one at each continue-as-new
    name                text        NOT NULL,
    version             text        NOT NULL DEFAULT '',
    status              text        NOT NULL,               -- Pending, Running, Suspended, Completed, Failed, Terminated
    input               text,
    output              text,
    custom_status       text,
    failure             text,                               -- TaskFailureDetails as JSON
    tags                text,                               -- JSON object
    parent_id           text COLLATE "C",
    parent_name         text,
    parent_execution_id uuid,
    parent_task_id      integer,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    completed_at        timestamptz,
    start_at            timestamptz,                        -- not to be started before; null once started
    turn                bigint      NOT NULL DEFAULT 0,     -- number of committed turns: what a commit is fenced by
    history_length      integer     NOT NULL DEFAULT 0,
    ready_at            timestamptz,                        -- when there is next something to do; null: never
    locked_by           uuid,                               -- the engine that holds the instance
    locked_until        timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (hub, instance_id)
) WITH (fillfactor = 80);

CREATE INDEX instances_ready ON durable.instances (hub, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX instances_created ON durable.instances (hub, created_at);
CREATE INDEX instances_children ON durable.instances (hub, parent_id) WHERE parent_id IS NOT NULL;

-- What happened, in order. Rows are added, never changed.
CREATE TABLE durable.history (
    hub          text COLLATE "C" NOT NULL,
    instance_id  text COLLATE "C" NOT NULL,
    execution_id uuid        NOT NULL,
    seq          integer     NOT NULL,
    kind         text        NOT NULL,
    at           timestamptz NOT NULL,
    task_id      integer     NOT NULL DEFAULT -1,
    name         text,
    data         text,                                      -- input, result, payload, reason or failure
    target       text,                                      -- the other instance of a call or an event
    fire_at      timestamptz,
    message_id   bigint,                                    -- of an event that came in as a message
    PRIMARY KEY (hub, instance_id, execution_id, seq)
);

-- What an instance has still to be told: events, timers (visible when they are due), results from elsewhere.
CREATE TABLE durable.messages (
    id           bigserial   PRIMARY KEY,
    hub          text COLLATE "C" NOT NULL,
    instance_id  text COLLATE "C" NOT NULL,
    execution_id uuid,                                      -- null: for whichever execution is current
    kind         text        NOT NULL,
    task_id      integer     NOT NULL DEFAULT -1,
    name         text,
    data         text,
    fire_at      timestamptz,
    visible_at   timestamptz NOT NULL
);

CREATE INDEX messages_of_instance ON durable.messages (hub, instance_id, visible_at);

-- Calls of activities that have no result yet.
CREATE TABLE durable.activities (
    hub          text COLLATE "C" NOT NULL,
    instance_id  text COLLATE "C" NOT NULL,
    execution_id uuid        NOT NULL,
    task_id      integer     NOT NULL,
    name         text        NOT NULL,
    version      text        NOT NULL DEFAULT '',
    input        text,
    locked_by    uuid,
    visible_at   timestamptz NOT NULL,                      -- when it may be taken: once queued, or when its lease ends
    PRIMARY KEY (hub, instance_id, execution_id, task_id)
);

CREATE INDEX activities_queue ON durable.activities (hub, visible_at);
