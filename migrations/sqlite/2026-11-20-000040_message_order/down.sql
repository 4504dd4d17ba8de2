DROP INDEX session_messages_by_seq;
