package main

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// RestartNeeded names the keys that have changed but are read only at the start.
func RestartNeeded(old, new *Config) []string {
	var keys []string
	for _, part := range []struct {
		key     string
		changed bool
	}{
		{"node", old.Node != new.Node},
		{"store.driver", old.Store.Driver != new.Store.Driver},
		{"store.url", old.Store.URL != new.Store.URL},
		{"store.path", old.Store.Path != new.Store.Path},
		{"store.key_file", old.Store.KeyFile != new.Store.KeyFile},
		{"radius.listen", strings.Join(old.Radius.Listen, " ") != strings.Join(new.Radius.Listen, " ")},
		{"radius.accounting_listen", !slices.Equal(old.Radius.AccountingListen, new.Radius.AccountingListen)},
		{"radius.reject_delay", old.Radius.RejectDelay != new.Radius.RejectDelay},
		{"radius.support_text", (old.Page.URL != nil || len(old.Notice.channels()) > 0) && old.Radius.SupportText != new.Radius.SupportText}, // prompts have it at once
		{"radius.workers", old.Radius.Workers != new.Radius.Workers},
		{"names.realm", old.Settings.Names != new.Settings.Names},
		{"password.order", !slices.Equal(old.Password.Order, new.Password.Order)},
		{"password.parallel", old.Password.Parallel != new.Password.Parallel},
		{"password.ldap", !reflect.DeepEqual(old.LDAP, new.LDAP)},
		{"password.radius", !reflect.DeepEqual(old.Upstream, new.Upstream)},
		{"enroll.listen", old.Page.Listen != new.Page.Listen},
		{"enroll.url", old.Page.address() != new.Page.address()},
		{"enroll.certificate", old.Page.Certificate != new.Page.Certificate},
		{"enroll.key", old.Page.Key != new.Page.Key},
		{"enroll.trusted_proxies", !slices.Equal(old.Page.TrustedProxies, new.Page.TrustedProxies)},
		{"enroll.return", !slices.Equal(old.Page.Returns, new.Page.Returns)},
		{"enroll.peers", !slices.Equal(old.Page.Proxies.UIDs, new.Page.Proxies.UIDs)},
		{"enroll.client_ca", old.Page.ClientCA != new.Page.ClientCA},
		{"enroll.client_names", !slices.Equal(old.Page.Proxies.Names, new.Page.Proxies.Names)},
		{"enroll.sign_in", !slices.Equal(old.Page.SignIn.Ways, new.Page.SignIn.Ways)},
		{"enroll.oidc", old.Page.SignIn.ProviderLabel != new.Page.SignIn.ProviderLabel || !reflect.DeepEqual(old.Page.SignIn.Provider, new.Page.SignIn.Provider)},
		{"enroll.header", old.Page.SignIn.HeaderLabel != new.Page.SignIn.HeaderLabel || !reflect.DeepEqual(old.Page.SignIn.Header, new.Page.SignIn.Header)},
		{"notice.language", old.Notice.Language != new.Notice.Language},
		{"notice.mail", !reflect.DeepEqual(old.Notice.Mail, new.Notice.Mail)},
		{"notice.webhook", !reflect.DeepEqual(old.Notice.Webhook, new.Notice.Webhook)},
		{"admin.socket", old.Admin.Socket != new.Admin.Socket},
		{"metrics.listen", old.Metrics != new.Metrics},
		{"log.format", old.Log.Format != new.Log.Format},
	} {
		if part.changed {
			keys = append(keys, part.key)
		}
	}
	return keys
}

// keepStatic keeps of an old configuration what RestartNeeded names: it is what
// the running daemon was started with, and stays in force.
func (c *Config) keepStatic(old *Config) {
	if c.Settings.Names != old.Settings.Names { // the names in it go by the new rule
		c.Admin, c.Replies = old.Admin, old.Replies
	}
	c.Node, c.Store, c.Radius, c.Password, c.Admin.Socket = old.Node, old.Store, old.Radius, old.Password, old.Admin.Socket
	c.Page, c.Notice, c.Metrics = old.Page, old.Notice, old.Metrics
	c.LDAP = old.LDAP
	if c.Upstream = old.Upstream; c.Upstream == nil {
		c.Settings.MigrateUntil = time.Time{}
	}
	c.Log.Format, c.Settings.Names = old.Log.Format, old.Settings.Names
	c.derive()
}
