package access

import "time"

// Settings are the rules that an administrator can change while logins go on.
type Settings struct {
	Policy Policy       // the global one
	Rules  []PolicyRule // the first that matches goes before it
	// Groups are all that some rule names: others are of no account.
	Groups   []string
	groupsID string // names this list of groups
	// Directory: groups can be asked for without a password, where a client
	// sends only a code.
	Directory bool
	// MigrateUntil is how long users who were never enrolled here are left to
	// the server that they move away from; zero: there is none.
	MigrateUntil      time.Time
	Names             Names
	ChallengeLifetime time.Duration // of a State
	ChallengeTries    int           // answers to a challenge and its repetitions
	Lockout           Lockout
	Throttle          Throttle
	// EnforcedSomewhere: some client's policy requires a second factor, whatever
	// the global one says; AlwaysSomewhere: from everybody.
	EnforcedSomewhere, AlwaysSomewhere bool
	FirstUse                           FirstUse
	NewDevices                         DeviceKind
	// RememberFor is what the clients of each name have as their RememberFor, for
	// lists of remembered logins; a login goes by its client.
	RememberFor map[string]time.Duration
	// Issuer names the site in authenticator apps.
	Issuer string
	// Notices are the channels through which users are told what happened to
	// their second factor: "mail", "webhook".
	Notices []string
	// AccountingKeep is how long connections are kept after their end; open ones
	// without news for so long are stale.
	AccountingKeep time.Duration
}

// DeviceKind is what newly enrolled devices are.
type DeviceKind struct {
	Algorithm string // "SHA1", "SHA256" or "SHA512"
	Digits    int    // 6 to 8
	Period    int    // seconds
}

// DefaultSettings are the rules where the configuration says nothing: two-factor
// is off.
func DefaultSettings() Settings {
	return Settings{
		Names:             Names{Realm: RealmKeep},
		ChallengeLifetime: 2 * time.Minute,
		ChallengeTries:    3,
		Lockout:           Lockout{Failures: 5, Lock: 15 * time.Minute, Longest: 24 * time.Hour, Forget: time.Hour},
		Throttle:          Throttle{Failures: 5, Wait: time.Minute, Longest: 15 * time.Minute, NetworkFailures: 50},
		FirstUse:          FirstUse{AfterReset: 24 * time.Hour},
		NewDevices:        DeviceKind{Algorithm: "SHA1", Digits: 6, Period: 30},
		AccountingKeep:    30 * 24 * time.Hour,
	}
}
