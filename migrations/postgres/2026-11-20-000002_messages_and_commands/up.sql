CREATE TABLE session_messages (
  id VARCHAR(64) PRIMARY KEY,
  seq BIGINT NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  session_id VARCHAR(40) NOT NULL,
  app_message_id VARCHAR(128),
  dedup_id VARCHAR(128),
  content_hash VARCHAR(32) NOT NULL,
  direction VARCHAR(3) NOT NULL,
  room_type INTEGER NOT NULL,
  sender_id TEXT,
  received_name TEXT NOT NULL,
  group_name TEXT NOT NULL,
  group_remark TEXT NOT NULL,
  spoken TEXT NOT NULL,
  raw_spoken TEXT NOT NULL,
  text_type INTEGER NOT NULL,
  at_me BOOLEAN NOT NULL,
  file_name VARCHAR(80),
  entrance VARCHAR(20) NOT NULL,
  reason VARCHAR(40),
  reason_detail TEXT,
  run_id VARCHAR(64),
  starts INTEGER NOT NULL DEFAULT 0,
  command_id VARCHAR(64),
  sent_at TIMESTAMPTZ,
  settled_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX session_messages_by_app_id ON session_messages (robot_uuid, dedup_id) WHERE dedup_id IS NOT NULL;
CREATE INDEX session_messages_by_robot ON session_messages (robot_uuid, seq);
CREATE INDEX session_messages_by_content ON session_messages (robot_uuid, content_hash, created_at);
CREATE INDEX session_messages_by_session ON session_messages (session_id, seq);
CREATE INDEX session_messages_unsettled ON session_messages (seq) WHERE reason IS NULL AND direction = 'in';
CREATE INDEX session_messages_by_creation ON session_messages (created_at);

CREATE TABLE robot_commands (
  seq BIGINT PRIMARY KEY,
  id VARCHAR(64) NOT NULL UNIQUE,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  batch_id VARCHAR(64),
  command_type INTEGER NOT NULL,
  item TEXT NOT NULL,
  file_name VARCHAR(80),
  size_bytes INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  state VARCHAR(12) NOT NULL,
  attempt INTEGER NOT NULL,
  can_retry BOOLEAN NOT NULL,
  is_offline BOOLEAN NOT NULL,
  error_code INTEGER,
  error_reason TEXT,
  success_list TEXT,
  fail_list TEXT,
  result TEXT,
  source VARCHAR(20) NOT NULL,
  request_id VARCHAR(64),
  message_id VARCHAR(64),
  session_id VARCHAR(40),
  resend_of VARCHAR(64),
  history TEXT NOT NULL,
  not_before TIMESTAMPTZ,
  due_at TIMESTAMPTZ,
  expires_at TIMESTAMPTZ NOT NULL,
  sent_at TIMESTAMPTZ,
  confirmed_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX robot_commands_open ON robot_commands (robot_uuid, priority DESC, seq) WHERE state = 'queued' OR state = 'sent';
CREATE INDEX robot_commands_due ON robot_commands (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX robot_commands_by_robot ON robot_commands (robot_uuid, seq);
CREATE INDEX robot_commands_by_batch ON robot_commands (batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE offline_commands (
  id SERIAL PRIMARY KEY,
  robot_id VARCHAR(36) NOT NULL REFERENCES robots(id),
  command_id VARCHAR(64) NOT NULL REFERENCES robot_commands(id),
  command JSONB NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  processed BOOLEAN NOT NULL DEFAULT FALSE,
  created_at TIMESTAMPTZ NOT NULL,
  processed_at TIMESTAMPTZ
);
CREATE INDEX idx_offline_commands_robot_id ON offline_commands (robot_id);
CREATE INDEX idx_offline_commands_processed ON offline_commands (processed, created_at);
CREATE INDEX idx_offline_commands_command_id ON offline_commands (command_id);
