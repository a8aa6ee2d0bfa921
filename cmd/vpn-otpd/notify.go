package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/coreos/go-systemd/v22/daemon"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/store"
)

// notifier tells systemd how the daemon is. Without systemd it does nothing.
type notifier struct{ logger *slog.Logger }

func (n notifier) ready(status string) { n.send(daemon.SdNotifyReady + "\nSTATUS=" + status) }

func (n notifier) status(status string) { n.send("STATUS=" + status) }

func (n notifier) reloading() {
	n.send(daemon.SdNotifyReloading + "\n" + daemon.SdNotifyMonotonicUsec())
}

func (n notifier) stopping() { n.send(daemon.SdNotifyStopping) }

func (n notifier) alive() { n.send(daemon.SdNotifyWatchdog) }

// send keeps the variable that names systemd's socket: more is to be said later.
func (n notifier) send(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		n.logger.Warn("systemd could not be told", "error", err)
	}
}

// heard reports whether anybody is told.
func (n notifier) heard() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

const (
	statusEvery  = 30 * time.Second
	statusWithin = 2 * time.Second // for the store to answer
	statusError  = 200             // octets of an error that are shown
)

// tellStatus keeps systemd's line of status fresh until ctx is done.
func (d *server) tellStatus(ctx context.Context, every time.Duration) {
	if !d.notifier.heard() {
		return
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.notifier.status(d.statusLine(ctx))
		}
	}
}

// statusLine is what systemctl status shows: the policy and counts, or that the
// store is away.
func (d *server) statusLine(ctx context.Context) string {
	line := "two-factor is " + d.current().policyName()
	if !d.notifier.heard() {
		return line
	}
	counts, err := d.askStore(ctx)
	if err != nil {
		return line + "; store is away: " + oneLine(err.Error())
	}
	var accepted, refused uint64
	for kind, n := range d.gate.Metrics().Decisions {
		switch kind.Verdict {
		case access.Accept:
			accepted += n
		case access.Reject:
			refused += n
		}
	}
	return fmt.Sprintf("%s; %d enrolled; %d accepted, %d refused", line, counts.Enrolled, accepted, refused)
}

// askStore writes to the store and counts. A disk that hangs holds it up no
// longer than statusWithin, and isn't asked again meanwhile.
func (d *server) askStore(ctx context.Context) (store.Counts, error) {
	if !d.asking.CompareAndSwap(false, true) {
		return store.Counts{}, errors.New("it doesn't answer")
	}
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	type answer struct {
		counts store.Counts
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		defer d.asking.Store(false)
		err := d.store.Probe(ctx)
		var counts store.Counts
		if err == nil {
			counts, err = d.store.Count(ctx)
		}
		answers <- answer{counts, err}
	}()
	select {
	case a := <-answers:
		return a.counts, a.err
	case <-ctx.Done():
		return store.Counts{}, errors.New("it doesn't answer")
	}
}

// oneLine is a text that can't be taken for another assignment (sd_notify(3)).
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > statusError {
		text = strings.ToValidUTF8(text[:statusError], "") + "..."
	}
	return text
}
