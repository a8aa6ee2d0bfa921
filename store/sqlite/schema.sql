-- The schema of vpn-otpd, version 3. Times are milliseconds since 1970, 0 is never.

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE users (
	name             TEXT PRIMARY KEY,
	created_at       INTEGER NOT NULL,
	disabled         INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
	policy           TEXT    NOT NULL DEFAULT 'default' CHECK (policy IN ('default', 'required', 'exempt')),
	password_hash    TEXT    NOT NULL DEFAULT '',
	epoch            INTEGER NOT NULL,
	ever_enrolled    INTEGER NOT NULL DEFAULT 0 CHECK (ever_enrolled IN (0, 1)),
	reset_by_hand_at INTEGER NOT NULL DEFAULT 0,
	failures         INTEGER NOT NULL DEFAULT 0,
	failed_at        INTEGER NOT NULL DEFAULT 0,
	lock_level       INTEGER NOT NULL DEFAULT 0,
	locked_until     INTEGER NOT NULL DEFAULT 0,
	failed_field     BLOB,
	reset_at         INTEGER NOT NULL DEFAULT 0,
	policy_at        INTEGER NOT NULL DEFAULT 0,
	policy_reason    TEXT    NOT NULL DEFAULT '',
	policy_until     INTEGER NOT NULL DEFAULT 0,
	seen_groups      TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE devices (
	user_name  TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	id         INTEGER NOT NULL,
	label      TEXT    NOT NULL,
	secret     BLOB    NOT NULL,
	key_id     TEXT    NOT NULL,
	secret_mac BLOB    NOT NULL,
	algorithm  TEXT    NOT NULL CHECK (algorithm IN ('SHA1', 'SHA256', 'SHA512')),
	digits     INTEGER NOT NULL CHECK (digits BETWEEN 6 AND 8),
	period     INTEGER NOT NULL CHECK (period > 0),
	last_step  INTEGER NOT NULL DEFAULT 0,
	last_field BLOB,
	created_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (user_name, id),
	UNIQUE (user_name, label),
	UNIQUE (user_name, secret_mac)
) WITHOUT ROWID;

-- The last step of secrets whose device was removed: a secret that comes back
-- doesn't bring its used codes back.
CREATE TABLE retired_secrets (
	user_name  TEXT    NOT NULL,
	secret_mac BLOB    NOT NULL,
	last_step  INTEGER NOT NULL,
	retired_at INTEGER NOT NULL,
	PRIMARY KEY (user_name, secret_mac)
) WITHOUT ROWID;

CREATE TRIGGER devices_retire AFTER DELETE ON devices WHEN OLD.last_step > 0 BEGIN
	INSERT INTO retired_secrets (user_name, secret_mac, last_step, retired_at)
	VALUES (OLD.user_name, OLD.secret_mac, OLD.last_step, CAST(strftime('%s', 'now') AS INTEGER) * 1000)
	ON CONFLICT (user_name, secret_mac) DO UPDATE
	SET last_step = max(last_step, excluded.last_step), retired_at = excluded.retired_at;
END;

CREATE TABLE recovery_codes (
	user_name TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac       BLOB NOT NULL,
	PRIMARY KEY (user_name, mac)
) WITHOUT ROWID;

CREATE TABLE temporary_codes (
	user_name  TEXT    NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac        BLOB    NOT NULL,
	uses_left  INTEGER NOT NULL CHECK (uses_left > 0),
	expires_at INTEGER NOT NULL,
	helpdesk   INTEGER NOT NULL DEFAULT 0 CHECK (helpdesk IN (0, 1)),
	PRIMARY KEY (user_name, mac)
) WITHOUT ROWID;

-- What the State of a challenge stands for. asked_name is the name as it was
-- asked for, canonical; user_name is the one that the first factor returned.
-- enrollment is set where the answer confirms one: first use. carried is what the
-- first factor said beside the name.
CREATE TABLE states (
	id         BLOB    PRIMARY KEY,
	user_name  TEXT    NOT NULL,
	asked_name TEXT    NOT NULL,
	client     TEXT    NOT NULL,
	epoch      INTEGER NOT NULL,
	tries_left INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	enrollment BLOB,
	begun_at   INTEGER NOT NULL DEFAULT 0,
	carried    TEXT    NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX states_expiry ON states (expires_at);

-- Enrollments that have begun: no device yet. ticket is a MAC of what opens it, a
-- first use or an invitation. The secret is NULL until it was shown, and counts
-- until secret_until; recovery holds the MACs of codes that count once the device
-- does. What a first use confirmed on the page waits for the answer to its State.
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

-- Full logins after which the same device may reconnect on the password alone.
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

-- Who is connected, and was lately, as the accounting of VPN servers tells it.
-- number tells connections apart to which a server gave the same session id.
-- user_name is a hash where the name isn't known. The indexes are for lists, for
-- a server that begins anew, and for pruning.
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

-- Sessions of the enrollment page, by a hash of their token.
CREATE TABLE sessions (
	token      TEXT    PRIMARY KEY,
	data       BLOB    NOT NULL,
	expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- What users are still to be told.
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

-- The verdicts of the last seconds, by a MAC of what identifies one login.
CREATE TABLE verdicts (
	mac        BLOB    PRIMARY KEY,
	answer     TEXT    NOT NULL,
	expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX verdicts_expiry ON verdicts (expires_at);

-- One chain a node: mac covers the record and the mac before it.
CREATE TABLE audit (
	node            TEXT    NOT NULL,
	seq             INTEGER NOT NULL,
	at              INTEGER NOT NULL,
	decision        TEXT    NOT NULL,
	event           TEXT    NOT NULL,
	reason          TEXT    NOT NULL,
	user_name       TEXT    NOT NULL,
	client          TEXT    NOT NULL,
	calling_station TEXT    NOT NULL,
	actor_uid       INTEGER NOT NULL,
	actor_name      TEXT    NOT NULL,
	detail          TEXT    NOT NULL,
	mac             BLOB    NOT NULL,
	PRIMARY KEY (node, seq)
) WITHOUT ROWID;
CREATE INDEX audit_user ON audit (user_name, at);

-- Where a chain begins after its oldest records were pruned: the last record that
-- went. proof covers it, so that only pruning makes such a beginning.
CREATE TABLE audit_anchors (
	node      TEXT    PRIMARY KEY,
	seq       INTEGER NOT NULL,
	mac       BLOB    NOT NULL,
	pruned_at INTEGER NOT NULL,
	proof     BLOB    NOT NULL
) WITHOUT ROWID;

-- Failures before the first factor, counted by the minute.
CREATE TABLE refusals (
	node      TEXT    NOT NULL,
	minute    INTEGER NOT NULL,
	reason    TEXT    NOT NULL,
	client    TEXT    NOT NULL,
	source    TEXT    NOT NULL,
	user_name TEXT    NOT NULL,
	count     INTEGER NOT NULL,
	PRIMARY KEY (node, minute, reason, client, source, user_name)
) WITHOUT ROWID;
CREATE INDEX refusals_user ON refusals (user_name, minute);

-- The sqlite3 shell has foreign keys off: what a user has goes by trigger too.
CREATE TRIGGER users_delete AFTER DELETE ON users BEGIN
	DELETE FROM devices WHERE user_name = OLD.name;
	DELETE FROM recovery_codes WHERE user_name = OLD.name;
	DELETE FROM temporary_codes WHERE user_name = OLD.name;
	DELETE FROM states WHERE user_name = OLD.name;
	DELETE FROM enrollments WHERE user_name = OLD.name;
	DELETE FROM remembered WHERE user_name = OLD.name;
END;

-- Who is enrolled, as in eduVPN 2.x. The columns are its columns; the secrets
-- are sealed and not shown. A reset by hand:
--   sqlite3 vpn-otpd.sqlite "DELETE FROM otp WHERE user_id='foo'"
CREATE VIEW otp (user_id, otp_secret, otp_hash_algorithm, otp_digits, totp_period) AS
	SELECT user_name, '(sealed)', lower(algorithm), digits, period FROM devices;

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

CREATE TRIGGER otp_insert INSTEAD OF INSERT ON otp BEGIN
	SELECT RAISE(ABORT, 'otp is a view: enroll with vpn-otpctl device add');
END;

CREATE TRIGGER otp_update INSTEAD OF UPDATE ON otp BEGIN
	SELECT RAISE(ABORT, 'otp is a view: change devices with vpn-otpctl');
END;
