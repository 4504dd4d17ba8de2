CREATE TABLE ai_models (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  name VARCHAR(255) NOT NULL,
  provider VARCHAR(50) NOT NULL,
  model_id VARCHAR(255) NOT NULL,
  model_type VARCHAR(50) NOT NULL,
  capabilities JSONB NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  api_endpoint VARCHAR(500),
  api_key_encrypted TEXT,
  config JSONB NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  in_default_chain BOOLEAN NOT NULL DEFAULT FALSE,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE TABLE ai_model_versions (
  model_id VARCHAR(36) NOT NULL REFERENCES ai_models(id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  content JSONB NOT NULL,
  author_id VARCHAR(36) NOT NULL,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (model_id, version)
);

CREATE TABLE ai_model_health_checks (
  id SERIAL PRIMARY KEY,
  model_id VARCHAR(36) NOT NULL REFERENCES ai_models(id) ON DELETE CASCADE,
  status VARCHAR(20) NOT NULL,
  response_time INTEGER,
  error_message TEXT,
  checked_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX ai_model_health_checks_by_model ON ai_model_health_checks (model_id, checked_at);
CREATE INDEX ai_model_health_checks_by_time ON ai_model_health_checks (checked_at);

CREATE TABLE ai_personas (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  name VARCHAR(255) NOT NULL,
  role_type VARCHAR(50) NOT NULL,
  description TEXT NOT NULL,
  system_prompt TEXT NOT NULL,
  temperature DOUBLE PRECISION NOT NULL DEFAULT 0.7,
  max_tokens INTEGER,
  model_id VARCHAR(36) REFERENCES ai_models(id),
  preferred_model VARCHAR(255),
  capabilities JSONB NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);
CREATE INDEX ai_personas_by_model ON ai_personas (model_id) WHERE model_id IS NOT NULL;

CREATE TABLE ai_persona_versions (
  persona_id VARCHAR(36) NOT NULL REFERENCES ai_personas(id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  content JSONB NOT NULL,
  author_id VARCHAR(36) NOT NULL,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (persona_id, version)
);

CREATE TABLE ai_model_persona_bindings (
  model_id VARCHAR(36) NOT NULL REFERENCES ai_models(id) ON DELETE CASCADE,
  persona_id VARCHAR(36) NOT NULL REFERENCES ai_personas(id) ON DELETE CASCADE,
  priority INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (persona_id, model_id)
);
CREATE INDEX ai_model_persona_bindings_by_model ON ai_model_persona_bindings (model_id);

CREATE TABLE ai_message_templates (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  category VARCHAR(50) NOT NULL,
  name VARCHAR(255) NOT NULL,
  description TEXT NOT NULL,
  template TEXT NOT NULL,
  variables JSONB NOT NULL,
  persona_type VARCHAR(50),
  use_count BIGINT NOT NULL DEFAULT 0,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);
CREATE INDEX ai_message_templates_by_category ON ai_message_templates (category);

CREATE TABLE ai_template_versions (
  template_id VARCHAR(36) NOT NULL REFERENCES ai_message_templates(id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  content JSONB NOT NULL,
  author_id VARCHAR(36) NOT NULL,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (template_id, version)
);

CREATE TABLE flow_configs (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  name VARCHAR(255) NOT NULL,
  description TEXT NOT NULL,
  draft JSONB NOT NULL,
  published_version BIGINT,
  latest_version BIGINT NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE TABLE flow_versions (
  flow_id VARCHAR(36) NOT NULL REFERENCES flow_configs(id) ON DELETE CASCADE,
  version BIGINT NOT NULL,
  content JSONB NOT NULL,
  author_id VARCHAR(36) NOT NULL,
  note TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (flow_id, version)
);

CREATE TABLE flow_executions (
  seq BIGINT PRIMARY KEY,
  id VARCHAR(64) NOT NULL UNIQUE,
  flow_id VARCHAR(36) NOT NULL,
  flow_version BIGINT NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  session_id VARCHAR(40) NOT NULL,
  message_id VARCHAR(64) NOT NULL,
  message_ids TEXT NOT NULL,
  status VARCHAR(12) NOT NULL,
  step INTEGER NOT NULL,
  starts INTEGER NOT NULL,
  context TEXT NOT NULL,
  state TEXT NOT NULL,
  nodes TEXT NOT NULL,
  error_code VARCHAR(64),
  error TEXT,
  tokens BIGINT NOT NULL DEFAULT 0,
  cost_micros BIGINT NOT NULL DEFAULT 0,
  duration_ms BIGINT,
  retry_of VARCHAR(64),
  retry_from VARCHAR(128),
  started_at TIMESTAMPTZ NOT NULL,
  due_at TIMESTAMPTZ,
  finished_at TIMESTAMPTZ
);
CREATE INDEX flow_executions_open ON flow_executions (session_id, status, seq) WHERE status IN ('running', 'waiting');
CREATE INDEX flow_executions_due ON flow_executions (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX flow_executions_by_session ON flow_executions (session_id, seq);
CREATE INDEX flow_executions_by_message ON flow_executions (message_id);
CREATE INDEX flow_executions_by_robot ON flow_executions (robot_uuid, seq);

CREATE TABLE sessions (
  id VARCHAR(40) PRIMARY KEY,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  room_type INTEGER NOT NULL,
  group_name TEXT NOT NULL,
  user_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  taken_over_by VARCHAR(36),
  taken_over_at TIMESTAMPTZ,
  last_human_at TIMESTAMPTZ,
  reset_seq BIGINT NOT NULL DEFAULT 0,
  persona_id VARCHAR(36),
  last_message_at TIMESTAMPTZ NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_by_robot ON sessions (robot_uuid, last_message_at);
CREATE INDEX sessions_by_time ON sessions (last_message_at);
CREATE INDEX sessions_taken_over ON sessions (last_human_at) WHERE taken_over_by IS NOT NULL;

CREATE TABLE ai_call_logs (
  seq BIGINT PRIMARY KEY,
  id VARCHAR(64) NOT NULL UNIQUE,
  run_id VARCHAR(64),
  robot_uuid VARCHAR(36),
  session_id VARCHAR(40),
  message_id VARCHAR(64),
  model_id VARCHAR(36),
  provider VARCHAR(50) NOT NULL,
  model_name VARCHAR(255) NOT NULL,
  purpose VARCHAR(12) NOT NULL,
  status VARCHAR(12) NOT NULL,
  error_class VARCHAR(20),
  error TEXT,
  tries INTEGER NOT NULL,
  duration_ms BIGINT NOT NULL,
  tokens_in BIGINT NOT NULL,
  tokens_out BIGINT NOT NULL,
  cost_micros BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX ai_call_logs_by_time ON ai_call_logs (created_at);
CREATE INDEX ai_call_logs_by_robot ON ai_call_logs (robot_uuid, seq);
CREATE INDEX ai_call_logs_by_run ON ai_call_logs (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE ai_io_logs (
  seq BIGINT PRIMARY KEY,
  call_id VARCHAR(64) NOT NULL,
  input TEXT NOT NULL,
  output TEXT NOT NULL
);
CREATE INDEX ai_io_logs_by_call ON ai_io_logs (call_id);

CREATE TABLE token_usage (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  day VARCHAR(10) NOT NULL,
  tokens BIGINT NOT NULL,
  cost_micros BIGINT NOT NULL,
  PRIMARY KEY (robot_uuid, day)
);
CREATE INDEX token_usage_by_day ON token_usage (day);

CREATE TABLE alert_history (
  seq BIGINT PRIMARY KEY,
  id VARCHAR(64) NOT NULL UNIQUE,
  level VARCHAR(12) NOT NULL,
  code VARCHAR(64) NOT NULL,
  status VARCHAR(12) NOT NULL,
  rule_id VARCHAR(36),
  robot_uuid VARCHAR(36),
  session_id VARCHAR(40),
  message_id VARCHAR(64),
  run_id VARCHAR(64),
  dedupe_key VARCHAR(255) NOT NULL,
  data TEXT NOT NULL,
  count INTEGER NOT NULL,
  first_at TIMESTAMPTZ NOT NULL,
  last_at TIMESTAMPTZ NOT NULL,
  ack_by VARCHAR(36),
  acked_at TIMESTAMPTZ,
  resolved_by VARCHAR(36),
  resolved_at TIMESTAMPTZ,
  note TEXT
);
CREATE INDEX alert_history_open ON alert_history (dedupe_key, seq) WHERE status = 'active' OR status = 'acknowledged';
CREATE INDEX alert_history_by_robot ON alert_history (robot_uuid, seq);
CREATE INDEX alert_history_by_message ON alert_history (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE alert_rules (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  name VARCHAR(255) NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  metric VARCHAR(32) NOT NULL,
  operator VARCHAR(16) NOT NULL,
  value JSONB NOT NULL,
  window_secs INTEGER NOT NULL,
  for_secs INTEGER NOT NULL,
  level VARCHAR(12) NOT NULL,
  cooldown_secs INTEGER NOT NULL,
  silenced_until TIMESTAMPTZ,
  channel_ids JSONB NOT NULL,
  robot_ids JSONB NOT NULL,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE TABLE notification_channels (
  id VARCHAR(36) PRIMARY KEY,
  owner_id VARCHAR(36) REFERENCES users(id),
  name VARCHAR(255) NOT NULL,
  channel_type VARCHAR(32) NOT NULL,
  config JSONB NOT NULL,
  secrets JSONB NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  is_preset BOOLEAN NOT NULL DEFAULT FALSE,
  version BIGINT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);

CREATE TABLE alert_notifications (
  id VARCHAR(64) PRIMARY KEY,
  seq BIGINT NOT NULL,
  alert_id VARCHAR(64) NOT NULL,
  channel_id VARCHAR(36) NOT NULL,
  channel_type VARCHAR(32) NOT NULL,
  state VARCHAR(12) NOT NULL,
  attempts INTEGER NOT NULL,
  error TEXT,
  due_at TIMESTAMPTZ,
  body TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  finished_at TIMESTAMPTZ
);
CREATE INDEX alert_notifications_due ON alert_notifications (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX alert_notifications_by_alert ON alert_notifications (alert_id);

-- A conversation that wakes up looks for its own undecided messages.
DROP INDEX session_messages_unsettled;
CREATE INDEX session_messages_unsettled ON session_messages (session_id, direction, seq) WHERE reason IS NULL AND direction = 'in';
