package access

import (
	"strings"
	"time"

	"vpn-otpd/store"
)

// LongestRemembered is the most time for which a full login is remembered.
const LongestRemembered = 24 * time.Hour

// remembers reports whether this client lets users reconnect on the password
// alone, and the request says from which device.
func (l *login) remembers() bool {
	return l.Client.RememberFor > 0 && strings.TrimSpace(l.CallingStation) != "" &&
		(l.Client.Mode == ModeChallenge || l.Client.Mode == ModeAppend)
}

// deviceMAC names the device that a login comes from: the client, and the
// Calling-Station-Id without its port.
func (g *Gate) deviceMAC(l *login, user string) []byte {
	station := strings.ToLower(strings.TrimSpace(l.CallingStation))
	if address := sourceOf(station); address.IsValid() {
		station = address.String()
	}
	return g.store.MAC(store.PurposeRemembered, []byte(user), []byte(l.Client.Name), []byte(station))
}

// gatherRemembered looks for a full login that this one reconnects: of the same
// epoch, not too long ago by the rules of now, and only where no code was typed.
func (g *Gate) gatherRemembered(tx *store.Tx, l *login, f *facts) error {
	if f.resumes || f.typed != typedNothing || !f.known || !l.remembers() {
		return nil
	}
	login, found, err := tx.Remembered(l.user, g.deviceMAC(l, l.user))
	if err != nil || !found {
		return err
	}
	if login, lives := alive(login, f.account, l.Client.RememberFor, f.now); lives {
		f.remembered = &login
	}
	return nil
}

// alive reports whether a remembered login still counts, and gives it the end that
// it has by the rules of now. One from the future, where the clock was set back,
// doesn't.
func alive(r store.Remembered, account store.Account, rememberFor time.Duration, now time.Time) (store.Remembered, bool) {
	if end := r.CreatedAt.Add(min(rememberFor, LongestRemembered)); end.Before(r.ExpiresAt) {
		r.ExpiresAt = end
	}
	return r, r.Epoch == account.Epoch && r.ExpiresAt.After(now) && !r.CreatedAt.After(now)
}

// remember keeps a full login with a device's own code. A lock ends all that
// were kept: whoever types wrong codes knows the password.
func (g *Gate) remember(tx *store.Tx, l *login, f *facts, o outcome) error {
	if o.locksNow {
		_, err := tx.ForgetLogins(f.account.Name)
		return err
	}
	if o.verdict != Accept || f.match.kind != matchTOTP || !l.remembers() {
		return nil
	}
	return tx.Remember(store.Remembered{User: f.account.Name, MAC: g.deviceMAC(l, f.account.Name), Client: l.Client.Name,
		CallingStation: printable(l.CallingStation), Epoch: f.account.Epoch, CreatedAt: tx.Now(),
		ExpiresAt: tx.Now().Add(min(l.Client.RememberFor, LongestRemembered))})
}
