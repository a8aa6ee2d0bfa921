package access

import (
	"bytes"
	"time"

	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
)

// typedKind sorts what was typed as a code.
type typedKind int

const (
	typedNothing   typedKind = iota
	typedMalformed           // could be no code of this user's: no guess
	typedCode
)

// matchKind is what a typed code is.
type matchKind int

const (
	matchNone matchKind = iota
	matchUsed           // a code of the user's, used or older than the last one used
	matchTOTP
	matchRecovery
	matchTemporary
	matchPending // the first code of a new device
)

// match is the one-time thing that a typed code stands for.
type match struct {
	kind   matchKind
	drifts bool // none, but a code of another time: the device's clock is off
	device store.Device
	step   int64
	mac    []byte // of a recovery or temporary code
}

// facts are all that Evaluate knows: what was asked, and what the store holds
// at this moment.
type facts struct {
	settings *Settings
	client   Client
	now      time.Time

	account   store.Account
	known     bool    // the store has the account
	carried   carried // what the first factor said, and where the login came from
	askedName string
	resumes   bool         // the request answers a challenge
	state     *store.State // what its State stands for; nil: nothing any more
	taken     bool         // and nobody else can answer with it now
	// enrollment is what the State's challenge began; nil: it isn't of a first use.
	enrollment *store.Enrollment

	remembered *store.Remembered // the login that this one reconnects; nil: none

	hasMeans bool // a device, or a live temporary code
	typed    typedKind
	field    []byte // MAC of what was typed
	match    match

	rules *[]Rule // what evaluate went by, for explain; nil: nobody asks
}

// gather reads the facts of a login. It changes nothing.
func (g *Gate) gather(tx *store.Tx, l *login) (*facts, error) {
	l.user = l.identified
	f := &facts{settings: l.settings, client: l.Client, now: tx.Now(), askedName: l.asked, resumes: l.stateID != nil,
		carried: l.carried}
	if f.resumes {
		state, found, err := tx.State(l.stateID)
		if err != nil {
			return nil, err
		}
		if found {
			f.state = &state
			l.user = state.User
			if f.carried, err = readCarried(state.Carried, l.carried); err != nil {
				return nil, err
			}
		}
	}
	account, known, err := tx.Account(l.user)
	if err != nil {
		return nil, err
	}
	if f.state != nil && f.state.Enrollment != nil { // the page can't change it any more
		e, found, err := tx.Enrollment(f.state.User, f.state.Enrollment)
		if err != nil {
			return nil, err
		}
		if found {
			f.enrollment = &e
		}
		if !f.carried.Source.IsValid() { // clients may leave it out when they answer
			f.carried.Source = sourceOf(e.Source)
		}
	}
	if !known {
		account = store.Account{Name: l.user, Policy: store.PolicyDefault}
	}
	f.account, f.known = account, known
	if !f.resumes && !f.carried.GroupsKnown { // nobody could be asked
		f.carried.Groups, f.carried.GroupsKnown = l.settings.seenGroups(account)
	}
	f.account.Lock = l.settings.Lockout.age(account.Lock, f.now)
	if f.hasMeans = len(account.Devices) > 0; !f.hasMeans && known {
		codes, helpdesk, err := tx.TemporaryCodesLeft(l.user)
		if err != nil {
			return nil, err
		}
		if l.Client.Mode == ModeCode {
			codes -= helpdesk
		}
		f.hasMeans = codes > 0
	}
	if err := g.gatherCode(tx, l, f); err != nil {
		return nil, err
	}
	return f, g.gatherRemembered(tx, l, f)
}

// standing is what the policy asks of this user here.
func (f *facts) standing() standing {
	return standingOf(f.settings, f.carried.subject(f.client, f.now), f.account)
}

// firstUseOf is how this user may enroll where the standing requires it.
func (f *facts) firstUseOf(s standing) FirstUse {
	return s.firstUse(f.account, f.carried.Source, f.now)
}

