ALTER TABLE robots ADD COLUMN is_owner_active BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN last_login_at TEXT;

CREATE TABLE login_codes (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  phone VARCHAR(32) NOT NULL,
  code_hash VARCHAR(64) NOT NULL,
  address VARCHAR(64) NOT NULL,
  wrong_tries INTEGER NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX login_codes_by_phone ON login_codes (phone, created_at);
CREATE INDEX login_codes_by_address ON login_codes (address, created_at);
CREATE INDEX login_codes_by_creation ON login_codes (created_at);

CREATE TABLE login_tickets (
  ticket_hash VARCHAR(64) PRIMARY KEY NOT NULL,
  user_id VARCHAR(36) REFERENCES users(id),
  expires_at TEXT NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX login_tickets_by_expiry ON login_tickets (expires_at);

CREATE TABLE user_sessions (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  token_hash VARCHAR(64) NOT NULL UNIQUE,
  user_id VARCHAR(36) NOT NULL REFERENCES users(id),
  address VARCHAR(64) NOT NULL,
  user_agent VARCHAR(300) NOT NULL,
  expires_at TEXT NOT NULL,
  last_used_at TEXT NOT NULL,
  created_at TEXT NOT NULL
);
CREATE INDEX user_sessions_by_user ON user_sessions (user_id, created_at);
CREATE INDEX user_sessions_by_expiry ON user_sessions (expires_at);
