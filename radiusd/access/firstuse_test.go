package access_test

import (
	"bytes"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vpn-otpd/radiusd/access"
)

var browser = netip.MustParseAddr("198.51.100.7")

// firstUse is a world where two-factor is enforced, nobody is enrolled, and
// first use is open in the connection.
func firstUse(t testing.TB) *world {
	w := newWorld(t)
	w.settings.Policy = access.Policy{Methods: []string{access.MethodTOTP}, Require: true}
	w.settings.FirstUse.How = access.FirstUseChallenge
	w.settings.Issuer = "vpn.example.org"
	w.settings.Notices = []string{"mail"}
	w.gate.Set(w.settings)
	return w
}

// begun is a login that must be asked to enroll.
func (w *world) begun(client access.Client, user string) access.Decision {
	w.Helper()
	d := w.ask(client, user, password)
	w.want(d, access.Challenge, access.EnrollmentRequired)
	return d
}

// opened opens a ticket in a browser that holds a pass, or none.
func (w *world) opened(ticket string, held access.Pass) access.Pass {
	w.Helper()
	pass, err := w.enroller().OpenTicket(w.Context(), ticket, held, browser)
	w.must(err)
	return pass
}

func (w *world) enroller() *access.Enroller { return access.NewEnroller(w.gate) }

// secretOf is what the page shows to the holder of a pass.
func (w *world) secretOf(pass access.Pass) string {
	w.Helper()
	pending, err := w.enroller().Pending(w.Context(), pass)
	w.must(err)
	return pending.Secret
}

// fault is of calls that must be refused.
func (w *world) fault(err error, want access.EnrollmentFault) {
	w.Helper()
	if access.FaultOf(err) != want {
		w.Errorf("got %v, want the fault %q", err, want)
	}
}

// told are the events that a user is to be told.
func (w *world) told() string {
	w.Helper()
	notices, err := w.store.ClaimNotices(w.Context(), time.Minute, 100)
	w.must(err)
	var events []string
	for _, n := range notices {
		events = append(events, n.User+" "+n.Event)
		w.must(w.store.RemoveNotice(w.Context(), n.ID))
	}
	slices.Sort(events) // of one moment none is first
	return strings.Join(events, ", ")
}

// One sitting: the password, the page, the code at the waiting prompt. The code
// counts for that login and is spent.
func TestFirstUseInTheConnection(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	if d.Ticket == "" || d.Secret != "" {
		t.Fatalf("ticket %q, secret %q", d.Ticket, d.Secret)
	}
	pass := w.opened(strings.ToLower(d.Ticket), access.Pass{})
	secret := w.secretOf(pass)
	again, err := w.enroller().Pending(t.Context(), pass)
	w.must(err)
	if again.Secret != secret || !strings.Contains(again.URI, secret) || again.User != "alice" {
		t.Errorf("shown again: %+v", again)
	}
	code := codeOf(w, secret, 0)
	done := w.answer(challenge(), "alice", d.State, code)
	w.want(done, access.Accept, access.FirstUseAccepted)
	state := w.challenged(challenge(), "alice")
	w.want(w.answer(challenge(), "alice", state, code), access.Challenge, access.CodeUsed)
	w.clock.Add(30 * time.Second)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), codeOf(w, secret, 0)), access.Accept, access.TOTPAccepted)
	w.want(w.answer(challenge(), "alice", d.State, code), access.Reject, access.StateUnknown)
	_, err = w.enroller().Pending(t.Context(), pass)
	w.fault(err, access.FaultSession)
	if said := w.told(); said != "alice device_added" {
		t.Errorf("told %q", said)
	}
}

