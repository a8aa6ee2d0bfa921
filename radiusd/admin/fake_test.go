package admin

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// fakeAccounts writes down what it is asked, and fails as it is told to.
type fakeAccounts struct {
	mu       sync.Mutex
	calls    []string
	actor    store.Actor
	err      error
	accounts []store.Account
}

func (f *fakeAccounts) note(actor store.Actor, format string, arguments ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf(format, arguments...))
	f.actor = actor
	return f.err
}

// last returns the newest call and who made it.
func (f *fakeAccounts) last() (string, store.Actor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.calls) == 0 {
		return "", store.Actor{}
	}
	return f.calls[len(f.calls)-1], f.actor
}

// count is how many calls there were, and who made the newest.
func (f *fakeAccounts) count() (int, store.Actor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls), f.actor
}

func (f *fakeAccounts) AddUser(_ context.Context, actor store.Actor, name string, password []byte) (string, error) {
	return strings.ToLower(name), f.note(actor, "AddUser %q %q nil=%v", name, password, password == nil)
}

// Canonical knows of capitals only.
func (f *fakeAccounts) Canonical(name string) (string, error) {
	if name == "\x01" {
		return "", &access.Refusal{Kind: access.RefusedInvalid, Text: "a control character"}
	}
	return strings.ToLower(name), nil
}

func (f *fakeAccounts) Explain(_ context.Context, name string, client access.Client, from netip.Addr) (access.Explanation, error) {
	return access.Explanation{ID: "decision1", User: name, Client: client.Name, Verdict: access.Challenge, Reason: access.CodeNeeded,
		Rules:    []access.Rule{{Name: "policy", Found: "required", Detail: "by the global policy"}},
		WithCode: &access.Explanation{Verdict: access.Accept, Reason: access.TOTPAccepted},
		Records:  []store.Record{{Node: "n", Seq: 3, At: noon, Event: "login", User: name, Actor: store.Actor{UID: -1}, Detail: "clock=off"}},
		Refusals: []store.Refusals{{Minute: noon, Reason: "password_wrong", Client: "vpn1", Source: "192.0.2.0/24", Count: 4}},
	}, f.note(store.Actor{}, "Explain %q %+v %v", name, client.Mode, from)
}

func (f *fakeAccounts) SetPassword(_ context.Context, actor store.Actor, name string, password []byte) error {
	return f.note(actor, "SetPassword %q %q", name, password)
}

func (f *fakeAccounts) Users(_ context.Context, after string, limit int) ([]store.Account, error) {
	err := f.note(store.Actor{}, "Users %q %d", after, limit)
	var page []store.Account
	for _, account := range f.accounts {
		if account.Name > after && len(page) < limit {
			page = append(page, account)
		}
	}
	return page, err
}

func (f *fakeAccounts) Summaries(ctx context.Context, after string, limit int) ([]store.Summary, error) {
	accounts, err := f.Users(ctx, after, limit)
	var summaries []store.Summary
	for _, a := range accounts {
		summaries = append(summaries, store.Summary{Name: a.Name, Disabled: a.Disabled, Policy: a.Policy,
			LockedUntil: a.Lock.Until, Devices: len(a.Devices), UsedAt: a.LastUsedAt()})
	}
	return summaries, err
}

func (f *fakeAccounts) User(_ context.Context, name string) (store.Account, error) {
	err := f.note(store.Actor{}, "User %q", name)
	for _, account := range f.accounts {
		if account.Name == name {
			return account, err
		}
	}
	return store.Account{Name: name}, err
}

func (f *fakeAccounts) SetDisabled(_ context.Context, actor store.Actor, name string, disabled bool) error {
	return f.note(actor, "SetDisabled %q %v", name, disabled)
}

func (f *fakeAccounts) DeleteUser(_ context.Context, actor store.Actor, name string) error {
	return f.note(actor, "DeleteUser %q", name)
}

