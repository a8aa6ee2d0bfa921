package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"vpn-otpd/store"
)

// ConnectionStore is what Connections need of the store.
type ConnectionStore interface {
	Update(ctx context.Context, apply func(*store.Tx) error) error
	View(ctx context.Context, read func(*store.Tx) error) error
	Connections(ctx context.Context, q store.ConnectionQuery) ([]store.Connection, error)
	PruneConnections(ctx context.Context, ended, silent time.Time) (pruned int64, err error)
}

// Connections are who is connected where since when, as VPN servers tell it. They
// say nothing of who may pass, and no decision looks at them.
type Connections struct {
	store ConnectionStore
	gate  *Gate // for its rules
}

// NewConnections makes Connections over a store, with the gate's rules for names.
func NewConnections(s ConnectionStore, gate *Gate) *Connections {
	return &Connections{store: s, gate: gate}
}

// Connection is one connection as it is shown.
type Connection struct {
	store.Connection
	// Stale: it is open, but for so long without news that it may be over.
	Stale bool
}

// Record keeps an event for good; the error is ErrStore where it could not. An
// event that comes again, late, or out of order leaves the same behind as if it
// had come once and in time.
func (c *Connections) Record(ctx context.Context, event Accounting) error {
	if err := c.record(ctx, event); err != nil {
		return fmt.Errorf("%w: recording a connection: %w", ErrStore, err)
	}
	return nil
}

func (c *Connections) record(ctx context.Context, event Accounting) error {
	if event.Status == AccountingOn || event.Status == AccountingOff {
		return c.endAll(ctx, event)
	}
	var user string
	err := c.store.View(ctx, func(tx *store.Tx) (err error) { // before the update, which holds others up
		user, err = c.user(tx, event.UserName)
		return err
	})
	if err != nil {
		return err
	}
	return c.store.Update(ctx, func(tx *store.Tx) error {
		n := newsOf(event, user, tx.Now())
		for {
			done, err := n.keep(tx)
			if done || err != nil {
				return err
			}
		}
	})
}

// keep writes what follows from an event. It is not done where another node added
// the connection in between.
func (n news) keep(tx *store.Tx) (done bool, err error) {
	known, found, err := tx.Connection(n.told.Client, n.told.NAS, n.told.Session)
	switch {
	case err != nil:
		return false, err
	case !found:
		return tx.AddConnection(n.first())
	case !n.isOther(known):
		if after := n.follow(known); after != known {
			return true, tx.ChangeConnection(after)
		}
		return true, nil
	}
	if known.EndedAt.IsZero() {
		known.EndedAt, known.TerminateCause = known.UpdatedAt, CauseReplaced
		if err := tx.ChangeConnection(known); err != nil {
			return false, err
		}
	}
	next := n.first()
	next.Number = known.Number + 1
	return tx.AddConnection(next)
}

// endAll ends what a NAS had when it began or ended accounting. Told again, it
// leaves alone what began since.
func (c *Connections) endAll(ctx context.Context, event Accounting) error {
	cause := CauseNASOn
	if event.Status == AccountingOff {
		cause = CauseNASOff
	}
	return c.store.Update(ctx, func(tx *store.Tx) error {
		at := event.happened(tx.Now())
		before := at
		if event.Delay > 0 {
			before = at.Add(-secondsOnly)
		}
		_, err := tx.EndConnections(event.Client, identifier(event.NAS), before, at, cause)
		return err
	})
}

// user is the name to be kept: canonical where a user has it. A name that nobody
// has may be a password, and is kept as a hash only.
func (c *Connections) user(tx *store.Tx, typed string) (string, error) {
	if typed == "" {
		return "", nil
	}
	name, err := c.gate.settings.Load().Names.Canonicalize(typed)
	if err != nil {
		return c.gate.hashedName(typed), nil
	}
	_, known, err := tx.Account(name)
	if err != nil {
		return "", err
	}
	if !known { // users of a directory may have no account, but have logged in
		records, err := tx.RecentRecords(name, 1)
		if err != nil {
			return "", err
		}
		known = len(records) > 0
	}
	if !known {
		return c.gate.hashedName(typed), nil
	}
	return name, nil
}

// List returns at most q.Limit connections that q selects, by user. The user is a
// name as typed, or as an earlier list had it.
func (c *Connections) List(ctx context.Context, q store.ConnectionQuery) ([]Connection, error) {
	if q.User != "" && !strings.HasPrefix(q.User, unknownName) { // as it is listed
		err := c.store.View(ctx, func(tx *store.Tx) (err error) {
			q.User, err = c.user(tx, q.User)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	found, err := c.store.Connections(ctx, q)
	if err != nil {
		return nil, err
	}
	stale := c.gate.now().Add(-c.gate.settings.Load().AccountingKeep)
	connections := make([]Connection, 0, len(found))
	for _, one := range found {
		connections = append(connections, Connection{one, one.EndedAt.IsZero() && one.UpdatedAt.Before(stale)})
	}
	return connections, nil
}

// Prune removes connections that ended long enough ago, and those that have been
// stale for as long again.
func (c *Connections) Prune(ctx context.Context) (pruned int64, err error) {
	now, keep := c.gate.now(), c.gate.settings.Load().AccountingKeep
	return c.store.PruneConnections(ctx, now.Add(-keep), now.Add(-2*keep))
}
