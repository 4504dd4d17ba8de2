CREATE TABLE worktool_chats (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  room VARCHAR(32) NOT NULL,
  memory TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  PRIMARY KEY (robot_uuid, room)
);
CREATE INDEX worktool_chats_by_sight ON worktool_chats (seen_at);

CREATE TABLE worktool_phones (
  robot_uuid VARCHAR(36) PRIMARY KEY NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  my_name TEXT,
  show_name TEXT,
  corporation TEXT,
  corporations TEXT CHECK (corporations IS NULL OR json_valid(corporations)),
  device TEXT CHECK (device IS NULL OR json_valid(device)),
  first_login_at TEXT,
  last_login_at TEXT,
  updated_at TEXT NOT NULL
);

CREATE TABLE worktool_contacts (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  name VARCHAR(255) NOT NULL,
  source VARCHAR(20) NOT NULL,
  first_seen_at TEXT NOT NULL,
  last_seen_at TEXT NOT NULL,
  PRIMARY KEY (robot_uuid, name)
);

CREATE TABLE worktool_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  name VARCHAR(255) NOT NULL,
  remark TEXT,
  room_type INTEGER NOT NULL,
  owner TEXT,
  member_count INTEGER,
  announcement TEXT,
  qrcode TEXT,
  message_count BIGINT NOT NULL DEFAULT 0,
  last_message_at TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (robot_uuid, name)
);

CREATE TABLE worktool_group_members (
  group_id INTEGER NOT NULL REFERENCES worktool_groups(id) ON DELETE CASCADE,
  place INTEGER NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (group_id, place)
);