// gatherCode finds out what the typed code is.
func (g *Gate) gatherCode(tx *store.Tx, l *login, f *facts) (err error) {
	code := normalizeCode(l.field.code)
	switch {
	case !f.resumes && l.field.code == "":
		f.typed = typedNothing
	case f.enrollment != nil && f.enrollment.Sealed != nil && len(code) == f.enrollment.Digits && allDigits(code):
		f.typed = typedCode
		f.field = g.fieldMAC(l.user, code)
		f.match, err = g.matchPending(*f.enrollment, f, code)
	case letterCodeShaped(code):
		f.typed = typedCode
		f.field = g.fieldMAC(l.user, code)
		f.match, err = g.matchLetters(tx, l, code)
	case f.fitsADevice(code):
		f.typed = typedCode
		f.field = g.fieldMAC(l.user, code)
		f.match, err = g.matchDigits(f, code)
	default:
		f.typed = typedMalformed
	}
	return err
}

func (g *Gate) fieldMAC(user, code string) []byte {
	return g.store.MAC(store.PurposeField, []byte(user), []byte(code))[:16]
}

func (f *facts) fitsADevice(code string) bool {
	for _, device := range f.account.Devices {
		if len(code) == device.Digits && allDigits(code) {
			return true
		}
	}
	return false
}

// matchDigits looks for the step of a device that shows this code now. A step
// not newer than the last one used is no match but a used code, and so is the
// last code used, whenever it comes again.
func (g *Gate) matchDigits(f *facts, code string) (match, error) {
	var found match
	for _, device := range f.account.Devices {
		secret, err := g.store.OpenSecret(device)
		if err != nil {
			return match{}, err
		}
		key := totp.Key{Secret: secret, Algorithm: device.Algorithm, Digits: device.Digits, Period: device.Period}
		step, ok := totp.Match(key, code, f.now)
		switch {
		case ok && step > device.LastStep:
			return match{kind: matchTOTP, device: device, step: step}, nil
		case ok, bytes.Equal(device.LastField, f.field):
			found = match{kind: matchUsed, device: device}
		case found.kind == matchNone && totp.Drifts(key, code, f.now, clockSearch):
			found = match{drifts: true, device: device}
		}
	}
	return found, nil
}

// matchPending looks for the step of a device that is being enrolled. The code
// that was confirmed on the page may come once more, also after its time, but
// only in a login that was waiting by then.
func (g *Gate) matchPending(e store.Enrollment, f *facts, code string) (match, error) {
	secret, err := g.store.OpenPending(e)
	if err != nil {
		return match{}, err
	}
	step, ok := totp.Match(keyOf(e, secret), code, f.now)
	if !ok && e.ConfirmedStep > 0 && bytes.Equal(e.ConfirmedField, f.field) && !f.state.BegunAt.After(e.ConfirmedAt) {
		step, ok = e.ConfirmedStep, true
	}
	if !ok {
		return match{}, nil
	}
	return match{kind: matchPending, step: max(step, e.ConfirmedStep)}, nil
}

func keyOf(e store.Enrollment, secret []byte) totp.Key {
	return totp.Key{Secret: secret, Algorithm: e.Algorithm, Digits: e.Digits, Period: e.Period}
}

func (g *Gate) matchLetters(tx *store.Tx, l *login, code string) (match, error) {
	mac := codeMAC(g.store, l.user, code)
	if there, err := tx.HasRecoveryCode(l.user, mac); err != nil || there {
		return match{kind: matchRecovery, mac: mac}, err
	}
	if l.Client.OwnCodesOnly {
		return match{}, nil
	}
	live, helpdesk, err := tx.HasTemporaryCode(l.user, mac)
	if err != nil || !live || helpdesk && l.Client.Mode == ModeCode {
		return match{}, err
	}
	return match{kind: matchTemporary, mac: mac}, nil
}
