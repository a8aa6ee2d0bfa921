package clock

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	systemBus  = "/run/dbus/system_bus_socket"
	askWithin  = time.Second // in all
	answerSize = 64 << 10    // octets that are read of the bus at most, each time
)

// The bus starts systemd-timedated for a question and writes that to the
// journal, so it isn't asked at each look.
const (
	looksSynchronized   = 180 // half an hour
	looksUnsynchronized = 30  // 5 minutes
)

// bus asks org.freedesktop.timedate1, as timedatectl does.
type bus struct {
	path   string
	within time.Duration // to connect, sign in, ask and be answered
	// left are the looks to go until it is asked again, failed those after the
	// last failure: 1, then doubling to 5 minutes.
	left, failed int
}

// due reports whether to ask at this look: it was long ago, or the clock jumped.
func (b *bus) due(jumped bool) bool {
	b.left--
	return jumped || b.left <= 0
}

// ask returns whether the clock is synchronized.
func (b *bus) ask(ctx context.Context) (bool, error) {
	synchronized, err := ntpSynchronized(ctx, b.path, time.Now().Add(b.within))
	switch {
	case err != nil:
		b.failed = min(max(1, 2*b.failed), looksUnsynchronized)
		b.left = b.failed
	case synchronized:
		b.left, b.failed = looksSynchronized, 0
	default:
		b.left, b.failed = looksUnsynchronized, 0
	}
	return synchronized, err
}

// ntpSynchronized connects anew each time: that is rare, and a connection kept
// open would have to be watched.
func ntpSynchronized(ctx context.Context, path string, deadline time.Time) (synchronized bool, err error) {
	dialer := net.Dialer{Deadline: deadline}
	socket, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return false, fmt.Errorf("connecting to the system bus: %w", err)
	}
	if err := socket.SetDeadline(deadline); err != nil {
		socket.Close()
		return false, fmt.Errorf("connecting to the system bus: %w", err)
	}
	conn, err := dbus.NewConn(bounded{socket, io.LimitReader(socket, answerSize)}, dbus.WithContext(ctx))
	if err != nil {
		socket.Close()
		return false, fmt.Errorf("connecting to the system bus: %w", err)
	}
	defer conn.Close()
	// The kernel tells the bus who we are; no name is looked up for it.
	if err := conn.Auth([]dbus.Auth{dbus.AuthExternal("")}); err != nil {
		return false, fmt.Errorf("signing in to the system bus: %w", err)
	}
	if err := conn.Hello(); err != nil {
		return false, fmt.Errorf("greeting the system bus: %w", err)
	}
	err = conn.Object("org.freedesktop.timedate1", "/org/freedesktop/timedate1").
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.timedate1", "NTPSynchronized").
		Store(&synchronized)
	if err != nil {
		return false, fmt.Errorf("asking timedate1 about the clock: %w", err)
	}
	return synchronized, nil
}

// bounded reads no more than its limit.
type bounded struct {
	net.Conn
	limited io.Reader
}

func (b bounded) Read(p []byte) (int, error) { return b.limited.Read(p) }
