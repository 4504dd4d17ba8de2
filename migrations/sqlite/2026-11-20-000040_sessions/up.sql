UPDATE session_messages SET reason = 'expired', reason_detail = 'no_answerer' WHERE reason = 'no_answerer';
