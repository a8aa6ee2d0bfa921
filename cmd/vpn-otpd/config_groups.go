package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"vpn-otpd/enroll"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/password/ldap"
)

// checkGroups warns where rules go by groups that nobody tells, or that others
// than the administrator may make. withLookup: users can be looked up without
// their password.
func (l *loader) checkGroups(w *file, withLookup bool) {
	byGroup := func(groups []string) bool { return len(groups) > 0 }
	policies := slices.ContainsFunc(w.Policy, func(p policyConfig) bool { return byGroup(p.Groups) })
	replies := slices.ContainsFunc(w.Radius.Reply, func(r replyConfig) bool { return byGroup(r.Groups) })
	if policies || replies {
		l.warnUntold(w, withLookup)
	}
	easing := slices.ContainsFunc(w.Policy, func(p policyConfig) bool {
		return byGroup(p.Groups) && access.TwoFactor(p.TwoFactor) != access.TwoFactorRequired && p.TwoFactor != ""
	})
	if easing || replies {
		l.warnForeignGroups(w)
	}
}

// warnUntold names the ways in of users whose groups nobody tells.
func (l *loader) warnUntold(w *file, withLookup bool) {
	untold := func(key, whose string) {
		l.warn(key, "nothing tells the groups of %s, and there are rules by group ([[policy]] or [[radius.reply]])", whose)
	}
	offers := func(way enroll.SignInWay) bool { return slices.Contains(w.Enroll.SignIn, string(way)) }
	if slices.Contains(w.Password.Order, backendLocal) {
		untold("password.order", `the accounts of "local"`)
	}
	tellsNone := w.Password.LDAP != nil && w.Password.LDAP.Groups == ldap.GroupsNone
	if tellsNone && slices.Contains(w.Password.Order, backendLDAP) {
		untold("password.ldap.groups", "users of the directory")
	}
	if w.Password.Radius != nil && w.Password.Radius.GroupAttribute == "" {
		untold("password.radius.group_attribute", "users of these servers")
	}
	if w.Enroll.OIDC != nil && w.Enroll.OIDC.GroupsClaim == "" && offers(enroll.SignInProvider) {
		untold("enroll.oidc.groups_claim", "who signs in there")
	}
	if w.Enroll.Header != nil && w.Enroll.Header.Groups == "" && offers(enroll.SignInHeader) {
		untold("enroll.header.groups", "who signs in by it")
	}
	for i, c := range w.Radius.Client {
		if access.Mode(c.Mode) == access.ModeCode && c.PassUnenrolled && (!withLookup || tellsNone) {
			untold(fmt.Sprintf("radius.client[%d].pass_unenrolled", i), fmt.Sprintf("users of client %q, who may pass without a code", c.Name))
		}
	}
}

// warnForeignGroups: in a directory whoever may make groups somewhere makes one
// that is named as another elsewhere.
func (l *loader) warnForeignGroups(w *file) {
	directory := w.Password.LDAP
	if directory == nil || !slices.Contains(w.Password.Order, backendLDAP) || directory.GroupBase != "" || directory.GroupName == ldap.WholeDN {
		return
	}
	switch cmp.Or(directory.Groups, ldap.GroupsMemberOf) {
	case ldap.GroupsMemberOf, ldap.GroupsNested:
		l.warn("password.ldap.group_base", "it isn't set: groups of the same name count wherever they are, and whoever may make groups "+
			`anywhere gets what rules give to one; set it, or group_name = "dn"`)
	}
}

// checkRealm refuses to cut the realm off names that are unique with it only.
func (l *loader) checkRealm(w *file) {
	if access.RealmRule(w.Names.Realm) != access.RealmStrip {
		return
	}
	const fault = `not with names.realm = "strip": %s holds addresses, and alice@example.org and alice@example.com would be one user here`
	if provider := w.Enroll.OIDC; provider != nil && slices.Contains([]string{"email", "upn"}, provider.NameClaim) {
		l.fault("enroll.oidc.name_claim", fault, provider.NameClaim)
	}
	addresses := []string{"mail", "userPrincipalName"}
	if directory := w.Password.LDAP; directory != nil && slices.ContainsFunc(addresses, func(a string) bool { return strings.EqualFold(a, directory.NameAttribute) }) {
		l.fault("password.ldap.name_attribute", fault, directory.NameAttribute)
	}
}

// warnMigration: the page knows nothing of what the former server checks.
func (l *loader) warnMigration(w *file, rules access.Settings) {
	if w.Enroll.URL == "" || rules.MigrateUntil.Before(time.Now()) {
		return
	}
	open := func(first access.FirstUse) bool {
		return first.How != access.FirstUseInvitation && len(first.Networks) == 0
	}
	if open(rules.FirstUse) || slices.ContainsFunc(rules.Rules, func(r access.PolicyRule) bool { return open(r.FirstUse) }) {
		l.warn("password.radius.migrate_until", "until then the page lets anybody with the password of a user who was never enrolled here enroll, though the former "+
			`servers would ask for a second factor: set first_use = "invitation" or first_use_networks in [enroll] (and in each [[policy]] that has its own)`)
	}
}
