CREATE INDEX session_messages_by_file ON session_messages (file_name) WHERE file_name IS NOT NULL;
CREATE INDEX robot_commands_by_file ON robot_commands (file_name) WHERE file_name IS NOT NULL;
CREATE INDEX callback_deliveries_by_file ON callback_deliveries (file_name) WHERE file_name IS NOT NULL;
CREATE INDEX robots_by_deletion ON robots (deleted_at) WHERE deleted_at IS NOT NULL;
