-- The schema of vpn-otpd on PostgreSQL, version 3. Times are milliseconds since
-- 1970, 0 is never. Keys are sorted by octets, as on SQLite, and not as the
-- system's library sorts a language.

CREATE TABLE meta (
	name  TEXT COLLATE "C" PRIMARY KEY,
	value TEXT NOT NULL
);

-- Logins change rows of users and devices: the room left in their pages keeps that
-- from touching the indexes.
CREATE TABLE users (
	name             TEXT COLLATE "C" PRIMARY KEY,
	created_at       BIGINT  NOT NULL,
	disabled         BOOLEAN NOT NULL DEFAULT FALSE,
	policy           TEXT    NOT NULL DEFAULT 'default' CHECK (policy IN ('default', 'required', 'exempt')),
	password_hash    TEXT    NOT NULL DEFAULT '',
	epoch            BIGINT  NOT NULL,
	ever_enrolled    BOOLEAN NOT NULL DEFAULT FALSE,
	reset_by_hand_at BIGINT  NOT NULL DEFAULT 0,
	failures         BIGINT  NOT NULL DEFAULT 0,
	failed_at        BIGINT  NOT NULL DEFAULT 0,
	lock_level       BIGINT  NOT NULL DEFAULT 0,
	locked_until     BIGINT  NOT NULL DEFAULT 0,
	failed_field     BYTEA,
	reset_at         BIGINT  NOT NULL DEFAULT 0,
	policy_at        BIGINT  NOT NULL DEFAULT 0,
	policy_reason    TEXT    NOT NULL DEFAULT '',
	policy_until     BIGINT  NOT NULL DEFAULT 0,
	seen_groups      TEXT    NOT NULL DEFAULT ''
) WITH (fillfactor = 80);

CREATE TABLE devices (
	user_name  TEXT COLLATE "C" NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	id         BIGINT  NOT NULL,
	label      TEXT COLLATE "C" NOT NULL,
	secret     BYTEA   NOT NULL,
	key_id     TEXT    NOT NULL,
	secret_mac BYTEA   NOT NULL,
	algorithm  TEXT    NOT NULL CHECK (algorithm IN ('SHA1', 'SHA256', 'SHA512')),
	digits     BIGINT  NOT NULL CHECK (digits BETWEEN 6 AND 8),
	period     BIGINT  NOT NULL CHECK (period > 0),
	last_step  BIGINT  NOT NULL DEFAULT 0,
	last_field BYTEA,
	created_at BIGINT  NOT NULL,
	used_at    BIGINT  NOT NULL DEFAULT 0,
	PRIMARY KEY (user_name, id),
	UNIQUE (user_name, label),
	UNIQUE (user_name, secret_mac)
) WITH (fillfactor = 80);

-- The last step of secrets whose device was removed: a secret that comes back
-- doesn't bring its used codes back.
CREATE TABLE retired_secrets (
	user_name  TEXT COLLATE "C" NOT NULL,
	secret_mac BYTEA   NOT NULL,
	last_step  BIGINT  NOT NULL,
	retired_at BIGINT  NOT NULL,
	PRIMARY KEY (user_name, secret_mac)
);

CREATE FUNCTION devices_retire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO retired_secrets (user_name, secret_mac, last_step, retired_at)
	VALUES (OLD.user_name, OLD.secret_mac, OLD.last_step, CAST(floor(extract(epoch FROM now())) AS BIGINT) * 1000)
	ON CONFLICT (user_name, secret_mac) DO UPDATE
	SET last_step = greatest(retired_secrets.last_step, excluded.last_step), retired_at = excluded.retired_at;
	RETURN NULL;
END $$;
CREATE TRIGGER devices_retire AFTER DELETE ON devices
	FOR EACH ROW WHEN (OLD.last_step > 0) EXECUTE FUNCTION devices_retire();

CREATE TABLE recovery_codes (
	user_name TEXT COLLATE "C" NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac       BYTEA NOT NULL,
	PRIMARY KEY (user_name, mac)
);

CREATE TABLE temporary_codes (
	user_name  TEXT COLLATE "C" NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac        BYTEA   NOT NULL,
	uses_left  BIGINT  NOT NULL CHECK (uses_left > 0),
	expires_at BIGINT  NOT NULL,
	helpdesk   BOOLEAN NOT NULL DEFAULT FALSE,
	PRIMARY KEY (user_name, mac)
);

