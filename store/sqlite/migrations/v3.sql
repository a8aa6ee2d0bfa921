-- From version 2 to 3: first factors that say more than a name, exemptions with
-- an end, remembered logins, and who is connected.

ALTER TABLE users ADD COLUMN policy_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN policy_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN seen_groups TEXT NOT NULL DEFAULT '';
ALTER TABLE states ADD COLUMN carried TEXT NOT NULL DEFAULT '';

CREATE TABLE remembered (
	user_name       TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac             BLOB    NOT NULL,
	client          TEXT    NOT NULL,
	calling_station TEXT    NOT NULL,
	epoch           INTEGER NOT NULL,
	created_at      INTEGER NOT NULL,
	expires_at      INTEGER NOT NULL,
	PRIMARY KEY (user_name, mac)
) WITHOUT ROWID;
CREATE INDEX remembered_expiry ON remembered (expires_at);

CREATE TABLE connections (
	client          TEXT    NOT NULL,
	nas             TEXT    NOT NULL,
	session         TEXT    NOT NULL,
	number          INTEGER NOT NULL,
	user_name       TEXT    NOT NULL,
	calling_station TEXT    NOT NULL,
	address         TEXT    NOT NULL,
	address6        TEXT    NOT NULL,
	started_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	ended_at        INTEGER NOT NULL,
	terminate_cause TEXT    NOT NULL,
	input_octets    INTEGER NOT NULL,
	output_octets   INTEGER NOT NULL,
	PRIMARY KEY (client, nas, session, number)
) WITHOUT ROWID;
CREATE INDEX connections_user ON connections (user_name, client, nas, session, number);
CREATE INDEX connections_open ON connections (user_name, client, nas, session, number) WHERE ended_at = 0;
CREATE INDEX connections_nas ON connections (client, nas) WHERE ended_at = 0;
CREATE INDEX connections_ended ON connections (ended_at);

DROP TRIGGER users_delete;
CREATE TRIGGER users_delete AFTER DELETE ON users BEGIN
	DELETE FROM devices WHERE user_name = OLD.name;
	DELETE FROM recovery_codes WHERE user_name = OLD.name;
	DELETE FROM temporary_codes WHERE user_name = OLD.name;
	DELETE FROM states WHERE user_name = OLD.name;
	DELETE FROM enrollments WHERE user_name = OLD.name;
	DELETE FROM remembered WHERE user_name = OLD.name;
END;

DROP TRIGGER otp_delete;
CREATE TRIGGER otp_delete INSTEAD OF DELETE ON otp
WHEN EXISTS (SELECT 1 FROM devices WHERE user_name = OLD.user_id) BEGIN
	DELETE FROM devices WHERE user_name = OLD.user_id;
	DELETE FROM recovery_codes WHERE user_name = OLD.user_id;
	DELETE FROM temporary_codes WHERE user_name = OLD.user_id;
	DELETE FROM states WHERE user_name = OLD.user_id;
	DELETE FROM enrollments WHERE user_name = OLD.user_id;
	DELETE FROM remembered WHERE user_name = OLD.user_id;
	UPDATE users SET epoch = epoch + 1, failures = 0, failed_at = 0, lock_level = 0, locked_until = 0, failed_field = NULL,
		reset_by_hand_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000,
		reset_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000
	WHERE name = OLD.user_id;
END;
