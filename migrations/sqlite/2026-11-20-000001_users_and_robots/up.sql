CREATE TABLE users (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  phone VARCHAR(32) NOT NULL UNIQUE,
  name VARCHAR(255),
  role VARCHAR(20) NOT NULL,
  is_active BOOLEAN NOT NULL DEFAULT TRUE,
  token_epoch BIGINT NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
);

CREATE TABLE robots (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
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
  settings TEXT NOT NULL CHECK (json_valid(settings)),
  secrets TEXT NOT NULL CHECK (json_valid(secrets)),
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  device_id VARCHAR(255),
  device_info TEXT CHECK (device_info IS NULL OR json_valid(device_info)),
  token_family VARCHAR(36),
  service_expires_at TEXT,
  last_event_state VARCHAR(10),
  last_seen_at TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  deleted_at TEXT
);
CREATE INDEX robots_by_owner ON robots (owner_id, created_at);
CREATE INDEX robots_by_change ON robots (updated_at);

CREATE TABLE robot_members (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  user_id VARCHAR(36) NOT NULL REFERENCES users(id),
  PRIMARY KEY (robot_uuid, user_id)
);

CREATE TABLE activation_codes (
  code VARCHAR(16) PRIMARY KEY NOT NULL,
  batch VARCHAR(36) NOT NULL,
  validity_days INTEGER NOT NULL,
  bound_user_id VARCHAR(36) REFERENCES users(id),
  created_by VARCHAR(36) REFERENCES users(id),
  robot_uuid VARCHAR(36) REFERENCES robots(id),
  is_disabled BOOLEAN NOT NULL DEFAULT FALSE,
  note VARCHAR(500),
  expires_at TEXT NOT NULL,
  activated_at TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX activation_codes_by_creation ON activation_codes (created_at, code);
CREATE INDEX activation_codes_by_robot ON activation_codes (robot_uuid);

CREATE TABLE device_activations (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  code VARCHAR(16) NOT NULL REFERENCES activation_codes(code),
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  device_id VARCHAR(255) NOT NULL,
  device_info TEXT NOT NULL CHECK (json_valid(device_info)),
  is_first BOOLEAN NOT NULL,
  unbound_at TEXT,
  unbind_reason VARCHAR(500),
  created_at TEXT NOT NULL
);
CREATE INDEX device_activations_by_code ON device_activations (code, created_at);

CREATE TABLE refresh_tokens (
  token_hash VARCHAR(64) PRIMARY KEY NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  family VARCHAR(36) NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX refresh_tokens_by_robot ON refresh_tokens (robot_uuid);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);

CREATE TABLE platform_keys (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  key_hash VARCHAR(64) NOT NULL UNIQUE,
  key_hint VARCHAR(16) NOT NULL,
  name VARCHAR(255) NOT NULL,
  owner_id VARCHAR(36) NOT NULL REFERENCES users(id),
  scopes TEXT NOT NULL CHECK (json_valid(scopes)),
  robot_ids TEXT NOT NULL CHECK (json_valid(robot_ids)),
  ip_allow TEXT NOT NULL CHECK (json_valid(ip_allow)),
  expires_at TEXT,
  revoked_at TEXT,
  last_used_at TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX platform_keys_by_owner ON platform_keys (owner_id, created_at);

CREATE TABLE idempotency_keys (
  token VARCHAR(100) NOT NULL,
  idempotency_key VARCHAR(128) NOT NULL,
  body_hash VARCHAR(64) NOT NULL,
  status INTEGER NOT NULL,
  response TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (token, idempotency_key)
);
CREATE INDEX idempotency_keys_by_creation ON idempotency_keys (created_at);

CREATE TABLE robot_connections (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  generation BIGINT NOT NULL,
  dialect VARCHAR(20) NOT NULL,
  address VARCHAR(64),
  opened_at TEXT NOT NULL,
  closed_at TEXT,
  close_code INTEGER,
  close_reason VARCHAR(255)
);
CREATE INDEX robot_connections_by_robot ON robot_connections (robot_uuid, opened_at);
CREATE INDEX robot_connections_by_opening ON robot_connections (opened_at);

CREATE TABLE robot_logs (
  seq INTEGER PRIMARY KEY NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id),
  kind VARCHAR(20) NOT NULL,
  code INTEGER,
  text TEXT NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX robot_logs_by_robot ON robot_logs (robot_uuid, seq);
CREATE INDEX robot_logs_by_creation ON robot_logs (created_at);

CREATE TABLE audit_logs (
  seq INTEGER PRIMARY KEY NOT NULL,
  actor VARCHAR(100) NOT NULL,
  action VARCHAR(100) NOT NULL,
  object VARCHAR(200) NOT NULL,
  detail TEXT NOT NULL CHECK (json_valid(detail)),
  address VARCHAR(64),
  request_id VARCHAR(64),
  created_at TEXT NOT NULL
);
CREATE INDEX audit_logs_by_object ON audit_logs (object, seq);

CREATE TABLE sequences (
  name VARCHAR(40) PRIMARY KEY NOT NULL,
  reserved BIGINT NOT NULL
);
