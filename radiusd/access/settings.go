package access

import "time"

// Settings are the rules that an administrator can change while logins go on.
type Settings struct {
	Policy            Policy // the global one
	Names             Names
	ChallengeLifetime time.Duration // of a State
	ChallengeTries    int           // answers to a challenge and its repetitions
	Lockout           Lockout
	Throttle          Throttle
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
	}
}
