// Package admin is the administrators' door: HTTP and JSON on a unix socket,
// with the server that the daemon runs and the client that vpn-otpctl uses.
//
// It promises that a peer is judged by the kernel's word on who it is before
// one byte of it is read, that every input has a bound, that every refusal says
// why, that who may do what is decided in one place, and that every change carries the name of the one who asked for it.
//
// It decides nothing about users itself: that is [Accounts]. It never logs a
// body, and never answers with the text of an inner fault.
package admin
