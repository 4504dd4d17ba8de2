CREATE TABLE users (
  id VARCHAR(36) PRIMARY KEY,
  phone VARCHAR(32) NOT NULL UNIQUE,
  name VARCHAR(255),
  role VARCHAR(20) NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  token_epoch BIGINT NOT NULL DEFAULT 0,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE robots (
  id VARCHAR(36) PRIMARY KEY,
  robot_id VARCHAR(100) NOT NULL UNIQUE,
  kind VARCHAR(20) NOT NULL,
  name VARCHAR(255) NOT NULL,
  owner_id VARCHAR(36) REFERENCES users(id),
  link_id VARCHAR(64) UNIQUE,
  robot_group VARCHAR(100),
  robot_type VARCHAR(100),
  ai_model_id VARCHAR(36),
  persona_id VARCHAR(36),
  flow_id VARCHAR(36),
  settings JSONB NOT NULL,
  secrets JSONB NOT NULL,
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  device_id VARCHAR(255),
  device_info JSONB,
  token_family VARCHAR(36),
  service_expires_at TIMESTAMPTZ,
  last_event_state VARCHAR(10),
  last_seen_at TIMESTAMPTZ,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TIMESTAMPTZ NOT NULL,
  updated_at TIMESTAMPTZ NOT NULL,
  deleted_at TIMESTAMPTZ
);
CREATE INDEX robots_by_owner ON robots (owner_id, created_at);
CREATE INDEX robots_by_change ON robots (updated_at);

CREATE TABLE robot_members (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  user_id VARCHAR(36) NOT NULL REFERENCES users(id),
  PRIMARY KEY (robot_uuid, user_id)
);

CREATE TABLE activation_codes (
  code VARCHAR(16) PRIMARY KEY,
  batch VARCHAR(36) NOT NULL,
  validity_days INTEGER NOT NULL,
  bound_user_id VARCHAR(36) REFERENCES users(id),
  created_by VARCHAR(36) REFERENCES users(id),
  robot_uuid VARCHAR(36) REFERENCES robots(id),
  is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
  note VARCHAR(500),
  expires_at TIMESTAMPTZ NOT NULL,
  activated_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX activation_codes_by_creation ON activation_codes (created_at, code);
CREATE INDEX activation_codes_by_robot ON activation_codes (robot_uuid);

CREATE TABLE device_activations (
  id SERIAL PRIMARY KEY,
  code VARCHAR(16) NOT NULL REFERENCES activation_codes(code),
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  device_id VARCHAR(255) NOT NULL,
  device_info JSONB NOT NULL,
  is_first BOOLEAN NOT NULL,
  unbound_at TIMESTAMPTZ,
  unbind_reason VARCHAR(500),
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX device_activations_by_code ON device_activations (code, created_at);

CREATE TABLE refresh_tokens (
  token_hash VARCHAR(64) PRIMARY KEY,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  family VARCHAR(36) NOT NULL,
  expires_at TIMESTAMPTZ NOT NULL,
  used_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX refresh_tokens_by_robot ON refresh_tokens (robot_uuid);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE platform_keys (
  id VARCHAR(36) PRIMARY KEY,
  key_hash VARCHAR(64) NOT NULL UNIQUE,
  key_hint VARCHAR(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  owner_id VARCHAR(36) NOT NULL REFERENCES users(id),
  scopes JSONB NOT NULL,
  robot_ids JSONB NOT NULL,
  ip_allow JSONB NOT NULL,
  expires_at TIMESTAMPTZ,
  revoked_at TIMESTAMPTZ,
  last_used_at TIMESTAMPTZ,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX platform_keys_by_owner ON platform_keys (owner_id, created_at);

CREATE TABLE idempotency_keys (
  token VARCHAR(100) NOT NULL,
  idempotency_key VARCHAR(128) NOT NULL,
  body_hash VARCHAR(64) NOT NULL,
  status INTEGER NOT NULL,
  response TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (token, idempotency_key)
);
CREATE INDEX idempotency_keys_by_creation ON idempotency_keys (created_at);

CREATE TABLE robot_connections (
  id VARCHAR(36) PRIMARY KEY,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  generation BIGINT NOT NULL,
  dialect VARCHAR(20) NOT NULL,
  address VARCHAR(64),
  opened_at TIMESTAMPTZ NOT NULL,
  closed_at TIMESTAMPTZ,
  close_code INTEGER,
  close_reason VARCHAR(255)
);
CREATE INDEX robot_connections_by_robot ON robot_connections (robot_uuid, opened_at);
CREATE INDEX robot_connections_by_opening ON robot_connections (opened_at);

CREATE TABLE robot_logs (
  seq BIGINT PRIMARY KEY,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  kind VARCHAR(20) NOT NULL,
  code INTEGER,
  text TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX robot_logs_by_robot ON robot_logs (robot_uuid, seq);
CREATE INDEX robot_logs_by_creation ON robot_logs (created_at);

CREATE TABLE audit_logs (
  seq BIGINT PRIMARY KEY,
  actor VARCHAR(100) NOT NULL,
  action VARCHAR(100) NOT NULL,
  object VARCHAR(200) NOT NULL,
  detail JSONB NOT NULL,
  address VARCHAR(64),
  request_id VARCHAR(64),
  created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX audit_logs_by_object ON audit_logs (object, seq);

CREATE TABLE sequences (
  name VARCHAR(40) PRIMARY KEY,
  reserved BIGINT NOT NULL
);