// What was confirmed on the page counts for nothing but the State it was made with.
func TestConfirmedOnThePage(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	pass := w.opened(d.Ticket, access.Pass{})
	secret := w.secretOf(pass)
	code := codeOf(w, secret, 0)
	c, err := w.enroller().Confirm(t.Context(), pass, code[:3]+" "+code[3:], " My phone ", browser)
	w.must(err)
	if !c.Waiting || c.Label != "My phone" || len(c.RecoveryCodes) != access.RecoveryCodeCount {
		t.Errorf("confirmed %+v", c)
	}
	account, _, err := w.store.FullAccount(t.Context(), "alice")
	w.must(err)
	if len(account.Devices) != 0 || account.RecoveryCodes != 0 {
		t.Fatalf("enrolled by the page alone: %+v", account)
	}
	other := w.begun(access.Client{Name: "vpn2", Mode: access.ModeChallenge}, "alice")
	w.want(w.answer(access.Client{Name: "vpn2", Mode: access.ModeChallenge}, "alice", other.State, code), access.Challenge, access.EnrollmentNotBegun)
	w.want(w.answer(challenge(), "alice", d.State, code), access.Reject, access.StateVoid) // the other login's enrollment took its place

	d = w.begun(challenge(), "alice")
	pass = w.opened(d.Ticket, access.Pass{})
	secret = w.secretOf(pass)
	code = codeOf(w, secret, 0)
	c, err = w.enroller().Confirm(t.Context(), pass, code, "", browser)
	w.must(err)
	w.clock.Add(3 * time.Minute) // its time is over, the State's isn't
	wrong := w.answer(challenge(), "alice", d.State, codeOf(w, secret, -10))
	w.want(wrong, access.Challenge, access.EnrollmentWrong) // only the code that was confirmed
	d.State = wrong.State
	w.want(w.answer(challenge(), "alice", d.State, code), access.Accept, access.FirstUseAccepted)
	account, _, err = w.store.FullAccount(t.Context(), "alice")
	w.must(err)
	if len(account.Devices) != 1 || account.RecoveryCodes != access.RecoveryCodeCount {
		t.Errorf("enrolled %+v", account)
	}
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), c.RecoveryCodes[3]), access.Accept, access.RecoveryAccepted)
}

// Both codes of an enrollment are spent, the page's and the prompt's.
func TestConfirmedAheadOfThePrompt(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	pass := w.opened(d.Ticket, access.Pass{})
	secret := w.secretOf(pass)
	ahead := codeOf(w, secret, 1)
	if _, err := w.enroller().Confirm(t.Context(), pass, ahead, "", browser); err != nil {
		t.Fatal(err)
	}
	w.want(w.answer(challenge(), "alice", d.State, codeOf(w, secret, 0)), access.Accept, access.FirstUseAccepted)
	w.want(w.answer(challenge(), "alice", w.challenged(challenge(), "alice"), ahead), access.Challenge, access.CodeUsed)
}

// Answers before the page was used get a hint with the same ticket, and spend tries.
func TestAnsweredTooEarly(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	for tries, typed := range []string{"", "alice", "123456", "000000"} {
		next := w.answer(challenge(), "alice", d.State, typed)
		w.want(next, access.Challenge, access.EnrollmentNotBegun)
		if next.Ticket != d.Ticket || next.TriesLeft != 4-tries {
			t.Errorf("ticket %s after %s, %d tries left", next.Ticket, d.Ticket, next.TriesLeft)
		}
		d = next
	}
	failures := func(want int) {
		t.Helper()
		account, _, err := w.store.Account(t.Context(), "alice")
		if w.must(err); account.Lock.Failures != want {
			t.Errorf("%d failures, want %d", account.Lock.Failures, want)
		}
	}
	failures(0) // there was nothing to guess
	pass := w.opened(d.Ticket, access.Pass{})
	w.secretOf(pass)
	w.want(w.answer(challenge(), "alice", d.State, "000000"), access.Reject, access.EnrollmentWrong)
	failures(1)
}

// A login again within ten minutes goes on with the same secret and ticket; a
// login from elsewhere, or later, does not.
func TestFirstUseResumed(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	from := func(address string) access.Decision {
		return w.check(access.Request{Client: challenge(), UserName: "alice", Password: []byte(password), CallingStation: address})
	}
	first := from("192.0.2.1[4711]")
	secret := w.secretOf(w.opened(first.Ticket, access.Pass{}))
	w.clock.Add(9 * time.Minute)
	second := from("192.0.2.1[4712]")
	if second.Ticket != first.Ticket || second.State == first.State {
		t.Errorf("ticket %s after %s", second.Ticket, first.Ticket)
	}
	w.clock.Add(9 * time.Minute)
	w.want(w.answer(challenge(), "alice", first.State, codeOf(w, secret, 0)), access.Reject, access.StateExpired)
	w.want(w.answer(challenge(), "alice", second.State, codeOf(w, secret, 0)), access.Accept, access.FirstUseAccepted)

	bobs := func(address string) string {
		d := w.check(access.Request{Client: challenge(), UserName: "bob", Password: []byte(password), CallingStation: address})
		return d.Ticket
	}
	ticket := bobs("192.0.2.1")
	if elsewhere := bobs("203.0.113.5"); elsewhere == ticket {
		t.Error("a login from elsewhere goes on with the enrollment")
	}
	_, err := w.enroller().OpenTicket(t.Context(), ticket, access.Pass{}, browser)
	w.fault(err, access.FaultTicketUnknown) // one live ticket a user
	ticket = bobs("203.0.113.5")
	w.clock.Add(10 * time.Minute)
	_, err = w.enroller().OpenTicket(t.Context(), ticket, access.Pass{}, browser)
	w.fault(err, access.FaultTicketUnknown)
	if bobs("203.0.113.5") == ticket {
		t.Error("an expired ticket was given again")
	}
}

