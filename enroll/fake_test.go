package enroll

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// What the fake takes, and what it shows.
const (
	fakePassword = "correct horse"
	fakeCode     = "123456"
	fakeSecret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	fakeTicket   = "K7QM-4XHT"
)

// fake is a gate and an enroller with one user, alice, in memory.
type fake struct {
	mutex    sync.Mutex
	now      func() time.Time
	standing access.Standing
	epoch    int64
	pending  *access.Pending
	begun    int
	opened   []byte
	typed    string // the last ticket
	invited  bool   // the ticket is an invitation, not of a first use
	requests []access.Request
	// decide, where set, is the gate's answer; fault, where set, is the enroller's.
	decide func(access.Request) (access.Decision, error)
	fault  map[string]error
	from   netip.Addr // of the last call
}

func newFake(now func() time.Time) *fake {
	return &fake{now: now, epoch: 7, fault: make(map[string]error),
		standing: access.Standing{Account: store.Account{Name: "alice"}, Policy: access.StandingOptional, MayRemove: true}}
}

func (f *fake) enrolled(labels ...string) *fake {
	for _, label := range labels {
		f.standing.Account.Devices = append(f.standing.Account.Devices, store.Device{Label: label, CreatedAt: f.now()})
	}
	f.standing.Account.RecoveryCodes = 10
	return f
}

func (f *fake) with(change func(*fake)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	change(f)
}

func (f *fake) Check(_ context.Context, r access.Request) (access.Decision, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.requests = append(f.requests, r)
	if f.decide != nil {
		return f.decide(r)
	}
	signedIn := access.Decision{Verdict: access.Accept, Reason: access.SignedIn, User: "alice", Epoch: f.epoch}
	challenge := access.Decision{Verdict: access.Challenge, Reason: access.CodeNeeded, User: "alice", State: fmt.Sprintf("state-%d", len(f.requests))}
	switch {
	case r.UserName != "alice" && r.UserName != "Alice":
		return access.Decision{Verdict: access.Reject, Reason: access.UserUnknown}, nil
	case r.State == "" && string(r.Password) != fakePassword:
		return access.Decision{Verdict: access.Reject, Reason: access.PasswordWrong}, nil
	case r.State == "" && len(f.standing.Account.Devices) > 0:
		return challenge, nil
	case r.State != "" && string(r.Password) != fakeCode:
		challenge.Reason = access.CodeWrong
		return challenge, nil
	}
	return signedIn, nil
}

// holds checks a pass as the real one does.
func (f *fake) holds(call string, pass access.Pass, from netip.Addr) error {
	f.from = from
	if pass.User != "alice" || pass.Epoch != f.epoch {
		return access.FaultSession
	}
	return f.fault[call]
}

func (f *fake) Standing(_ context.Context, pass access.Pass, from netip.Addr) (access.Standing, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.standing, f.holds("standing", pass, from)
}

func (f *fake) OpenTicket(_ context.Context, typed string, held access.Pass, from netip.Addr) (access.Pass, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.from, f.typed = from, typed
	if err := f.fault["ticket"]; err != nil {
		return access.Pass{}, err
	}
	switch {
	case typed != fakeTicket:
		return access.Pass{}, access.FaultTicketUnknown
	case f.opened != nil && string(held.Enrollment) != string(f.opened):
		return access.Pass{}, access.FaultTicketOther
	}
	f.opened = []byte("enrollment by ticket")
	f.pending = f.newPending("")
	f.pending.Kind = store.EnrollmentFirstUse
	if f.invited {
		f.pending.Kind = store.EnrollmentInvitation
	}
	return access.Pass{User: "alice", Epoch: f.epoch, Kind: f.pending.Kind, Enrollment: f.opened}, nil
}

func (f *fake) Prove(_ context.Context, pass access.Pass, code string, from netip.Addr) (access.Pass, access.Decision, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("prove", pass, from); err != nil {
		return access.Pass{}, access.Decision{}, err
	}
	if code != fakeCode {
		return pass, access.Decision{Verdict: access.Reject, Reason: access.CodeWrong}, nil
	}
	pass.Fresh = f.now().Add(time.Minute)
	return pass, access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted, User: "alice"}, nil
}

func (f *fake) Begin(_ context.Context, pass access.Pass, replaces string, from netip.Addr) (access.Pass, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("begin", pass, from); err != nil {
		return access.Pass{}, err
	}
	if len(f.standing.Account.Devices) > 0 && !pass.Fresh.After(f.now()) {
		return access.Pass{}, access.FaultFresh
	}
	f.begun++
	f.pending = f.newPending(replaces)
	pass.Enrollment, pass.Fresh = fmt.Appendf(nil, "enrollment %d", f.begun), time.Time{}
	return pass, nil
}

func (f *fake) newPending(replaces string) *access.Pending {
	return &access.Pending{Kind: store.EnrollmentSession, User: "alice", Secret: fakeSecret, Digits: 6, Label: replaces, Replaces: replaces,
		URI: "otpauth://totp/vpn.example.org:alice?secret=" + fakeSecret + "&issuer=vpn.example.org", ExpiresAt: f.now().Add(10 * time.Minute)}
}

func (f *fake) Pending(_ context.Context, pass access.Pass) (access.Pending, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("pending", pass, f.from); err != nil {
		return access.Pending{}, err
	}
	if f.pending == nil {
		return access.Pending{}, access.FaultExpired
	}
	return *f.pending, nil
}

func (f *fake) Confirm(_ context.Context, pass access.Pass, code, label string, from netip.Addr) (access.Confirmed, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("confirm", pass, from); err != nil {
		return access.Confirmed{}, err
	}
	switch {
	case f.pending == nil:
		return access.Confirmed{}, access.FaultExpired
	case code != fakeCode:
		return access.Confirmed{}, access.FaultCodeWrong
	}
	c := access.Confirmed{Label: label, RecoveryCodes: fakeRecovery()}
	if pass.Kind == store.EnrollmentFirstUse {
		f.pending.Confirmed = true
		c.Pass, c.Waiting = pass, true
		return c, nil
	}
	f.standing.Account.Devices = append(f.standing.Account.Devices, store.Device{Label: label, CreatedAt: f.now()})
	f.standing.Account.RecoveryCodes = 10
	f.epoch, f.pending = f.epoch+1, nil
	if pass.Kind == store.EnrollmentSession { // an invitation opens nothing more
		c.Pass = access.Pass{User: "alice", Epoch: f.epoch, Kind: store.EnrollmentSession}
	}
	return c, nil
}

func fakeRecovery() []string {
	codes := make([]string, 10)
	for i := range codes {
		codes[i] = fmt.Sprintf("%c7mq-rt4x-kp9d", 'a'+i)
	}
	return codes
}

func (f *fake) NewRecoveryCodes(_ context.Context, pass access.Pass, from netip.Addr) (access.Pass, []string, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("recovery", pass, from); err != nil {
		return access.Pass{}, nil, err
	}
	pass.Fresh = time.Time{}
	return pass, fakeRecovery(), nil
}

func (f *fake) RemoveDevice(_ context.Context, pass access.Pass, label string, from netip.Addr) (access.Pass, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err := f.holds("remove", pass, from); err != nil {
		return access.Pass{}, err
	}
	var left []store.Device
	for _, device := range f.standing.Account.Devices {
		if device.Label != label {
			left = append(left, device)
		}
	}
	f.standing.Account.Devices = left
	f.epoch++
	pass.Epoch, pass.Fresh = f.epoch, time.Time{}
	return pass, nil
}
