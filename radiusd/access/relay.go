package access

import (
	"context"
	"errors"
	"time"

	"vpn-otpd/store"
)

// repeatedError: the verdict on this very login was given before.
type repeatedError struct{ decision Decision }

func (*repeatedError) Error() string { return "the verdict was given before" }

// relay asks the user what the first factor wants to know. Nothing has passed
// yet, so it is counted like a refusal and not recorded like a login.
func (g *Gate) relay(ctx context.Context, l *login, asking *Asking) (Decision, error) {
	if l.Client.Mode != ModeChallenge && l.Client.Mode != ModeWeb {
		return g.refuseUnidentified(ctx, l, PasswordAsks)
	}
	decision := Decision{ID: l.id, Verdict: Challenge, Reason: PasswordAsks, TriesLeft: 1, Message: asking.Message}
	l.carried.Token = asking.Token
	err := g.store.Update(ctx, func(tx *store.Tx) error {
		account, known, err := tx.Account(l.asked)
		if err != nil {
			return err
		}
		if known {
			decision.User = l.asked
		}
		id, err := g.drawID()
		if err != nil {
			return err
		}
		text, err := l.carried.write(l.settings)
		if err != nil {
			return err
		}
		decision.State = printState(g.store, id, stateOfRelay)
		err = tx.AddState(store.State{ID: id, User: l.asked, AskedName: l.asked, Client: l.Client.Name, Epoch: account.Epoch,
			TriesLeft: relayTries, ExpiresAt: tx.Now().Add(l.settings.ChallengeLifetime), BegunAt: tx.Now(), Carried: text})
		if err != nil {
			return err
		}
		if err := g.countRefusal(tx, l, PasswordAsks, decision.User); err != nil {
			return err
		}
		return keepVerdict(tx, g.repeatMAC(l), decision, &facts{account: account})
	})
	return decision, err
}

// answerRelay gives the answer to the first factor that asked, once. Where that
// one doesn't answer in turn, the State counts again: the client will ask another
// server of ours.
func (g *Gate) answerRelay(ctx context.Context, l *login, id []byte) (Reason, error) {
	state, refused, err := g.takeRelay(ctx, l, id)
	if err != nil || refused != "" {
		return refused, err
	}
	if l.carried, err = readCarried(state.Carried, l.carried); err != nil {
		return "", err
	}
	token := l.carried.Token
	l.carried.Token = nil
	l.field = field{password: l.Password}
	refused, err = g.firstFactor(ctx, l, token)
	if asking := (*Asking)(nil); err != nil && !errors.As(err, &asking) {
		return "", giveBack(g.store, state, err)
	}
	return refused, err
}

// takeRelay takes the State of a question that was relayed, for one answer.
func (g *Gate) takeRelay(ctx context.Context, l *login, id []byte) (state store.State, refused Reason, err error) {
	err = g.store.Update(ctx, func(tx *store.Tx) error {
		decision, found, err := g.earlierVerdict(tx, g.repeatMAC(l), l)
		if err != nil {
			return err
		}
		if found {
			return &repeatedError{decision}
		}
		f := &facts{client: l.Client, now: tx.Now(), askedName: l.asked}
		kept, found, err := tx.State(id)
		if err != nil {
			return err
		}
		if found {
			f.state = &kept
			if f.account, _, err = tx.Account(kept.User); err != nil {
				return err
			}
		}
		if refused = f.stateFault(); refused != "" {
			return nil
		}
		var taken bool
		if state, taken, err = tx.TakeState(id); err == nil && !taken {
			refused = StateUnknown
		}
		return err
	})
	return state, refused, err
}

// relayTries is how often one question may stay without an answer of the first
// factor's.
const relayTries = 3

// giveBackWithin bounds how long the store is waited for once the answer is lost.
const giveBackWithin = time.Second

// giveBack keeps a State again that nothing came of, and returns why.
func giveBack(s Store, state store.State, why error) error {
	if state.TriesLeft--; state.TriesLeft < 1 {
		return why
	}
	ctx, cancel := context.WithTimeout(context.Background(), giveBackWithin)
	defer cancel()
	if err := s.Update(ctx, func(tx *store.Tx) error { return tx.AddState(state) }); err != nil {
		return errors.Join(why, err)
	}
	return why
}