// Nobody but the State's own client and user can answer a first use.
func TestFirstUseStateIsBound(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	code := codeOf(w, w.secretOf(w.opened(d.Ticket, access.Pass{})), 0)
	w.want(w.answer(access.Client{Name: "vpn2", Mode: access.ModeChallenge}, "alice", d.State, code), access.Reject, access.StateOtherClient)
	w.want(w.answer(challenge(), "bob", d.State, code), access.Reject, access.StateOtherUser)
	w.want(w.ask(challenge(), "alice", password+code), access.Reject, access.PasswordWrong)
	w.want(w.answer(challenge(), "alice", d.State, code), access.Accept, access.FirstUseAccepted)
}

// An enrollment is completed once, whoever races.
func TestFirstUseCompletedOnce(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	states := make([]string, 8)
	var secret string
	for i := range states {
		d := w.begun(challenge(), "alice")
		states[i] = d.State
		if i == 0 {
			secret = w.secretOf(w.opened(d.Ticket, access.Pass{}))
		}
	}
	code := codeOf(w, secret, 0)
	var accepts atomic.Int32
	var all sync.WaitGroup
	for _, state := range states {
		all.Go(func() {
			if w.answer(challenge(), "alice", state, code).Verdict == access.Accept {
				accepts.Add(1)
			}
		})
	}
	all.Wait()
	account, _, err := w.store.Account(t.Context(), "alice")
	w.must(err)
	if accepts.Load() != 1 || len(account.Devices) != 1 {
		t.Errorf("%d accepts, %d devices", accepts.Load(), len(account.Devices))
	}
}

// The answer that completed a first use is repeated with a new authenticator, and
// its challenge with the same ticket; what it shows stands nowhere in clear.
func TestFirstUseRepeated(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	for _, client := range []access.Client{challenge(), {Name: "vpn2", Mode: access.ModeChallenge, RevealSecret: true}} {
		user := map[bool]string{false: "alice", true: "bob"}[client.RevealSecret]
		login := access.Request{Client: client, UserName: user, Password: []byte(password), SessionID: "s1", CallingStation: "192.0.2.1"}
		first, again := w.check(login), w.check(login)
		if first.State != again.State || first.Ticket != again.Ticket || first.Secret != again.Secret || first.Ticket+first.Secret == "" {
			t.Errorf("%+v was repeated as %+v", first, again)
		}
		secret := first.Secret
		if secret == "" {
			secret = w.secretOf(w.opened(first.Ticket, access.Pass{}))
		}
		login.Password, login.State = []byte(codeOf(w, secret, 0)), first.State
		w.want(w.check(login), access.Accept, access.FirstUseAccepted)
		w.want(w.check(login), access.Accept, access.FirstUseAccepted)
		w.storeHasNot(secret, first.Ticket, strings.ReplaceAll(first.Ticket, "-", ""))
	}
}

// storeHasNot looks for words in the store's files and the log.
func (w *world) storeHasNot(words ...string) {
	w.Helper()
	for _, path := range []string{w.path, w.path + "-wal"} {
		content, err := os.ReadFile(path)
		w.must(err)
		for _, word := range words {
			if word != "" && (bytes.Contains(content, []byte(word)) || strings.Contains(w.log.String(), word)) {
				w.Errorf("%s or the log has %q in clear", path, word)
			}
		}
	}
}

