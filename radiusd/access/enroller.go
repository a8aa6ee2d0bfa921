package access

import (
	"context"
	"net/netip"
	"time"

	"vpn-otpd/store"
)

// Enroller is how users change their own enrollment. Each change is checked and
// written in one transaction, with its audit record. Its methods may be used in
// parallel; what isn't done comes back as an [EnrollmentFault].
type Enroller struct{ gate *Gate }

// NewEnroller makes an Enroller that goes by the gate's rules.
func NewEnroller(gate *Gate) *Enroller { return &Enroller{gate} }

// holder looks at the user of a pass; a pass that doesn't count any more is
// FaultSession. So is one that was given on the password alone, while two-factor
// was off or before there was a device, where a code is asked by now.
func (e *Enroller) holder(tx *store.Tx, settings *Settings, pass Pass) (store.Account, error) {
	account, known, err := tx.Account(pass.User)
	if err != nil {
		return store.Account{}, err
	}
	if !known {
		account = store.Account{Name: pass.User, Policy: store.PolicyDefault}
	}
	if pass.User == "" || account.Epoch != pass.Epoch || account.Disabled {
		return store.Account{}, FaultSession
	}
	if pass.Kind == store.EnrollmentSession && !pass.Proven && len(account.Devices) > 0 &&
		settings.standingFor(account, tx.Now()) != StandingDisabled {
		return store.Account{}, FaultSession
	}
	return account, nil
}

// mayEnroll is holder, where two-factor isn't off.
func (e *Enroller) mayEnroll(tx *store.Tx, settings *Settings, pass Pass) (store.Account, error) {
	account, err := e.holder(tx, settings, pass)
	if err == nil && settings.standingFor(account, tx.Now()) == StandingDisabled {
		err = FaultDisabled
	}
	return account, err
}

// Standing says how the user of a pass stands.
func (e *Enroller) Standing(ctx context.Context, pass Pass, from netip.Addr) (s Standing, err error) {
	const shown = 20
	settings := e.gate.settings.Load()
	err = e.gate.store.View(ctx, func(tx *store.Tx) error {
		if s.Account, err = e.holder(tx, settings, pass); err != nil {
			return err
		}
		if pass.Kind != store.EnrollmentSession { // a ticket shows nothing but its enrollment
			return FaultSession
		}
		s.Policy = settings.standingFor(s.Account, tx.Now())
		s.MayRemove = s.Policy == StandingOptional
		if s.Policy == StandingEnforced && len(s.Account.Devices) == 0 {
			rule := settings.firstUseFor(s.Account, from, tx.Now())
			s.EnrollBy = rule.grace(s.Account, tx.Now())
			s.Closed = rule.closed(s.Account, from, tx.Now())
		}
		if s.Account.RecoveryCodes, err = tx.RecoveryCodesLeft(pass.User); err != nil {
			return err
		}
		if s.Remembered, err = settings.remembered(tx, s.Account); err != nil {
			return err
		}
		if s.Records, err = tx.RecentRecords(pass.User, shown); err != nil {
			return err
		}
		s.Refusals, err = tx.RecentRefusals(pass.User, shown)
		return err
	})
	return s, err
}

// page is a user who isn't at any client: what one of them enforces is enforced.
func (s *Settings) page(account store.Account, now time.Time) subject {
	groups, known := s.seenGroups(account)
	return subject{client: Client{Name: WebClient, RequireAlways: s.AlwaysSomewhere}, groups: groups, groupsKnown: known, now: now, onPage: true}
}

// standingFor is the policy for a user on the page, by the groups of the last login.
func (s *Settings) standingFor(account store.Account, now time.Time) StandingPolicy {
	switch standing := standingOf(s, s.page(account, now), account); {
	case !standing.asks && standing.reason == TwoFactorDisabled:
		return StandingDisabled
	case standing.requires:
		return StandingEnforced
	}
	return StandingOptional
}

// firstUseFor is how a user on the page may enroll, by what holds where the
// browser is.
func (s *Settings) firstUseFor(account store.Account, from netip.Addr, now time.Time) FirstUse {
	page := s.page(account, now)
	page.source, page.here = from, true
	return standingOf(s, page, account).firstUse(account, from, now)
}

// addressText is the address of a browser, "" where it isn't known.
func addressText(from netip.Addr) string {
	if !from.IsValid() {
		return ""
	}
	return from.String()
}
