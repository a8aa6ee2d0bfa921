package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/attribute"
)

// mostReplies bounds what each accept is held against.
const mostReplies = 1000

// replyConfig is one [[radius.reply]]. What is nil matches all.
type replyConfig struct {
	Groups     []string       `toml:"groups"`
	Clients    []string       `toml:"clients"`
	Users      []string       `toml:"users"`
	Attributes map[string]any `toml:"attributes"` // a text, a whole number, or a list of such
	Replace    bool           `toml:"replace"`
}

// replies makes the rules for the attributes of accepts; nil: there are none.
func (l *loader) replies(w *file) *radiusd.Replies {
	written := w.Radius.Reply
	if len(written) == 0 {
		return nil
	}
	if len(written) > mostReplies {
		l.fault("radius.reply", "%d of them: %d are the most", len(written), mostReplies)
		return nil
	}
	dictionary, err := attribute.New()
	if err != nil {
		l.fault("radius.reply", "the dictionary of attributes can't be read: %v", err)
		return nil
	}
	var rules []radiusd.ReplyRule
	for i, r := range written {
		key := fmt.Sprintf("radius.reply[%d]", i)
		l.checkReplyMatch(key, r, w)
		rule := radiusd.ReplyRule{Groups: r.Groups, Clients: r.Clients}
		for j, name := range r.Users {
			rule.Users = append(rule.Users, l.vpnUser(fmt.Sprintf("%s.users[%d]", key, j), name, access.Names{Realm: access.RealmRule(w.Names.Realm)}))
		}
		l.replyAttributes(key+".attributes", r, dictionary, &rule)
		rules = append(rules, rule)
	}
	l.checkReplySizes(rules)
	return radiusd.NewReplies(rules)
}

// checkReplyMatch refuses what matches nobody, or everybody by mistake.
func (l *loader) checkReplyMatch(key string, r replyConfig, w *file) {
	for _, match := range []struct {
		key  string
		list []string
	}{{".groups", r.Groups}, {".clients", r.Clients}, {".users", r.Users}} {
		if match.list != nil && len(match.list) == 0 {
			l.fault(key+match.key, "an empty list matches nobody: leave the key out, and everybody matches")
		}
	}
	l.checkListed(key+".groups", r.Groups)
	l.checkListed(key+".clients", r.Clients)
	var clients []string
	for _, c := range w.Radius.Client {
		clients = append(clients, c.Name)
	}
	for _, client := range r.Clients {
		if slices.Contains(clients, client) {
			continue
		}
		meant := closest(client, clients)
		if meant != "" {
			meant = fmt.Sprintf("; did you mean %q?", meant)
		}
		l.fault(key+".clients", "no [[radius.client]] has the name %q%s", client, meant)
	}
}

// replyAttributes encodes the attributes of one rule, and says which of them take
// the place of earlier ones: those of which an accept holds only one always do.
func (l *loader) replyAttributes(key string, r replyConfig, dictionary *attribute.Dictionary, rule *radiusd.ReplyRule) {
	if len(r.Attributes) == 0 {
		l.fault(key, `attributes are expected, such as { "Filter-Id" = "staff" }`)
	}
	given := make(map[attribute.Kind]string)
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		encoded, err := dictionary.Encode(name, r.Attributes[name])
		if err != nil {
			l.attributeFault(key+"."+name, name, err, dictionary)
			continue
		}
		if other := given[encoded.Kind]; other != "" && encoded.Once {
			l.fault(key+"."+name, "it is the same attribute as %s, and an Access-Accept holds one", other)
			continue
		}
		given[encoded.Kind] = name
		rule.Attributes = append(rule.Attributes, encoded.Attributes...)
		if r.Replace || encoded.Once {
			rule.Replaces = append(rule.Replaces, encoded.Kind)
		}
	}
	if size := attribute.Size(rule.Attributes); size > radiusd.ReplyRoom {
		l.fault(key, "they have %d octets together: %d fit into an Access-Accept", size, radiusd.ReplyRoom)
	}
}

func (l *loader) attributeFault(key, name string, err error, dictionary *attribute.Dictionary) {
	if !errors.Is(err, attribute.ErrUnknown) {
		l.fault(key, "%v", err)
		return
	}
	bare, _, _ := strings.Cut(name, ":")
	if meant := closest(bare, dictionary.Names()); meant != "" {
		l.fault(key, "no attribute has this name; did you mean %s?", meant)
		return
	}
	l.fault(key, "no attribute has this name; by number it is written as Attr-25, or Vendor-9-1 for type 1 of vendor 9")
}
