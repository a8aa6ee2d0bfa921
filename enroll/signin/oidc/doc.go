// Package oidc asks an OpenID Connect provider who a user is: the authorization
// code flow with PKCE (OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9207).
//
// It promises that what comes back is believed once, only for the attempt that it
// answers and only as long as that is fresh; that the ID token is signed by a key
// of the provider, for this client, now; and that a provider that is away is asked
// again when the next user comes. It keeps nothing of users, shows none of the
// provider's words to them, and writes neither codes nor tokens into an error.
package oidc
