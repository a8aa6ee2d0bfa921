package admin

import (
	"context"
	"time"
)

// Status is how the daemon is doing.
type Status struct {
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	// Policy is the global one: "disabled", "optional" or "enforced".
	Policy    string         `json:"policy"`
	Store     StoreStatus    `json:"store"`
	Clock     ClockStatus    `json:"clock"`
	Listeners []string       `json:"listeners"` // such as "radius udp [::]:1812"
	Clients   []ClientStatus `json:"clients"`
	// PasswordServers are those that password.order names, in the order in which
	// they are asked; the store isn't one.
	PasswordServers []PasswordServerStatus `json:"password_servers"`
	// ExemptUsers are not asked for a second factor; Exemptions say why, and until when.
	ExemptUsers []string    `json:"exempt_users"`
	Exemptions  []Exemption `json:"exemptions"`
	// Counters count since the start: decisions and drops by cause.
	Counters map[string]uint64 `json:"counters"`
}

// Exemption is of a user, or of all whom a rule of the configuration names.
type Exemption struct {
	User   string    `json:"user,omitempty"`
	Rule   string    `json:"rule,omitempty"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until,omitzero"` // zero: for good
}

// ClockStatus is what is known of the daemon's clock.
type ClockStatus struct {
	Sync    string `json:"sync"`             // "synchronized", "unsynchronized" or "unknown"
	Source  string `json:"source,omitempty"` // who says so: "kernel" or "timedate1"
	Healthy bool   `json:"healthy"`
	Advice  string `json:"advice,omitempty"` // for the administrator
	// Jumps by more than 2 s since the start; below 0 the clock was set back.
	Jumps       uint64    `json:"jumps"`
	LastJump    time.Time `json:"last_jump,omitzero"`
	JumpSeconds float64   `json:"jump_seconds,omitempty"`
	// DeviceOffsetSeconds is by how much devices are ahead of the clock, by so
	// many accepted codes; 0 with too few.
	Samples             int     `json:"samples"`
	DeviceOffsetSeconds float64 `json:"device_offset_seconds"`
}

// StoreStatus is how the store is doing.
type StoreStatus struct {
	Driver        string `json:"driver"`
	Path          string `json:"path,omitempty"` // or the hosts and the name of the database; no URL: that may hold a password
	SchemaVersion int    `json:"schema_version"`
	Healthy       bool   `json:"healthy"`
	Error         string `json:"error,omitempty"` // why it isn't healthy
	// LatencySeconds is how long a commit takes now, until it is durable.
	LatencySeconds float64 `json:"latency_seconds"`
	// Doubts are reasons why the database could forget what it has committed.
	Doubts        []string `json:"doubts"`
	Users         int      `json:"users"`
	EnrolledUsers int      `json:"enrolled_users"`
}

// ClientStatus is what was seen of one configured RADIUS client since the start.
type ClientStatus struct {
	Name     string   `json:"name"`
	Networks []string `json:"networks"`
	Mode     string   `json:"mode"` // "challenge", "append" or "code"

	RequiresMessageAuthenticator bool   `json:"requires_message_authenticator"`
	Requests                     uint64 `json:"requests"`
	// WithoutMessageAuthenticator counts those of the requests that carried none.
	WithoutMessageAuthenticator uint64    `json:"without_message_authenticator"`
	LastSeen                    time.Time `json:"last_seen,omitzero"`
}

// PasswordServerStatus is what was seen since the start of one server that
// checks passwords.
type PasswordServerStatus struct {
	Backend string `json:"backend"` // as in password.order
	Address string `json:"address"`
	// Up is false while it is passed over because it didn't answer: until
	// DeadUntil, and then until it answers.
	Up        bool      `json:"up"`
	DeadUntil time.Time `json:"dead_until,omitzero"`
	// Outcomes count how questions to it ended: "accepted", "rejected", "timeout" and so on.
	Outcomes map[string]uint64 `json:"outcomes"`
	// Ignored counts answers that couldn't be trusted or came too late.
	Ignored uint64 `json:"ignored"`
}

// completed has empty lists in place of missing ones, which JSON would show as null.
func (s Status) completed() Status {
	s.StartedAt, s.Clock.LastJump = s.StartedAt.UTC(), utc(s.Clock.LastJump)
	s.Store.Doubts = list(s.Store.Doubts)
	s.Listeners = list(s.Listeners)
	s.ExemptUsers = list(s.ExemptUsers)
	s.Exemptions = append([]Exemption{}, s.Exemptions...)
	s.Clients = append([]ClientStatus{}, s.Clients...)
	for i := range s.Clients {
		s.Clients[i].Networks = list(s.Clients[i].Networks)
		s.Clients[i].LastSeen = utc(s.Clients[i].LastSeen)
	}
	s.PasswordServers = append([]PasswordServerStatus{}, s.PasswordServers...)
	for i := range s.PasswordServers {
		s.PasswordServers[i].DeadUntil = utc(s.PasswordServers[i].DeadUntil)
		if s.PasswordServers[i].Outcomes == nil {
			s.PasswordServers[i].Outcomes = map[string]uint64{}
		}
	}
	if s.Counters == nil {
		s.Counters = map[string]uint64{}
	}
	return s
}

func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// utc keeps the zero time zero, whatever its zone.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

func (s *Server) status(ctx context.Context, _ question, _ nothing) (Status, error) {
	status, err := s.Status(ctx)
	if err != nil {
		return Status{}, err
	}
	return status.completed(), nil
}

func (s *Server) reload(ctx context.Context, _ question, _ nothing) (Reloaded, error) {
	warnings, err := s.Reload(ctx)
	return Reloaded{Warnings: list(warnings)}, err
}
