package admin

import (
	"os"
	"slices"
)

// Role is what a peer may do: all that the roles before it may, and more.
type Role int

const (
	// Stranger may do nothing.
	Stranger Role = iota
	// Helpdesk helps users who are locked out, and reads no secret.
	Helpdesk
	// Administrator may do everything, but not to the own account.
	Administrator
	// Root is root, and the daemon's own user, who has the database anyway.
	Root
)

// Roles say who is who. Local users and groups are numbers: what the kernel
// knows of a peer.
type Roles struct {
	AdminGroups, HelpdeskGroups []uint32
	// Administrators are VPN users, by canonical name, whose accounts the
	// helpdesk leaves alone.
	Administrators []string
	// Users are the VPN users, by canonical name, that local users are.
	Users map[uint32]string
}

// Of is the role of a peer.
func (r Roles) Of(peer Peer) Role {
	switch {
	case peer.UID == 0 || peer.UID == uint32(os.Geteuid()):
		return Root
	case peer.isIn(r.AdminGroups):
		return Administrator
	case peer.isIn(r.HelpdeskGroups):
		return Helpdesk
	}
	return Stranger
}

func (p Peer) isIn(groups []uint32) bool {
	return slices.Contains(groups, p.GID) ||
		slices.ContainsFunc(p.Groups, func(gid uint32) bool { return slices.Contains(groups, gid) })
}
