DROP TABLE offline_commands;
DROP TABLE robot_commands;
DROP TABLE session_messages;
