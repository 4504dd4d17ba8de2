DROP TABLE user_sessions;
DROP TABLE login_tickets;
DROP TABLE login_codes;
ALTER TABLE users DROP COLUMN last_login_at;
ALTER TABLE robots DROP COLUMN is_owner_active;
