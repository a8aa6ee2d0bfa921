package main

import (
	"context"
	"fmt"
	"time"

	"vpn-otpd/store"
)

// enforcedSinceKey is where the store keeps when two-factor was first enforced,
// as RFC 3339; "": it isn't. A rule's own has its name behind a colon.
const enforcedSinceKey = "enforced_since"

// keepSince fills in since when each part of the configuration enforces. A rule
// that says itself when it begins is taken at its word.
func keepSince(ctx context.Context, s *store.Store, config *Config) (err error) {
	enforcing := config.enforcing()
	if config.Settings.FirstUse.Since, err = keepEnforcedSince(ctx, s, enforcedSinceKey, enforcing[""]); err != nil {
		return err
	}
	for i := range config.Settings.Rules {
		rule := &config.Settings.Rules[i]
		since, err := keepEnforcedSince(ctx, s, enforcedSinceKey+":"+rule.Name, enforcing[rule.Name])
		if err != nil {
			return err
		}
		if rule.FirstUse.Since = since; !rule.Begins.IsZero() {
			rule.FirstUse.Since = rule.Begins
		}
	}
	return nil
}

// keepEnforcedSince returns since when two-factor is enforced, zero where it
// isn't. Nodes share it: whoever is first to enforce it says when. A pause in
// between begins it anew.
func keepEnforcedSince(ctx context.Context, s *store.Store, key string, enforced bool) (since time.Time, err error) {
	kept := ""
	err = s.View(ctx, func(tx *store.Tx) error {
		kept, err = tx.Meta(key)
		return err
	})
	if err == nil && enforced != (kept != "") {
		err = s.Update(ctx, func(tx *store.Tx) error {
			kept, err = changeEnforcedSince(tx, key, enforced)
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
func changeEnforcedSince(tx *store.Tx, key string, enforced bool) (string, error) {
	kept, err := tx.Meta(key)
	if err != nil || enforced == (kept != "") {
		return kept, err
	}
	if kept = ""; enforced {
		kept = tx.Now().UTC().Format(time.RFC3339)
	}
	return kept, tx.SetMeta(key, kept)
}
