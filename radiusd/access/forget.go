package access

import (
	"context"
	"fmt"
	"net/netip"

	"vpn-otpd/store"
)

// remembered are the logins of a user that may be reconnected now, newest first.
func (s *Settings) remembered(tx *store.Tx, account store.Account) ([]store.Remembered, error) {
	if account.Disabled || account.Lock.Until.After(tx.Now()) {
		return nil, nil
	}
	kept, err := tx.RememberedLogins(account.Name)
	if err != nil {
		return nil, err
	}
	var live []store.Remembered
	for _, r := range kept {
		if r, lives := alive(r, account, s.RememberFor[r.Client], tx.Now()); lives {
			live = append(live, r)
		}
	}
	return live, nil
}

// RememberedLogins are the logins of a user after which the same device may
// reconnect on the password alone, each with its end by the rules of now.
func (a *Accounts) RememberedLogins(ctx context.Context, name string) (live []store.Remembered, err error) {
	canonical, err := a.Canonical(name)
	if err != nil {
		return nil, err
	}
	err = a.store.View(ctx, func(tx *store.Tx) error {
		account, found, err := tx.Account(canonical)
		if err == nil && !found {
			err = refused(RefusedMissing, "no user %q", canonical)
		}
		if err == nil {
			live, err = a.gate.settings.Load().remembered(tx, account)
		}
		return err
	})
	return live, err
}

// ForgetLogins ends all of them, and says how many there were. The user isn't told:
// nothing but a code is asked for once more.
func (a *Accounts) ForgetLogins(ctx context.Context, actor store.Actor, name string) (forgotten int, err error) {
	err = a.change(ctx, actor, name, EventForgotten, func(tx *store.Tx, account store.Account) (string, error) {
		forgotten, err = a.gate.settings.Load().forget(tx, account)
		return fmt.Sprintf("logins=%d", forgotten), err
	})
	return forgotten, err
}

// ForgetLogins ends the remembered logins of the user of a pass.
func (e *Enroller) ForgetLogins(ctx context.Context, pass Pass, from netip.Addr) error {
	settings := e.gate.settings.Load()
	return e.gate.store.Update(ctx, func(tx *store.Tx) error {
		account, err := e.holder(tx, settings, pass)
		if err == nil && pass.Kind != store.EnrollmentSession {
			err = FaultSession
		}
		if err != nil {
			return err
		}
		forgotten, err := settings.forget(tx, account)
		if err != nil {
			return err
		}
		return tx.Audit(store.Record{Event: EventForgotten, User: account.Name, Client: WebClient, CallingStation: addressText(from),
			Actor: self, Detail: fmt.Sprintf("logins=%d", forgotten)})
	})
}

// forget ends all logins that are kept, and counts those that would have counted.
func (s *Settings) forget(tx *store.Tx, account store.Account) (live int, err error) {
	logins, err := s.remembered(tx, account)
	if err != nil {
		return 0, err
	}
	_, err = tx.ForgetLogins(account.Name)
	return len(logins), err
}
