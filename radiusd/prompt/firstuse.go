package prompt

import (
	"fmt"
	"strings"

	"vpn-otpd/radiusd/access"
)

// firstUse is the question of a first use, with the address or the secret that
// the user needs for an answer; "": there is none to tell.
func firstUse(style Style, c catalog, d access.Decision) string {
	var page, key string
	switch d.Reason {
	case access.EnrollmentRequired:
		page, key = c.PageRequired, c.KeyRequired
	case access.EnrollmentNotBegun:
		page, key = c.PageNotBegun, c.KeyRequired
	case access.EnrollmentWrong:
		page, key = c.PageWrong, c.KeyWrong
	default:
		return ""
	}
	switch {
	case d.Ticket != "" && style.EnrollURL != "":
		return fmt.Sprintf(page, style.EnrollURL+d.Ticket)
	case d.Secret != "":
		return fmt.Sprintf(key, inGroups(d.Secret))
	}
	return ""
}

// inGroups writes a secret in groups of four letters, as people copy it best.
func inGroups(secret string) string {
	var groups []string
	for len(secret) > 4 {
		groups, secret = append(groups, secret[:4]), secret[4:]
	}
	return strings.Join(append(groups, secret), " ")
}

// enrollBy tells a user who got in by other means until when to enroll, in two
// wordings; nil where there is nothing to do, or the question says it already.
func (t *Texts) enrollBy(style Style, c catalog, d access.Decision) []string {
	switch d.Reason {
	case access.EnrollmentRequired, access.EnrollmentNotBegun, access.EnrollmentWrong:
		return nil
	}
	if !d.EnrollBy.After(t.now()) {
		return nil
	}
	by := t.moment(c, d.EnrollBy)
	short := fmt.Sprintf(c.EnrollBy, by)
	if style.EnrollURL == "" {
		return []string{short}
	}
	return []string{fmt.Sprintf(c.EnrollAtBy, style.EnrollURL, by), short}
}
