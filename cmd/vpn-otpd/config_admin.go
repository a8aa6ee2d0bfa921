package main

import (
	"fmt"
	"maps"
	"os/user"
	"slices"
	"strconv"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/admin"
)

// adminConfig is [admin] as it is written.
type adminConfig struct {
	Socket         string            `toml:"socket"`
	AdminGroup     string            `toml:"admin_group"`
	HelpdeskGroup  string            `toml:"helpdesk_group"`
	Administrators []string          `toml:"administrators"`
	Users          map[string]string `toml:"users"`
}

// AdminConfig is [admin] in the numbers of this machine.
type AdminConfig struct {
	Socket string
	Roles  admin.Roles
}

// auditConfig is [audit].
type auditConfig struct {
	Keep time.Duration `toml:"keep"` // 0, or 1d to 3660d
}

// The groups that the packages make. Where they are missing, nobody is in them.
const (
	adminGroup    = "vpn-otpd-admin"
	helpdeskGroup = "vpn-otpd-helpdesk"
)

func (l *loader) admin(w *file) AdminConfig {
	names := access.Names{Realm: access.RealmRule(w.Names.Realm)}
	c := AdminConfig{Socket: l.path(w.Admin.Socket)}
	c.Roles.AdminGroups = l.group("admin.admin_group", w.Admin.AdminGroup, adminGroup)
	c.Roles.HelpdeskGroups = l.group("admin.helpdesk_group", w.Admin.HelpdeskGroup, helpdeskGroup)
	for i, name := range w.Admin.Administrators {
		c.Roles.Administrators = append(c.Roles.Administrators, l.vpnUser(fmt.Sprintf("admin.administrators[%d]", i), name, names))
	}
	c.Roles.Users = l.localUsers(w.Admin.Users, names)
	if keep := w.Audit.Keep; keep != 0 {
		l.between("audit.keep", keep, day, 3660*day)
	}
	return c
}

// vpnUser is a user of the VPN as the store names one.
func (l *loader) vpnUser(key, name string, names access.Names) string {
	canonical, err := names.Canonicalize(name)
	if err != nil {
		l.fault(key, "a user of the VPN is expected: %v", err)
	}
	return canonical
}

// group is a local group by name or number; "" and one that is missing are nobody.
func (l *loader) group(key, name, usual string) []uint32 {
	if name == "" {
		return nil
	}
	if gid, err := strconv.ParseUint(name, 10, 32); err == nil {
		return []uint32{uint32(gid)}
	}
	group, err := user.LookupGroup(name)
	if err != nil {
		if name != usual {
			l.warn(key, "this machine has no group %q: nobody is in it", name)
		}
		return nil
	}
	gid, err := strconv.ParseUint(group.Gid, 10, 32)
	if err != nil {
		l.fault(key, "group %q has the number %q", name, group.Gid)
		return nil
	}
	return []uint32{uint32(gid)}
}

// localUsers are the VPN users that local users are, by uid.
func (l *loader) localUsers(written map[string]string, names access.Names) map[uint32]string {
	users := make(map[uint32]string)
	for _, local := range slices.Sorted(maps.Keys(written)) {
		key := "admin.users." + local
		name := l.vpnUser(key, written[local], names)
		number := local
		if _, err := strconv.ParseUint(local, 10, 32); err != nil {
			account, err := user.Lookup(local)
			if err != nil {
				l.warn(key, "this machine has no user %q", local)
				continue
			}
			number = account.Uid
		}
		uid, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			l.fault(key, "user %q has the number %q", local, number)
			continue
		}
		if other, taken := users[uint32(uid)]; taken && other != name {
			l.fault(key, "uid %d is %q already", uid, other)
		}
		users[uint32(uid)] = name
	}
	return users
}