-- What the State of a challenge stands for. asked_name is the name as it was
-- asked for, canonical; user_name is the one that the first factor returned.
-- enrollment is set where the answer confirms one: first use. carried is what the
-- first factor said beside the name.
CREATE TABLE states (
	id         BYTEA   PRIMARY KEY,
	user_name  TEXT COLLATE "C" NOT NULL,
	asked_name TEXT    NOT NULL,
	client     TEXT COLLATE "C" NOT NULL,
	epoch      BIGINT  NOT NULL,
	tries_left BIGINT  NOT NULL,
	expires_at BIGINT  NOT NULL,
	enrollment BYTEA,
	begun_at   BIGINT  NOT NULL DEFAULT 0,
	carried    TEXT    NOT NULL DEFAULT ''
);
CREATE INDEX states_expiry ON states (expires_at);

-- Enrollments that have begun: no device yet. ticket is a MAC of what opens it, a
-- first use or an invitation. The secret is NULL until it was shown, and counts
-- until secret_until; recovery holds the MACs of codes that count once the device
-- does. What a first use confirmed on the page waits for the answer to its State.
CREATE TABLE enrollments (
	user_name       TEXT COLLATE "C" NOT NULL,
	id              BYTEA   NOT NULL,
	kind            TEXT    NOT NULL CHECK (kind IN ('first_use', 'invitation', 'session')),
	epoch           BIGINT  NOT NULL,
	client          TEXT COLLATE "C" NOT NULL,
	source          TEXT COLLATE "C" NOT NULL,
	ticket          BYTEA,
	secret          BYTEA,
	key_id          TEXT    NOT NULL,
	algorithm       TEXT    NOT NULL,
	digits          BIGINT  NOT NULL,
	period          BIGINT  NOT NULL,
	secret_until    BIGINT  NOT NULL,
	label           TEXT COLLATE "C" NOT NULL,
	replaces        TEXT    NOT NULL,
	confirmed_step  BIGINT  NOT NULL,
	confirmed_field BYTEA,
	confirmed_at    BIGINT  NOT NULL,
	recovery        BYTEA,
	opened_at       BIGINT  NOT NULL,
	contested       BOOLEAN NOT NULL,
	created_at      BIGINT  NOT NULL,
	expires_at      BIGINT  NOT NULL,
	PRIMARY KEY (user_name, id)
);
CREATE INDEX enrollments_ticket ON enrollments (ticket);
CREATE INDEX enrollments_expiry ON enrollments (expires_at);

-- Full logins after which the same device may reconnect on the password alone.
CREATE TABLE remembered (
	user_name       TEXT COLLATE "C" NOT NULL REFERENCES users (name) ON DELETE CASCADE,
	mac             BYTEA   NOT NULL,
	client          TEXT COLLATE "C" NOT NULL,
	calling_station TEXT    NOT NULL,
	epoch           BIGINT  NOT NULL,
	created_at      BIGINT  NOT NULL,
	expires_at      BIGINT  NOT NULL,
	PRIMARY KEY (user_name, mac)
);
CREATE INDEX remembered_expiry ON remembered (expires_at);

-- Who is connected, and was lately, as the accounting of VPN servers tells it.
-- number tells connections apart to which a server gave the same session id.
-- user_name is a hash where the name isn't known. The indexes are for lists, for
-- a server that begins anew, and for pruning.
CREATE TABLE connections (
	client          TEXT COLLATE "C" NOT NULL,
	nas             TEXT COLLATE "C" NOT NULL,
	session         TEXT COLLATE "C" NOT NULL,
	number          BIGINT  NOT NULL,
	user_name       TEXT COLLATE "C" NOT NULL,
	calling_station TEXT    NOT NULL,
	address         TEXT    NOT NULL,
	address6        TEXT    NOT NULL,
	started_at      BIGINT  NOT NULL,
	updated_at      BIGINT  NOT NULL,
	ended_at        BIGINT  NOT NULL,
	terminate_cause TEXT    NOT NULL,
	input_octets    BIGINT  NOT NULL,
	output_octets   BIGINT  NOT NULL,
	PRIMARY KEY (client, nas, session, number)
);
CREATE INDEX connections_user ON connections (user_name, client, nas, session, number);
CREATE INDEX connections_open ON connections (user_name, client, nas, session, number) WHERE ended_at = 0;
CREATE INDEX connections_nas ON connections (client, nas) WHERE ended_at = 0;
CREATE INDEX connections_ended ON connections (ended_at);

