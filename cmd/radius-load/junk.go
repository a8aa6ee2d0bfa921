package main

import (
	"context"
	"crypto/rand"
	"net"
	"time"
)

// floodJunk sends datagrams that are nothing a server should answer, at the rate
// that was asked for, until ctx is done. It returns what waits for its end and
// says how many were sent.
func (l *load) floodJunk(ctx context.Context) (sent func() int) {
	if l.junk == 0 {
		return func() int { return 0 }
	}
	done := make(chan int, 1)
	go func() { done <- flood(ctx, l.server.Address, l.junk) }()
	return func() int { return <-done }
}

const junkSize = 64 // octets

func flood(ctx context.Context, address string, rate int) (sent int) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return 0
	}
	defer conn.Close()
	const tick = 5 * time.Millisecond
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	datagram := make([]byte, junkSize)
	for began := time.Now(); ; {
		select {
		case <-ctx.Done():
			return sent
		case <-ticker.C:
		}
		for due := int(time.Since(began).Seconds() * float64(rate)); sent < due; sent++ {
			rand.Read(datagram)
			// A header that looks right gets it further into the server.
			datagram[0], datagram[2], datagram[3] = 1, 0, junkSize
			if _, err := conn.Write(datagram); err != nil && ctx.Err() != nil {
				return sent
			}
		}
	}
}
