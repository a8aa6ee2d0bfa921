-- From version 1 to 2: enrollment by the users themselves.

ALTER TABLE users ADD COLUMN reset_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN policy_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE states ADD COLUMN enrollment BLOB;
ALTER TABLE states ADD COLUMN begun_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE temporary_codes ADD COLUMN helpdesk INTEGER NOT NULL DEFAULT 0 CHECK (helpdesk IN (0, 1));

UPDATE users SET reset_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000
WHERE ever_enrolled = 1 AND NOT EXISTS (SELECT 1 FROM devices WHERE user_name = name);

CREATE TABLE enrollments (
	user_name       TEXT    NOT NULL,
	id              BLOB    NOT NULL,
	kind            TEXT    NOT NULL CHECK (kind IN ('first_use', 'invitation', 'session')),
	epoch           INTEGER NOT NULL,
	client          TEXT    NOT NULL,
	source          TEXT    NOT NULL,
	ticket          BLOB,
	secret          BLOB,
	key_id          TEXT    NOT NULL,
	algorithm       TEXT    NOT NULL,
	digits          INTEGER NOT NULL,
	period          INTEGER NOT NULL,
	secret_until    INTEGER NOT NULL,
	label           TEXT    NOT NULL,
	replaces        TEXT    NOT NULL,
	confirmed_step  INTEGER NOT NULL,
	confirmed_field BLOB,
	confirmed_at    INTEGER NOT NULL,
	recovery        BLOB,
	opened_at       INTEGER NOT NULL,
	contested       INTEGER NOT NULL CHECK (contested IN (0, 1)),
	created_at      INTEGER NOT NULL,
	expires_at      INTEGER NOT NULL,
	PRIMARY KEY (user_name, id)
) WITHOUT ROWID;
CREATE INDEX enrollments_ticket ON enrollments (ticket);
CREATE INDEX enrollments_expiry ON enrollments (expires_at);

CREATE TABLE sessions (
	token      TEXT    PRIMARY KEY,
	data       BLOB    NOT NULL,
	expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE outbox (
	id          INTEGER PRIMARY KEY,
	channel     TEXT    NOT NULL,
	user_name   TEXT    NOT NULL,
	event       TEXT    NOT NULL,
	at          INTEGER NOT NULL,
	address     TEXT    NOT NULL,
	device      TEXT    NOT NULL,
	actor       TEXT    NOT NULL,
	tries       INTEGER NOT NULL,
	next_try_at INTEGER NOT NULL
);
CREATE INDEX outbox_next ON outbox (next_try_at);

CREATE TABLE audit_anchors (
	node      TEXT    PRIMARY KEY,
	seq       INTEGER NOT NULL,
	mac       BLOB    NOT NULL,
	pruned_at INTEGER NOT NULL,
	proof     BLOB    NOT NULL
) WITHOUT ROWID;

CREATE INDEX refusals_user ON refusals (user_name, minute);

DROP TRIGGER users_delete;
CREATE TRIGGER users_delete AFTER DELETE ON users BEGIN
	DELETE FROM devices WHERE user_name = OLD.name;
	DELETE FROM recovery_codes WHERE user_name = OLD.name;
	DELETE FROM temporary_codes WHERE user_name = OLD.name;
	DELETE FROM states WHERE user_name = OLD.name;
	DELETE FROM enrollments WHERE user_name = OLD.name;
END;

DROP TRIGGER otp_delete;
CREATE TRIGGER otp_delete INSTEAD OF DELETE ON otp
WHEN EXISTS (SELECT 1 FROM devices WHERE user_name = OLD.user_id) BEGIN
	DELETE FROM devices WHERE user_name = OLD.user_id;
	DELETE FROM recovery_codes WHERE user_name = OLD.user_id;
	DELETE FROM temporary_codes WHERE user_name = OLD.user_id;
	DELETE FROM states WHERE user_name = OLD.user_id;
	DELETE FROM enrollments WHERE user_name = OLD.user_id;
	UPDATE users SET epoch = epoch + 1, failures = 0, failed_at = 0, lock_level = 0, locked_until = 0, failed_field = NULL,
		reset_by_hand_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000,
		reset_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000
	WHERE name = OLD.user_id;
END;
