package main

import (
	"fmt"

	"vpn-otpd/enroll"
	"vpn-otpd/enroll/signin/header"
	"vpn-otpd/enroll/signin/oidc"
)

// offerSignIn gives the page its ways to sign in. The identity provider is asked
// only when somebody wants to: the daemon starts without it.
func (d *server) offerSignIn(config PageConfig, o *enroll.Options) (err error) {
	signIn := config.SignIn
	o.SignIn, o.ProviderLabel, o.HeaderLabel = signIn.Ways, signIn.ProviderLabel, signIn.HeaderLabel
	if signIn.Provider != nil {
		if d.provider, err = oidc.New(*signIn.Provider); err != nil {
			return fmt.Errorf("enroll.oidc: %w", err)
		}
		o.Provider = d.provider
	}
	if signIn.Header != nil {
		options := *signIn.Header
		options.Proxies, options.Logger = config.Proxies, d.logger
		d.header = header.New(options)
		o.Header = d.header
	}
	return nil
}
