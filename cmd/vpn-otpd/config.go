package main

import (
	"log/slog"
	"time"

	"vpn-otpd/enroll"
	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
	"vpn-otpd/radiusd/password/upstream"
)

// Config is a configuration without faults, in the types of those who use it.
type Config struct {
	Node     string // names this daemon's audit chain
	Store    StoreConfig
	Radius   RadiusConfig
	Password PasswordConfig
	Admin    AdminConfig
	Log      LogConfig
	Metrics  MetricsConfig
	Page     PageConfig
	Notice   NoticeConfig

	LDAP     *ldap.Options     // nil: no directory checks passwords
	Upstream *upstream.Options // nil: no RADIUS servers check passwords

	Clients  []radiusd.Client
	Replies  *radiusd.Replies // nil: accepts hold nothing but what a first factor told
	Settings access.Settings  // all but the start of the rule, which the store knows

	AuditKeep time.Duration // 0: for ever

	firstUse access.FirstUseWay // as it is written
	issuer   string             // "": by the page's host
}

// policyName is the global policy in one word.
func (c *Config) policyName() string {
	switch {
	case c.Settings.Policy.Disabled():
		return "disabled"
	case c.Settings.Policy.Require:
		return "enforced"
	}
	return "optional"
}

// file is the configuration as it is written. Each key is explained in
// packaging/vpn-otpd.toml; here stand the bounds that aren't seen there.
type file struct {
	RequireTwoFactor bool     `toml:"require_two_factor"`
	TwoFactorMethods []string `toml:"two_factor_methods"`
	Node             string   `toml:"node"` // 1 to 64 printable characters; "": the host name

	Store    StoreConfig    `toml:"store"`
	Radius   RadiusConfig   `toml:"radius"`
	Names    namesConfig    `toml:"names"`
	Lockout  lockoutConfig  `toml:"lockout"`
	Throttle throttleConfig `toml:"throttle"`
	Password PasswordConfig `toml:"password"`
	Enroll   enrollConfig   `toml:"enroll"`
	Notice   noticeConfig   `toml:"notice"`
	Policy   []policyConfig `toml:"policy"`
	Admin    adminConfig    `toml:"admin"`
	Audit    auditConfig    `toml:"audit"`
	Log      LogConfig      `toml:"log"`
	Metrics  MetricsConfig  `toml:"metrics"`
}

// StoreConfig is [store].
type StoreConfig struct {
	Driver  string `toml:"driver"`
	Path    string `toml:"path"`
	URL     string `toml:"url"` // when it is checked that of the file, too
	URLFile string `toml:"url_file"`
	KeyFile string `toml:"key_file"`
}

// RadiusConfig is [radius].
type RadiusConfig struct {
	Listen                      []string      `toml:"listen"`       // at least one
	RejectDelay                 time.Duration `toml:"reject_delay"` // 1s to 10s
	RequireMessageAuthenticator bool          `toml:"require_message_authenticator"`
	LimitProxyState             bool          `toml:"limit_proxy_state"`
	ChallengeLifetime           time.Duration `toml:"challenge_lifetime"` // 30s to 10m
	ChallengeTries              int           `toml:"challenge_tries"`    // 1 to 10
	Workers                     int           `toml:"workers"`            // 1 to 4096
	AccountingListen            []string      `toml:"accounting_listen"`
	AccountingKeep              time.Duration `toml:"accounting_keep"` // 24h to 3660d
	PromptWord                  string        `toml:"prompt_word"`
	Language                    string        `toml:"language"`
	RememberFor                 time.Duration `toml:"remember_for"` // 0 to 24h
	SupportText                 string        `toml:"support_text"`

	Client []clientConfig `toml:"client"`
	Reply  []replyConfig  `toml:"reply"`
}

