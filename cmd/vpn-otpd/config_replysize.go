package main

import (
	"slices"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/attribute"
)

// checkReplySizes warns where an accept could be too large, for a user who is in
// every group: it would become a reject. That the rules could take each other's
// place isn't counted.
func (l *loader) checkReplySizes(rules []radiusd.ReplyRule) {
	clients := map[string]bool{"": true} // one that no rule names
	for _, rule := range rules {
		for _, client := range rule.Clients {
			clients[client] = true
		}
	}
	largest := 0
	for client := range clients {
		largest = max(largest, largestReply(rules, client))
	}
	if largest > radiusd.ReplyRoom {
		l.warn("radius.reply", "the attributes of all that could match come to %d octets, but only %d fit into an Access-Accept: a login that gets more is rejected", largest, radiusd.ReplyRoom)
	}
}

// largestReply is the most that somebody could get at a client, in octets.
func largestReply(rules []radiusd.ReplyRule, client string) int {
	everybody, most := 0, 0
	single := make(map[string]int) // what users get that are named
	for _, rule := range rules {
		if len(rule.Clients) > 0 && !slices.Contains(rule.Clients, client) {
			continue
		}
		size := attribute.Size(rule.Attributes)
		if len(rule.Users) == 0 {
			everybody += size
		}
		for _, user := range rule.Users {
			single[user] += size
			most = max(most, single[user])
		}
	}
	return everybody + most
}
