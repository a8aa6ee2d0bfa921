package access

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"vpn-otpd/store"
)

// prepare brings the groups into the form in which they are compared, and names
// the list of them.
func (s *Settings) prepare() {
	s.Groups = folded(s.Groups)
	s.Rules = slices.Clone(s.Rules)
	for i := range s.Rules {
		s.Rules[i].Groups = folded(s.Rules[i].Groups)
	}
	sum := sha256.Sum256([]byte(strings.Join(s.Groups, "\x00")))
	s.groupsID = hex.EncodeToString(sum[:8])
}

// folded are groups in the form in which they are compared, in order, each once.
func folded(groups []string) (list []string) {
	for _, group := range groups {
		list = append(list, FoldGroup(group))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// named are those of a user's groups that some rule names.
func (s *Settings) named(groups []string) (named []string) {
	if len(s.Groups) == 0 {
		return nil
	}
	for _, group := range folded(groups) {
		if _, found := slices.BinarySearch(s.Groups, group); found {
			named = append(named, group)
		}
	}
	return named
}

// seenGroups are the groups of the last login that told them. They are known only
// where it told of all those that the rules name now.
func (s *Settings) seenGroups(account store.Account) (groups []string, known bool) {
	if len(s.Groups) == 0 {
		return nil, true
	}
	if account.GroupsOf != s.groupsID {
		return nil, false
	}
	return account.Groups, true
}

// subject is whom and what the rules are held against, as far as it is known.
func (c carried) subject(client Client, now time.Time) subject {
	return subject{client: client, nas: c.NAS, source: c.Source, groups: c.Groups, groupsKnown: c.GroupsKnown, now: now, onPage: client.Name == WebClient}
}
