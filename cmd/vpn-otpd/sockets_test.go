package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// passable is a socket that can be passed on, as net has them.
type passable interface{ File() (*os.File, error) }

// named is the file of a socket under the name that a unit gives it.
func named(t *testing.T, name string, socket any, err error) *os.File {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	duplicate, err := socket.(passable).File()
	if err != nil {
		t.Fatal(err)
	}
	return renamed(t, name, duplicate)
}

// renamed is a file of its own, which whom it is passed to closes.
func renamed(t *testing.T, name string, file *os.File) *os.File {
	t.Helper()
	defer file.Close()
	descriptor, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(descriptor), name)
}

func udp(t *testing.T, name string) *os.File {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	return named(t, name, conn, err)
}

func tcp(t *testing.T, name, address string) *os.File {
	listener, err := net.Listen("tcp", address)
	return named(t, name, listener, err)
}

func unixStream(t *testing.T, name string) *os.File {
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	return named(t, name, listener, err)
}

func unixDatagram(t *testing.T, name string) *os.File {
	conn, err := net.ListenPacket("unixgram", filepath.Join(t.TempDir(), "s"))
	return named(t, name, conn, err)
}

// connected is a stream that doesn't listen, as Accept=yes passes one.
func connected(t *testing.T, name string) *os.File {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	conn, err := net.Dial("tcp", listener.Addr().String())
	return named(t, name, conn, err)
}

func regular(t *testing.T, name string) *os.File {
	file, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	return renamed(t, name, file)
}

// A socket that can't be of use is named, and what it should be; to start again
// would not help.
func TestSocketsRefused(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		files []*os.File
		text  string
	}{
		"no such name":              {[]*os.File{udp(t, "vpn-otpd-radius.socket")}, "vpn-otpd-radius.socket: FileDescriptorName= is none of radius, accounting, enroll, admin, metrics"},
		"a stream for radius":       {[]*os.File{tcp(t, "radius", "127.0.0.1:0")}, "radius: ListenDatagram="},
		"a unix stream for radius":  {[]*os.File{unixStream(t, "radius")}, "radius: ListenDatagram="},
		"a stream for accounting":   {[]*os.File{tcp(t, "accounting", "127.0.0.1:0")}, "accounting: ListenDatagram="},
		"unix datagrams for radius": {[]*os.File{unixDatagram(t, "radius")}, "address family"},
		"datagrams for the page":    {[]*os.File{udp(t, "enroll")}, "enroll: ListenStream="},
		"unix datagrams for a page": {[]*os.File{unixDatagram(t, "enroll")}, "enroll: ListenStream="},
		"a TCP admin socket":        {[]*os.File{tcp(t, "admin", "127.0.0.1:0")}, "admin: ListenStream="},
		"datagrams for the admin":   {[]*os.File{unixDatagram(t, "admin")}, "admin: ListenStream="},
		"a connection":              {[]*os.File{connected(t, "enroll")}, "enroll: it doesn't listen: Accept=no"},
		"a regular file":            {[]*os.File{regular(t, "metrics")}, "is it a socket?"},
		"two pages":                 {[]*os.File{tcp(t, "enroll", "127.0.0.1:0"), tcp(t, "enroll", "127.0.0.1:0")}, "there is a second one"},
	} {
		_, err := takeSockets(test.files)
		var faults *Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// All that is wrong is told at once.
func TestSocketsRefusedTogether(t *testing.T) {
	t.Parallel()
	_, err := takeSockets([]*os.File{udp(t, "radius"), udp(t, "nonsense"), udp(t, "admin")})
	if err == nil || !strings.Contains(err.Error(), "nonsense: ") || !strings.Contains(err.Error(), "admin: ") || strings.Contains(err.Error(), "radius: ") {
		t.Errorf("%v", err)
	}
}

func TestSocketsTaken(t *testing.T) {
	t.Parallel()
	none, err := takeSockets(nil)
	if err != nil || none.radius != nil || none.accounting != nil || none.enroll != nil || none.admin != nil || none.metrics != nil {
		t.Errorf("%+v, %v", none, err)
	}
	s, err := takeSockets([]*os.File{
		unixStream(t, "admin"), udp(t, "radius"), tcp(t, "metrics", "127.0.0.1:0"), udp(t, "radius"), tcp(t, "enroll", "127.0.0.1:0"), udp(t, "accounting"),
	})
	if err != nil || len(s.radius) != 2 || len(s.accounting) != 1 || s.admin == nil || s.enroll == nil || s.metrics == nil {
		t.Errorf("%+v, %v", s, err)
	}
}

// What the configuration can't say of an address, a socket can't bring in.
func TestSocketsAgainstTheRules(t *testing.T) {
	t.Parallel()
	everywhere := func(name string) sockets {
		s, err := takeSockets([]*os.File{tcp(t, name, "0.0.0.0:0")})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	page, metrics := everywhere("enroll"), everywhere("metrics")
	bare := &Config{}
	if err := page.check(bare); err == nil || !strings.Contains(err.Error(), "enroll.url") || !strings.Contains(err.Error(), "plain HTTP is for loopback only") {
		t.Errorf("a page for all: %v", err)
	}
	if err := metrics.check(bare); err == nil || !strings.Contains(err.Error(), "metrics are for this machine only") {
		t.Errorf("metrics for all: %v", err)
	}
	s, err := takeSockets([]*os.File{unixStream(t, "metrics"), udp(t, "radius"), unixStream(t, "admin")})
	if err != nil || s.check(bare) != nil {
		t.Errorf("local ones: %v, %v", err, s.check(bare))
	}
}
