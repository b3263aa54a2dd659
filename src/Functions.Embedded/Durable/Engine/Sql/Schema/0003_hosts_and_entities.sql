-- What each process that runs an engine can run, so that a name which nobody on the hub has can be told from one that another process has.
CREATE TABLE durable.hosts (
    hub         text COLLATE "C" NOT NULL,
    host        uuid        NOT NULL,                       -- the engine, new at each start
    names       text[]      NOT NULL,                       -- orchestrator:name, activity:name, entity:name; lower case
    alive_until timestamptz NOT NULL,
    PRIMARY KEY (hub, host)
);

-- One row an entity that has ever been sent something.
CREATE TABLE durable.entities (
    hub            text COLLATE "C" NOT NULL,
    entity_id      text COLLATE "C" NOT NULL,               -- @name@key
    state          text,                                    -- null: it has none
    updated_at     timestamptz NOT NULL,
    turn           bigint      NOT NULL DEFAULT 0,          -- number of committed batches: what a commit is fenced by
    lock_id        uuid,                                    -- the critical section that has the entity to itself
    lock_owner     text COLLATE "C",                        -- the orchestration in it
    lock_execution uuid,
    ready_at       timestamptz,                             -- when there is next something to look at; null: never
    locked_by      uuid,                                    -- the engine that runs it
    locked_until   timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (hub, entity_id)
) WITH (fillfactor = 80);

CREATE INDEX entities_ready ON durable.entities (hub, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX entities_lock_owner ON durable.entities (hub, lock_owner) WHERE lock_owner IS NOT NULL;

-- What an entity has still to do, in the order of ids.
CREATE TABLE durable.entity_messages (
    id               bigserial   PRIMARY KEY,
    hub              text COLLATE "C" NOT NULL,
    entity_id        text COLLATE "C" NOT NULL,
    kind             text        NOT NULL,                  -- Signal, Call, Lock, Unlock
    operation        text,
    input            text,
    sender           text COLLATE "C",                      -- the orchestration to be answered
    sender_execution uuid,
    task_id          integer     NOT NULL DEFAULT -1,
    lock_id          uuid,                                  -- the critical section it is sent from, asks for or leaves
    lock_set         text,                                  -- of a Lock: all entities of the critical section, in order; a JSON array
    visible_at       timestamptz NOT NULL
);

CREATE INDEX entity_messages_of_entity ON durable.entity_messages (hub, entity_id, visible_at);
