package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

// shortSecret is the length in octets up to which a secret is warned about: it
// can be found by trying (draft-ietf-radext-deprecating-radius, "Shared Secrets").
const shortSecret = 12

// clients makes the clients, whatever is wrong with some of them.
func (l *loader) clients(w *file) []radiusd.Client {
	if len(w.Radius.Client) == 0 {
		l.warn("radius", "there is no [[radius.client]]: nobody can ask")
	}
	var clients []radiusd.Client
	owners := make(map[netip.Prefix]string)
	names := make(map[string]bool)
	for i, written := range w.Radius.Client {
		key := fmt.Sprintf("radius.client[%d]", i)
		client := l.client(key, written, w)
		if names[written.Name] && written.Name != "" {
			l.fault(key+".name", "another client has the name %q already", written.Name)
		}
		names[written.Name] = true
		for _, network := range client.Networks {
			if owner, taken := owners[network]; taken {
				l.fault(key+".networks", "%s belongs to client %q already", network, owner)
				continue
			}
			owners[network] = written.Name
		}
		clients = append(clients, client)
	}
	return clients
}

func (l *loader) client(key string, c clientConfig, w *file) radiusd.Client {
	l.checkClientWords(key, c)
	l.checkReveal(key, c, w)
	client := radiusd.Client{
		Client: access.Client{
			Name: c.Name, Mode: access.Mode(c.Mode), RequireAlways: c.Require == "always",
			PassUnenrolled: c.PassUnenrolled, RepeatByNASPort: c.RepeatByNASPort, RevealSecret: c.RevealSecret,
			Policy: l.clientPolicy(key, c, w), RememberFor: l.rememberFor(key, c, w),
		},
		Networks:                    l.networks(key+".networks", c.Networks),
		Secret:                      l.secret(key, "client", c.Secret, c.SecretFile),
		RequireMessageAuthenticator: or(c.RequireMessageAuthenticator, w.Radius.RequireMessageAuthenticator),
		LimitProxyState:             or(c.LimitProxyState, w.Radius.LimitProxyState),
		StatusServer:                or(c.StatusServer, true),
		Prompt: prompt.Style{
			Word: or(c.PromptWord, w.Radius.PromptWord), Language: or(c.Language, w.Radius.Language), Support: w.Radius.SupportText,
		},
	}
	if client.Mode == "" {
		client.Mode = access.ModeChallenge
	}
	l.checkText(key+".prompt_word", client.Prompt.Word, 32)
	if c.Language != nil {
		l.checkLanguage(key+".language", *c.Language)
	}
	if n := len(client.Secret); n > 0 && n <= shortSecret {
		l.warn(key+".secret", "the secret of client %q has %d octets and can be found by trying; vpn-otpd secret prints a better one", c.Name, n)
	}
	if !client.RequireMessageAuthenticator {
		l.warn(key+".require_message_authenticator", "requests of client %q are taken without Message-Authenticator: somebody on the way can forge answers (CVE-2024-3596)", c.Name)
	}
	return client
}

// rememberFor is how long a full login at this client is remembered. What is set
// for all clients doesn't hold where one requires a code always.
func (l *loader) rememberFor(key string, c clientConfig, w *file) time.Duration {
	if c.RememberFor == nil {
		if c.Require == "always" || access.Mode(c.Mode) == access.ModeCode {
			return 0
		}
		return w.Radius.RememberFor
	}
	l.between(key+".remember_for", *c.RememberFor, 0, access.LongestRemembered)
	if *c.RememberFor > 0 && access.Mode(c.Mode) == access.ModeCode {
		l.fault(key+".remember_for", `not for mode = "code": the password is not checked here`)
	}
	return *c.RememberFor
}

// checkReveal warns of secrets that are shown where others can read them.
func (l *loader) checkReveal(key string, c clientConfig, w *file) {
	key += ".reveal_secret_in_challenge"
	switch {
	case !c.RevealSecret:
	case c.Mode != "" && access.Mode(c.Mode) != access.ModeChallenge:
		l.fault(key, `it is for mode = "challenge" only`)
	case w.Enroll.FirstUse != nil && access.FirstUseWay(*w.Enroll.FirstUse) != access.FirstUseChallenge:
		l.fault(key, `it is for enroll.first_use = "challenge" only`)
	default:
		l.warn(key, "users of client %q get the secret of their new device in the VPN's prompt: whoever can read the RADIUS traffic, or the screen, has it too", c.Name)
	}
}

func or[T any](set *T, otherwise T) T {
	if set != nil {
		return *set
	}
	return otherwise
}

func (l *loader) checkClientWords(key string, c clientConfig) {
	if c.Name == "" {
		l.fault(key+".name", "a client needs a name")
	}
	if c.Name == access.WebClient {
		l.fault(key+".name", "%q is the name of the enrollment page", c.Name)
	}
	l.checkText(key+".name", c.Name, 64)
	if len(c.Networks) == 0 {
		l.fault(key+".networks", `a client needs networks, such as ["192.0.2.10/32"]`)
	}
	modes := []access.Mode{"", access.ModeChallenge, access.ModeAppend, access.ModeCode}
	if !slices.Contains(modes, access.Mode(c.Mode)) {
		l.fault(key+".mode", `mode %q: "challenge", "append" or "code" is expected`, c.Mode)
	}
	if c.Require != "" && c.Require != "always" {
		l.fault(key+".require", `%q: "always" is the only value; without it the policy decides`, c.Require)
	}
	if c.PassUnenrolled && access.Mode(c.Mode) != access.ModeCode {
		l.fault(key+".pass_unenrolled", `it is for mode = "code" only: in the other modes the password is checked here`)
	}
}

// clientPolicy is nil where the global one holds.
func (l *loader) clientPolicy(key string, c clientConfig, w *file) *access.Policy {
	if c.RequireTwoFactor == nil && c.TwoFactorMethods == nil {
		return nil
	}
	policy := &access.Policy{Methods: or(c.TwoFactorMethods, w.TwoFactorMethods), Require: or(c.RequireTwoFactor, w.RequireTwoFactor)}
	l.checkMethods(key+".two_factor_methods", policy.Methods)
	return policy
}

func (l *loader) networks(key string, written []string) []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range written {
		network, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			l.fault(key, `%q: a network is expected, such as "192.0.2.10/32" or "2001:db8::/64"`, text)
		case network.Addr().Is4In6():
			l.fault(key, "%q: write it as the IPv4 network that it is", text)
		case network != network.Masked():
			l.fault(key, "%q has bits set beyond its length; the network is %s", text, network.Masked())
		default:
			networks = append(networks, network)
		}
	}
	return networks
}
