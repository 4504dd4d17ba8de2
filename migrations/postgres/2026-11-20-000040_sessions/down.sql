UPDATE session_messages SET reason = 'no_answerer', reason_detail = NULL WHERE reason = 'expired' AND reason_detail = 'no_answerer';
