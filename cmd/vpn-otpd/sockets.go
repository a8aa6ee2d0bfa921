package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// sockets are those that systemd opened for us and keeps open while we are
// restarted. What is nil, the daemon opens itself as the configuration says.
type sockets struct {
	radius, accounting     []*net.UDPConn
	enroll, admin, metrics net.Listener
}

// The names that .socket units give by FileDescriptorName=. Their order says
// nothing, so they are all that is gone by.
const (
	radiusSocket     = "radius"
	accountingSocket = "accounting"
	enrollSocket     = "enroll"
	adminSocket      = "admin"
	metricsSocket    = "metrics"
)

// takeSockets takes the files that systemd passed, named as their sockets are.
// It closes them. The error names each one that can't be of use, as a *Faults:
// to start again would change nothing.
func takeSockets(files []*os.File) (sockets, error) {
	var taken sockets
	var faults Faults
	for _, file := range files {
		if err := errors.Join(taken.take(file), file.Close()); err != nil {
			faults = append(faults, Fault{File: "socket of systemd", Key: file.Name(), Text: err.Error()})
		}
	}
	if len(faults) > 0 {
		return sockets{}, &faults
	}
	return taken, nil
}

func (s *sockets) take(file *os.File) error {
	switch file.Name() {
	case radiusSocket:
		return takeDatagrams(file, &s.radius)
	case accountingSocket:
		return takeDatagrams(file, &s.accounting)
	case enrollSocket:
		return takeListener(file, &s.enroll, syscall.AF_INET, syscall.AF_INET6, syscall.AF_UNIX)
	case adminSocket:
		return takeListener(file, &s.admin, syscall.AF_UNIX)
	case metricsSocket:
		return takeListener(file, &s.metrics, syscall.AF_INET, syscall.AF_INET6, syscall.AF_UNIX)
	}
	return fmt.Errorf("FileDescriptorName= is none of %s, %s, %s, %s, %s", radiusSocket, accountingSocket, enrollSocket, adminSocket, metricsSocket)
}

// takeDatagrams takes a UDP socket; there may be several of its name.
func takeDatagrams(file *os.File, into *[]*net.UDPConn) error {
	if err := expect(file, syscall.SOCK_DGRAM, syscall.AF_INET, syscall.AF_INET6); err != nil {
		return fmt.Errorf("ListenDatagram= with a port is expected: %w", err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return err
	}
	*into = append(*into, conn.(*net.UDPConn))
	return nil
}

// takeListener takes a listening socket, one of its name.
func takeListener(file *os.File, into *net.Listener, families ...int) error {
	if *into != nil {
		return errors.New("there is a second one")
	}
	if err := expect(file, syscall.SOCK_STREAM, families...); err != nil {
		return fmt.Errorf("ListenStream= is expected, with an address that fits: %w", err)
	}
	listening, err := option(file, syscall.SO_ACCEPTCONN)
	if err != nil {
		return err
	}
	if listening == 0 {
		return errors.New("it doesn't listen: Accept=no is expected")
	}
	*into, err = net.FileListener(file)
	return err
}

// expect looks at what a socket is: net takes a unix stream for packets, too.
func expect(file *os.File, kind int, families ...int) error {
	is, err := option(file, syscall.SO_TYPE)
	if err != nil {
		return err
	}
	if is != kind {
		return errors.New("the socket is of another type")
	}
	family, err := option(file, syscall.SO_DOMAIN)
	if err != nil {
		return err
	}
	for _, wanted := range families {
		if family == wanted {
			return nil
		}
	}
	return errors.New("the socket is of another address family")
}

func option(file *os.File, name int) (int, error) {
	value, err := syscall.GetsockoptInt(int(file.Fd()), syscall.SOL_SOCKET, name)
	if err != nil {
		return 0, fmt.Errorf("is it a socket? %w", err)
	}
	return value, nil
}
