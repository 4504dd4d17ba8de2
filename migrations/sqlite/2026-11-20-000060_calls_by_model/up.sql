ALTER TABLE ai_call_logs ADD COLUMN persona_id TEXT;
CREATE INDEX ai_call_logs_by_model ON ai_call_logs (model_id, seq) WHERE model_id IS NOT NULL;
CREATE INDEX ai_call_logs_by_persona ON ai_call_logs (persona_id, seq) WHERE persona_id IS NOT NULL;
