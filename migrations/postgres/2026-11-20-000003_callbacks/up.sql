CREATE TABLE callback_bindings (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  binding_type INTEGER NOT NULL,
  url VARCHAR(2048) NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (robot_uuid, binding_type)
);

CREATE TABLE callback_deliveries (
  id VARCHAR(64) PRIMARY KEY,
  seq BIGINT NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  kind VARCHAR(20) NOT NULL,
  endpoint VARCHAR(64) NOT NULL,
  url VARCHAR(2048) NOT NULL,
  chat VARCHAR(64) NOT NULL,
  message_id VARCHAR(64),
  command_id VARCHAR(64),
  body TEXT NOT NULL,
  file_name VARCHAR(80),
  state VARCHAR(12) NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  can_retry BOOLEAN NOT NULL,
  last_status INTEGER,
  last_error TEXT,
  replay_of VARCHAR(64),
  due_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX callback_deliveries_due ON callback_deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX callback_deliveries_open ON callback_deliveries (endpoint, seq) WHERE state = 'pending';
CREATE INDEX callback_deliveries_by_robot ON callback_deliveries (robot_uuid, seq);
CREATE INDEX callback_deliveries_by_message ON callback_deliveries (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX callback_deliveries_by_creation ON callback_deliveries (created_at);

CREATE TABLE callback_attempts (
  seq BIGINT PRIMARY KEY,
  delivery_id VARCHAR(64) NOT NULL,
  attempt INTEGER NOT NULL,
  status INTEGER,
  error TEXT,
  response TEXT,
  duration_ms INTEGER NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX callback_attempts_by_delivery ON callback_attempts (delivery_id, attempt);
CREATE INDEX callback_attempts_by_creation ON callback_attempts (created_at);
