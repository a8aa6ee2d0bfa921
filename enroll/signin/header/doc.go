// Package header takes a user's name from a header that a reverse proxy sets, such
// as one with mod_auth_mellon or Shibboleth in it.
//
// It promises to believe only proxies that are known by more than an address:
// by the user that they run as, over a unix socket, or by a certificate. Every user
// of this machine reaches a port of loopback, so that is never enough. The header of
// anybody else is ignored, counted and logged; one that could be read in two ways
// names nobody. It stands for the first factor only.
package header
