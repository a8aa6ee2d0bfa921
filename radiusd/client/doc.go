// Package client is a RADIUS client that takes no answer it can't trust.
//
// It promises that every request carries a Message-Authenticator, as the first
// attribute, and that a reply counts only if it comes from the server that was
// asked, answers this request, and proves both by its Response Authenticator
// and its own Message-Authenticator (RFC 3579, section 3.2; CVE-2024-3596).
// What doesn't is ignored, and the waiting goes on. A request that is sent
// again is the same octets. Accounting does without a Message-Authenticator: its
// requests sign themselves, and no RFC says what one would be.
//
// It never decides what a reply means to a login, and keeps nothing after it.
package client
