DROP INDEX robots_by_deletion;
DROP INDEX callback_deliveries_by_file;
DROP INDEX robot_commands_by_file;
DROP INDEX session_messages_by_file;
