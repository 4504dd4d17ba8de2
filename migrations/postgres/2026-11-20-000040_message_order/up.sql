CREATE UNIQUE INDEX session_messages_by_seq ON session_messages (seq);