func (f *fakeAccounts) AddDevice(_ context.Context, actor store.Actor, name string, device access.NewDevice) (store.Device, error) {
	err := f.note(actor, "AddDevice %q %+v", name, device)
	return store.Device{Label: "phone", Algorithm: "SHA1", Digits: 6, Period: 30, CreatedAt: noon, Sealed: []byte("sealed")}, err
}

func (f *fakeAccounts) RemoveDevice(_ context.Context, actor store.Actor, name, label string) error {
	return f.note(actor, "RemoveDevice %q %q", name, label)
}

func (f *fakeAccounts) Reset(_ context.Context, actor store.Actor, name string) error {
	if name == "panic" {
		panic("out of order")
	}
	return f.note(actor, "Reset %q", name)
}

func (f *fakeAccounts) Unlock(_ context.Context, actor store.Actor, name string) error {
	return f.note(actor, "Unlock %q", name)
}

func (f *fakeAccounts) GiveCode(_ context.Context, actor store.Actor, name string, valid time.Duration, uses int, helpdesk bool) (string, time.Time, error) {
	return "abcde-fghij", noon.Add(valid), f.note(actor, "GiveCode %q %v %d helpdesk=%v", name, valid, uses, helpdesk)
}

func (f *fakeAccounts) NewRecoveryCodes(_ context.Context, actor store.Actor, name string) ([]string, error) {
	return []string{"one", "two"}, f.note(actor, "NewRecoveryCodes %q", name)
}

func (f *fakeAccounts) Invite(_ context.Context, actor store.Actor, name string, valid time.Duration, helpdesk bool) (string, time.Time, error) {
	return "K7QM-4XHT", noon.Add(valid), f.note(actor, "Invite %q %v helpdesk=%v", name, valid, helpdesk)
}

func (f *fakeAccounts) SetPolicy(_ context.Context, actor store.Actor, name string, own access.OwnPolicy) error {
	return f.note(actor, "SetPolicy %q %s", name, own)
}

func (f *fakeAccounts) Rollout(_ context.Context, after string, limit int) (access.Rollout, error) {
	return access.Rollout{
		Due: []access.Due{
			{User: "bob", By: "the rule staff", Since: noon, Deadline: noon.Add(time.Hour), Late: true, Closed: access.ClosedDeadline},
			{User: "carol", By: "the global policy", NoPage: true},
		},
		Totals: access.RolloutTotals{Enrolled: 1, Due: 2, Late: 3, Exempt: 4, NotRequired: 5, Disabled: 6},
		Next:   "carol",
	}, f.note(store.Actor{}, "Rollout %q %d", after, limit)
}

func (f *fakeAccounts) RememberedLogins(_ context.Context, name string) ([]store.Remembered, error) {
	return []store.Remembered{{User: name, Client: "vpn1", CallingStation: "192.0.2.7", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}}, f.err
}

func (f *fakeAccounts) ForgetLogins(_ context.Context, actor store.Actor, name string) (int, error) {
	return 2, f.note(actor, "ForgetLogins %q", name)
}

// world is a server on a real socket, with a fake behind it.
type world struct {
	accounts *fakeAccounts
	server   *Server
	socket   string
	log      *logBuffer
}

// serve starts a server, changed as the test likes.
func serve(t *testing.T, change func(*Server)) *world {
	t.Helper()
	w := &world{accounts: &fakeAccounts{}, socket: filepath.Join(t.TempDir(), "admin.sock"), log: &logBuffer{}}
	w.server = &Server{
		Accounts: w.accounts,
		Status:   func(context.Context) (Status, error) { return Status{Version: "v1", Policy: "optional"}, nil },
		Reload:   func(context.Context) ([]string, error) { return []string{"radius.listen needs a restart"}, nil },
		Log:      slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:      func() time.Time { return noon },

		Audit: &fakeAudit{},
		Client: func(name string) (access.Client, bool) {
			return access.Client{Name: name, Mode: access.ModeCode}, name == "vpn1"
		},

		EnrollURL: "https://vpn.example.org/2fa/",
	}
	if change != nil {
		change(w.server)
	}
	listener, err := Listen(w.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

func (w *world) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", w.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(octets []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(octets)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
