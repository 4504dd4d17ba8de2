CREATE TABLE worktool_cloud_sends (
  robot_uuid VARCHAR(36) NOT NULL REFERENCES robots(id) ON DELETE CASCADE,
  platform_id VARCHAR(64) NOT NULL,
  command_id VARCHAR(64) NOT NULL,
  attempt INTEGER NOT NULL,
  created_at TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (robot_uuid, platform_id, command_id)
);
CREATE INDEX worktool_cloud_sends_by_creation ON worktool_cloud_sends (created_at);
CREATE INDEX worktool_cloud_sends_by_robot ON worktool_cloud_sends (robot_uuid, created_at);
CREATE INDEX robots_in_the_cloud ON robots (id) WHERE kind = 'worktool_cloud';