// The secret goes into the prompt only of a client that asks for it by name.
func TestRevealedSecret(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	client := challenge()
	client.RevealSecret = true
	ask := func(address string) access.Decision {
		return w.check(access.Request{Client: client, UserName: "alice", Password: []byte(password), CallingStation: address})
	}
	d := ask("192.0.2.1")
	if len(d.Secret) != 32 || d.Ticket != "" {
		t.Errorf("secret %q, ticket %q", d.Secret, d.Ticket)
	}
	if again := ask("192.0.2.1"); again.Secret != d.Secret {
		t.Error("the same place got another secret")
	}
	// Who can't be told apart from somebody else gets a secret of his own.
	nowhere := ask("").Secret
	if ask("203.0.113.5").Secret == d.Secret || ask("").Secret == nowhere {
		t.Error("a secret was shown in two places")
	}
	d = ask("192.0.2.1")
	w.want(w.answer(client, "alice", d.State, "000000"), access.Challenge, access.EnrollmentWrong)
	d = ask("192.0.2.1")
	w.want(w.answer(client, "alice", d.State, codeOf(w, d.Secret, 0)), access.Accept, access.FirstUseAccepted)
	if plain := w.begun(challenge(), "bob"); plain.Secret != "" {
		t.Error("another client got a secret too")
	}
}

// A user of a directory, whom the store doesn't know, enrolls under the name that
// the directory returns.
func TestFirstUseOfADirectorysUser(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "muller")
	pass := w.opened(d.Ticket, access.Pass{})
	if pass.User != "müller" {
		t.Errorf("the ticket is of %s", pass.User)
	}
	w.want(w.answer(challenge(), "muller", d.State, codeOf(w, w.secretOf(pass), 0)), access.Accept, access.FirstUseAccepted)
	account, found, err := w.store.Account(t.Context(), "müller")
	if err != nil || !found || len(account.Devices) != 1 {
		t.Errorf("%+v, %v", account, err)
	}
}

// A reset, by hand too, voids a first use that is under way.
func TestResetVoidsFirstUse(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	pass := w.opened(d.Ticket, access.Pass{})
	code := codeOf(w, w.secretOf(pass), 0)
	w.must(w.accounts.Reset(t.Context(), admin, "alice"))
	w.want(w.answer(challenge(), "alice", d.State, code), access.Reject, access.StateUnknown)
	_, err := w.enroller().Confirm(t.Context(), pass, code, "", browser)
	w.fault(err, access.FaultSession)
	d = w.begun(challenge(), "alice")
	pass = w.opened(d.Ticket, access.Pass{})
	w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", true))
	_, err = w.enroller().OpenTicket(t.Context(), d.Ticket, pass, browser)
	w.fault(err, access.FaultTicketUnknown)
	w.must(w.accounts.SetDisabled(t.Context(), admin, "alice", false))
	if next := w.begun(challenge(), "alice"); next.Ticket == d.Ticket {
		t.Error("an enrollment of an older epoch goes on")
	}
}

// A temporary code of the helpdesk lets in also while a first use waits.
func TestTemporaryCodeDuringFirstUse(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	code, _, err := w.accounts.GiveCode(t.Context(), admin, "alice", time.Hour, 1, false)
	w.must(err)
	w.want(w.answer(challenge(), "alice", d.State, code), access.Accept, access.TemporaryAccepted)
}

// Set to off, two-factor enrolls nobody.
func TestDisabledEnrollsNobody(t *testing.T) {
	t.Parallel()
	w := firstUse(t)
	d := w.begun(challenge(), "alice")
	opened := w.opened(d.Ticket, access.Pass{})
	pass := w.signedIn("bob")
	w.settings.Policy = access.Policy{}
	w.gate.Set(w.settings)
	_, err := w.enroller().Pending(t.Context(), opened)
	w.fault(err, access.FaultDisabled)
	_, err = w.enroller().OpenTicket(t.Context(), d.Ticket, opened, browser)
	w.fault(err, access.FaultDisabled)
	_, err = w.enroller().Begin(t.Context(), pass, "", browser)
	w.fault(err, access.FaultDisabled)
	_, _, err = w.accounts.Invite(t.Context(), admin, "alice", time.Hour, false)
	w.wantRefusal(err, access.RefusedRule, "off")
	w.want(w.answer(challenge(), "alice", d.State, "123456"), access.Accept, access.TwoFactorDisabled)
}
