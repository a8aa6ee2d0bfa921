package main

import (
	"context"
	"fmt"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// nameRuleKey is where the store keeps the rule that its names follow.
const nameRuleKey = "name_rule"

// adoptNameRule makes sure that every stored name is canonical under the rule.
// A changed rule that would merge two users, or leave one unreachable, is
// refused. The users are read only when the rule has changed.
func adoptNameRule(ctx context.Context, s *store.Store, names access.Names) error {
	var kept string
	err := s.View(ctx, func(tx *store.Tx) (err error) {
		kept, err = tx.Meta(nameRuleKey)
		return err
	})
	if err != nil || kept == string(names.Realm) {
		return err
	}
	for after := ""; ; {
		page, err := s.Names(ctx, after, 1000)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, name := range page {
			canonical, err := names.Canonicalize(name)
			if err != nil || canonical != name {
				return fmt.Errorf("names.realm = %q: user %q would become %q; delete or rename such users first, or keep the old rule", names.Realm, name, canonical)
			}
		}
		after = page[len(page)-1]
	}
	return s.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(nameRuleKey, string(names.Realm)) })
}
