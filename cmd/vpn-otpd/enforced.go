package main

import (
	"context"
	"fmt"
	"time"

	"vpn-otpd/store"
)

// enforcedSinceKey is where the store keeps when two-factor was first enforced,
// as RFC 3339; "": it isn't.
const enforcedSinceKey = "enforced_since"

// keepEnforcedSince returns since when two-factor is enforced, zero where it
// isn't. Nodes share it: whoever is first to enforce it says when. A pause in
// between begins it anew.
func keepEnforcedSince(ctx context.Context, s *store.Store, enforced bool) (since time.Time, err error) {
	kept := ""
	err = s.View(ctx, func(tx *store.Tx) error {
		kept, err = tx.Meta(enforcedSinceKey)
		return err
	})
	if err == nil && enforced != (kept != "") {
		err = s.Update(ctx, func(tx *store.Tx) error {
			kept, err = changeEnforcedSince(tx, enforced)
			return err
		})
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("keeping since when two-factor is enforced: %w", err)
	}
	if kept == "" {
		return time.Time{}, nil
	}
	if since, err = time.Parse(time.RFC3339, kept); err != nil {
		return time.Time{}, fmt.Errorf("reading since when two-factor is enforced: %w", err)
	}
	return since, nil
}

// changeEnforcedSince looks again: another node may have been faster.
func changeEnforcedSince(tx *store.Tx, enforced bool) (string, error) {
	kept, err := tx.Meta(enforcedSinceKey)
	if err != nil || enforced == (kept != "") {
		return kept, err
	}
	if kept = ""; enforced {
		kept = tx.Now().UTC().Format(time.RFC3339)
	}
	return kept, tx.SetMeta(enforcedSinceKey, kept)
}