-- Sessions of the enrollment page, by a hash of their token.
CREATE TABLE sessions (
	token      TEXT COLLATE "C" PRIMARY KEY,
	data       BYTEA   NOT NULL,
	expires_at BIGINT  NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- What users are still to be told.
CREATE TABLE outbox (
	id          BIGINT  PRIMARY KEY,
	channel     TEXT    NOT NULL,
	user_name   TEXT COLLATE "C" NOT NULL,
	event       TEXT    NOT NULL,
	at          BIGINT  NOT NULL,
	address     TEXT    NOT NULL,
	device      TEXT    NOT NULL,
	actor       TEXT    NOT NULL,
	tries       BIGINT  NOT NULL,
	next_try_at BIGINT  NOT NULL
);
CREATE INDEX outbox_next ON outbox (next_try_at);

-- The verdicts of the last seconds, by a MAC of what identifies one login.
CREATE TABLE verdicts (
	mac        BYTEA   PRIMARY KEY,
	answer     TEXT    NOT NULL,
	expires_at BIGINT  NOT NULL
);
CREATE INDEX verdicts_expiry ON verdicts (expires_at);

-- One chain a node: mac covers the record and the mac before it.
CREATE TABLE audit (
	node            TEXT COLLATE "C" NOT NULL,
	seq             BIGINT  NOT NULL,
	at              BIGINT  NOT NULL,
	decision        TEXT    NOT NULL,
	event           TEXT    NOT NULL,
	reason          TEXT COLLATE "C" NOT NULL,
	user_name       TEXT COLLATE "C" NOT NULL,
	client          TEXT COLLATE "C" NOT NULL,
	calling_station TEXT    NOT NULL,
	actor_uid       BIGINT  NOT NULL,
	actor_name      TEXT    NOT NULL,
	detail          TEXT    NOT NULL,
	mac             BYTEA   NOT NULL,
	PRIMARY KEY (node, seq)
);
CREATE INDEX audit_user ON audit (user_name, at);

-- Where a chain begins after its oldest records were pruned: the last record that
-- went. proof covers it, so that only pruning makes such a beginning.
CREATE TABLE audit_anchors (
	node      TEXT COLLATE "C" PRIMARY KEY,
	seq       BIGINT  NOT NULL,
	mac       BYTEA   NOT NULL,
	pruned_at BIGINT  NOT NULL,
	proof     BYTEA   NOT NULL
);

-- Failures before the first factor, counted by the minute.
CREATE TABLE refusals (
	node      TEXT COLLATE "C" NOT NULL,
	minute    BIGINT  NOT NULL,
	reason    TEXT COLLATE "C" NOT NULL,
	client    TEXT COLLATE "C" NOT NULL,
	source    TEXT COLLATE "C" NOT NULL,
	user_name TEXT COLLATE "C" NOT NULL,
	count     BIGINT  NOT NULL,
	PRIMARY KEY (node, minute, reason, client, source, user_name)
);
CREATE INDEX refusals_user ON refusals (user_name, minute);

-- What has no foreign key goes with its user too.
CREATE FUNCTION users_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM states WHERE user_name = OLD.name;
	DELETE FROM enrollments WHERE user_name = OLD.name;
	RETURN NULL;
END $$;
CREATE TRIGGER users_delete AFTER DELETE ON users
	FOR EACH ROW EXECUTE FUNCTION users_delete();

-- Who is enrolled, as in eduVPN 2.x. The columns are its columns; the secrets
-- are sealed and not shown. A reset by hand:
--   psql vpn-otpd -c "DELETE FROM otp WHERE user_id='foo'"
CREATE VIEW otp (user_id, otp_secret, otp_hash_algorithm, otp_digits, totp_period) AS
	SELECT user_name, '(sealed)', lower(algorithm), digits, period FROM devices;

-- The user's row is locked first, as logins do: else each could wait for the other.
CREATE FUNCTION otp_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM 1 FROM users WHERE name = OLD.user_id FOR UPDATE;
	IF EXISTS (SELECT 1 FROM devices WHERE user_name = OLD.user_id) THEN
		DELETE FROM devices WHERE user_name = OLD.user_id;
		DELETE FROM recovery_codes WHERE user_name = OLD.user_id;
		DELETE FROM temporary_codes WHERE user_name = OLD.user_id;
		DELETE FROM states WHERE user_name = OLD.user_id;
		DELETE FROM enrollments WHERE user_name = OLD.user_id;
		DELETE FROM remembered WHERE user_name = OLD.user_id;
		UPDATE users SET epoch = epoch + 1, failures = 0, failed_at = 0, lock_level = 0, locked_until = 0, failed_field = NULL,
			reset_by_hand_at = CAST(floor(extract(epoch FROM now())) AS BIGINT) * 1000,
			reset_at = CAST(floor(extract(epoch FROM now())) AS BIGINT) * 1000
		WHERE name = OLD.user_id;
	END IF;
	RETURN OLD;
END $$;
CREATE TRIGGER otp_delete INSTEAD OF DELETE ON otp
	FOR EACH ROW EXECUTE FUNCTION otp_delete();

CREATE FUNCTION otp_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'otp is a view: enroll with vpn-otpctl device add, change devices with vpn-otpctl';
END $$;
CREATE TRIGGER otp_refuse INSTEAD OF INSERT OR UPDATE ON otp
	FOR EACH ROW EXECUTE FUNCTION otp_refuse();
