DROP INDEX ai_call_logs_by_persona;
DROP INDEX ai_call_logs_by_model;
ALTER TABLE ai_call_logs DROP COLUMN persona_id;
