// Package enroll is the page on which people set up and look after their second
// factor: an [http.Handler], and no listener.
//
// It promises that every page says what to do, in the visitor's language and
// without JavaScript; that nothing is changed by a GET or from another site, but
// by the answer of an identity provider to the very browser that asked for it;
// that a plain visit leaves nothing in the store; that every body, session and
// return address has a bound; and that all refused sign-ins look alike.
//
// It decides nothing about users: that is [Gate] and [Enroller]. It never puts a
// secret, password, code or ticket into a session, a log line or an error, never
// shows an inner fault, and never sends a browser to another site by itself: to the
// identity provider it goes when its button is pressed.
package enroll
