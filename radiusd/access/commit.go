package access

import (
	"context"
	"fmt"
	"io"
	"slices"

	"vpn-otpd/store"
)

// commit decides and writes in one transaction: what is burnt, counted or kept,
// and the audit record. Without it there is no answer.
func (g *Gate) commit(ctx context.Context, l *login) (Decision, error) {
	var decision Decision
	err := g.store.UpdateUser(ctx, l.identified, func(tx *store.Tx) (err error) {
		decision, err = g.decide(tx, l)
		return err
	})
	if err == nil && l.accepted.kind == matchTOTP && decision.Verdict == Accept {
		g.witness(decision.User, l.accepted.step, l.accepted.device.Period, g.now())
	}
	return decision, err
}

func (g *Gate) decide(tx *store.Tx, l *login) (Decision, error) {
	l.alarm, l.drifts, l.accepted = false, false, match{}
	f, err := g.gather(tx, l)
	if err != nil {
		return Decision{}, err
	}
	if err := settleResetByHand(tx, l.settings, f.account); err != nil {
		return Decision{}, err
	}
	repeat := g.repeatMAC(l)
	if decision, found, err := g.earlierVerdict(tx, repeat, l); err != nil || found {
		return decision, err
	}
	o, err := g.settle(tx, f)
	if err != nil {
		return Decision{}, err
	}
	l.alarm, l.drifts = o.locksNow, f.match.drifts
	l.accepted = f.match
	if err := noteUser(tx, l, f, o); err != nil {
		return Decision{}, err
	}
	if err := g.remember(tx, l, f, o); err != nil {
		return Decision{}, err
	}
	decision := l.decision(f, o)
	if o.firstUse {
		if err := g.beginFirstUse(tx, l, f); err != nil {
			return Decision{}, err
		}
		if err := g.present(&decision, l.Client, *f.enrollment); err != nil {
			return Decision{}, err
		}
	}
	if o.verdict == Challenge {
		if decision.State, err = g.newState(tx, l, f, o); err != nil {
			return Decision{}, err
		}
	}
	if err := g.record(tx, l, f, o); err != nil {
		return Decision{}, err
	}
	return decision, keepVerdict(tx, repeat, decision, f)
}

// noteUser gives a user of another first factor an account, where something is
// to be bound to its epoch or reported, and keeps the groups.
func noteUser(tx *store.Tx, l *login, f *facts, o outcome) error {
	web := l.Client.Mode == ModeWeb && o.verdict == Accept
	if !f.known && (o.firstUse || web || l.told && mustEnroll[o.reason]) {
		added, err := tx.NoteAccount(f.account.Name)
		if err != nil {
			return err
		}
		if !added { // it was decided that there is none: the client asks again
			return fmt.Errorf("the account was added meanwhile")
		}
		account, known, err := tx.Account(f.account.Name)
		if err != nil {
			return err
		}
		f.account, f.known = account, known
	}
	of := l.settings.groupsID
	if !f.known || !l.told || !l.carried.GroupsKnown || of == f.account.GroupsOf && slices.Equal(f.account.Groups, l.carried.Groups) {
		return nil
	}
	f.account.GroupsOf, f.account.Groups = of, l.carried.Groups
	return tx.SetGroups(f.account.Name, of, l.carried.Groups)
}

// mustEnroll are the reasons after which a user belongs into the report of those
// who must still enroll.
var mustEnroll = map[Reason]bool{EnrollmentGrace: true, EnrollmentRequired: true, EnrollmentClosed: true}

// settle evaluates and writes what the outcome asks for. Where the State or the
// code was taken by somebody else since it was read, it evaluates again without.
func (g *Gate) settle(tx *store.Tx, f *facts) (outcome, error) {
	for {
		o := evaluate(f)
		if f.state != nil && !f.taken && f.stateFault() == "" {
			_, taken, err := tx.TakeState(f.state.ID)
			if err != nil {
				return outcome{}, err
			}
			if !taken {
				f.state = nil
				continue
			}
			f.taken = true
		}
		if o.lock != nil {
			if err := tx.SetLock(f.account.Name, *o.lock); err != nil {
				return outcome{}, err
			}
		}
		if !o.burns {
			return o, nil
		}
		won, err := g.burn(tx, f)
		if err != nil || won {
			return o, err
		}
		f.match.kind = matchUsed
	}
}

// burn takes the one-time thing that was typed; won is false where it was gone.
func (g *Gate) burn(tx *store.Tx, f *facts) (won bool, err error) {
	switch m := f.match; m.kind {
	case matchTOTP:
		return tx.BurnStep(m.device, m.step, f.field)
	case matchRecovery:
		return tx.BurnRecoveryCode(f.account.Name, m.mac)
	case matchTemporary:
		return tx.BurnTemporaryCode(f.account.Name, m.mac)
	case matchPending:
		return g.completeFirstUse(tx, f)
	}
	return false, fmt.Errorf("a match of kind %d can't be burnt", f.match.kind)
}

// decision is the answer that an outcome makes.
func (l *login) decision(f *facts, o outcome) Decision {
	d := Decision{ID: l.id, Verdict: o.verdict, Reason: o.reason, User: l.user, TriesLeft: o.triesLeft, Epoch: f.account.Epoch}
	if standing := f.standing(); len(f.account.Devices) == 0 && o.verdict != Reject && standing.requires {
		d.EnrollBy = f.grace(f.firstUseOf(standing))
	}
	if o.verdict == Accept {
		d.Groups, d.Attributes = f.carried.Groups, f.carried.Attributes
	}
	if o.reason == Locked || o.reason == LockedCodeRight {
		d.LockedUntil = f.account.Lock.Until
	}
	return d
}

// drawID draws what names a State or an enrollment: 16 octets that nobody can guess.
func (g *Gate) drawID() ([]byte, error) {
	id := make([]byte, stateIDSize)
	if _, err := io.ReadFull(g.random, id); err != nil {
		return nil, fmt.Errorf("drawing an id: %w", err)
	}
	return id, nil
}

// newState keeps what the challenge stands for, under a name that nobody can guess.
func (g *Gate) newState(tx *store.Tx, l *login, f *facts, o outcome) (string, error) {
	id, err := g.drawID()
	if err != nil {
		return "", err
	}
	state := store.State{
		ID: id, User: f.account.Name, AskedName: l.asked, Client: l.Client.Name, Epoch: f.account.Epoch,
		TriesLeft: o.triesLeft, ExpiresAt: tx.Now().Add(l.settings.ChallengeLifetime), BegunAt: tx.Now(),
	}
	if f.state != nil {
		state.BegunAt = f.state.BegunAt
	}
	if state.Carried, err = f.carried.write(l.settings); err != nil {
		return "", err
	}
	if o.firstUse {
		state.Enrollment, state.ExpiresAt = f.enrollment.ID, f.enrollment.ExpiresAt
	}
	return printState(g.store, id, stateOfCode), tx.AddState(state)
}
