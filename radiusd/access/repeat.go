package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"vpn-otpd/store"
)

// repeatFor is how long a login that comes again gets its first verdict again.
const repeatFor = 15 * time.Second

// keptVerdict is a decision as the store keeps it for repeats.
type keptVerdict struct {
	Epoch    int64
	Decision Decision
	// Enrollment is that of a first use: what its challenge shows is read
	// again, and not kept here in clear.
	Enrollment []byte `json:",omitempty"`
}

// repeatMAC names a login by what makes it provably the same one when a client
// sends it again with a new authenticator and port: client, user, field, State
// and the session's id. nil: too little to prove it, so a repeat is a login of
// its own. The name is a MAC, for the field may hold a password.
func (g *Gate) repeatMAC(l *login) []byte {
	session := "session " + l.SessionID
	if l.SessionID == "" {
		if !l.Client.RepeatByNASPort || l.NASPort == "" {
			return nil
		}
		session = "port " + l.NASPort
	}
	return g.store.MAC(store.PurposeRepeat, []byte(l.Client.Name), []byte(l.asked), l.Password, []byte(l.State), []byte(session))
}

// earlierVerdict finds the decision that this very login got just before. What
// an administrator changed since then voids it.
func (g *Gate) earlierVerdict(tx *store.Tx, repeat []byte, l *login) (Decision, bool, error) {
	if repeat == nil {
		return Decision{}, false, nil
	}
	answer, found, err := tx.Verdict(repeat)
	if err != nil || !found {
		return Decision{}, false, err
	}
	var kept keptVerdict
	if err := json.Unmarshal([]byte(answer), &kept); err != nil {
		return Decision{}, false, fmt.Errorf("reading an earlier verdict: %w", err)
	}
	// The State that named the user is taken by now: the verdict names whose it was.
	account, _, err := tx.Account(kept.Decision.User)
	if err != nil || kept.Epoch != account.Epoch {
		return Decision{}, false, err
	}
	if kept.Enrollment != nil {
		e, found, err := tx.Enrollment(account.Name, kept.Enrollment)
		if err != nil || !found {
			return Decision{}, false, err
		}
		if err := g.present(&kept.Decision, l.Client, e); err != nil {
			return Decision{}, false, err
		}
	}
	return kept.Decision, true, nil
}

// repeated is a *repeatedError where this very login got its verdict just before:
// then the first factor isn't asked again.
func (g *Gate) repeated(ctx context.Context, l *login) error {
	repeat := g.repeatMAC(l)
	if repeat == nil {
		return nil
	}
	return g.store.View(ctx, func(tx *store.Tx) error {
		decision, found, err := g.earlierVerdict(tx, repeat, l)
		if err == nil && found {
			err = &repeatedError{decision}
		}
		return err
	})
}

func keepVerdict(tx *store.Tx, repeat []byte, decision Decision, f *facts) error {
	if repeat == nil {
		return nil
	}
	kept := keptVerdict{Epoch: f.account.Epoch, Decision: decision}
	if decision.Verdict == Challenge && f.enrollment != nil {
		kept.Enrollment = f.enrollment.ID
	}
	answer, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keeping a verdict: %w", err)
	}
	return tx.AddVerdict(repeat, string(answer), tx.Now().Add(repeatFor))
}