// clientConfig is one [[radius.client]]. What is nil is as [radius] or the top
// of the file says.
type clientConfig struct {
	Name                        string         `toml:"name"`
	Networks                    []string       `toml:"networks"`
	Secret                      string         `toml:"secret"`
	SecretFile                  string         `toml:"secret_file"`
	Mode                        string         `toml:"mode"`
	Require                     string         `toml:"require"`
	PassUnenrolled              bool           `toml:"pass_unenrolled"`
	RepeatByNASPort             bool           `toml:"repeat_by_nas_port"`
	RevealSecret                bool           `toml:"reveal_secret_in_challenge"`
	RememberFor                 *time.Duration `toml:"remember_for"` // 0 to 24h
	RequireTwoFactor            *bool          `toml:"require_two_factor"`
	TwoFactorMethods            *[]string      `toml:"two_factor_methods"`
	RequireMessageAuthenticator *bool          `toml:"require_message_authenticator"`
	LimitProxyState             *bool          `toml:"limit_proxy_state"`
	StatusServer                *bool          `toml:"status_server"`
	PromptWord                  *string        `toml:"prompt_word"`
	Language                    *string        `toml:"language"`
}

type namesConfig struct {
	Realm string `toml:"realm"`
}

type lockoutConfig struct {
	Failures int           `toml:"failures"` // 1 to 100
	Lock     time.Duration `toml:"lock"`     // 1m to longest
	Longest  time.Duration `toml:"longest"`  // up to 168h
	Forget   time.Duration `toml:"forget"`   // 1m to 168h
}

type throttleConfig struct {
	Failures        int           `toml:"failures"`         // 1 to 1000
	Wait            time.Duration `toml:"wait"`             // 1s to longest
	Longest         time.Duration `toml:"longest"`          // up to 24h
	NetworkFailures int           `toml:"network_failures"` // 1 to 1000000
}

// LogConfig is [log].
type LogConfig struct {
	Level  slog.Level `toml:"level"`
	Format string     `toml:"format"`
}

// defaults is what holds where the file says nothing.
func defaults() *file {
	rules := access.DefaultSettings()
	return &file{
		TwoFactorMethods: []string{},
		Store:            StoreConfig{Driver: "sqlite", Path: "/var/lib/vpn-otpd/vpn-otpd.sqlite", KeyFile: "/var/lib/vpn-otpd-key/store.key"},
		Radius: RadiusConfig{
			Listen: []string{"[::]:1812"}, RejectDelay: time.Second,
			RequireMessageAuthenticator: true, LimitProxyState: true,
			ChallengeLifetime: rules.ChallengeLifetime, ChallengeTries: rules.ChallengeTries,
			Workers: 256, AccountingListen: []string{}, AccountingKeep: rules.AccountingKeep, Language: "en",
		},
		Names: namesConfig{Realm: string(rules.Names.Realm)},
		Lockout: lockoutConfig{Failures: rules.Lockout.Failures, Lock: rules.Lockout.Lock,
			Longest: rules.Lockout.Longest, Forget: rules.Lockout.Forget},
		Throttle: throttleConfig{Failures: rules.Throttle.Failures, Wait: rules.Throttle.Wait,
			Longest: rules.Throttle.Longest, NetworkFailures: rules.Throttle.NetworkFailures},
		Password: PasswordConfig{Order: []string{backendLocal}},
		Enroll: enrollConfig{TrustedProxies: []string{}, Return: []string{}, FirstUseNetworks: []string{},
			Peers: []string{}, ClientNames: []string{}, SignIn: []string{string(enroll.SignInPassword)},
			Algorithm: rules.NewDevices.Algorithm, Digits: rules.NewDevices.Digits, Period: rules.NewDevices.Period},
		Notice: noticeConfig{Language: "en"},
		Admin:  adminConfig{Socket: "/run/vpn-otpd/admin.sock", AdminGroup: adminGroup, HelpdeskGroup: helpdeskGroup, Administrators: []string{}, Users: map[string]string{}},
		Audit:  auditConfig{Keep: 400 * day},
		Log:    LogConfig{Level: slog.LevelInfo, Format: "text"},
	}
}
