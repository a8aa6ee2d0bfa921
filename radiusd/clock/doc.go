// Package clock watches the host's clock: codes are a matter of time, and a
// clock that is wrong refuses everybody.
//
// It promises to tell: whether the clock is synchronized and who says so, when
// it jumped and by how much, and how far the phones are off by the codes that
// were accepted. It needs no privilege, and what it remembers is bounded.
//
// It never sets the clock and never changes a decision. It keeps no user name.
package clock
