package main

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// echo sends datagrams of the size of a login to a server that sends them back:
// what this machine can do at all, without any RADIUS. Each worker has a socket
// and one datagram under way.
func (l *load) echo(ctx context.Context) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	tallies := make([]tally, l.inProgress)
	var workers sync.WaitGroup
	began := time.Now()
	for i := range tallies {
		workers.Go(func() { l.bounce(ctx, &tallies[i]) })
	}
	workers.Wait()
	r := result{tally: merge(tallies), seconds: min(time.Since(began), l.duration).Seconds()}
	return r, r.fault
}

func (l *load) bounce(ctx context.Context, t *tally) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", l.server.Address)
	if err != nil {
		t.fault = err
		return
	}
	defer conn.Close()
	const size, patience = 120, time.Second
	datagram := make([]byte, size)
	for ctx.Err() == nil {
		sent := time.Now()
		t.requests++
		conn.SetReadDeadline(sent.Add(patience))
		if _, err := conn.Write(datagram); err != nil {
			t.fault = err
			return
		}
		switch _, err := conn.Read(datagram); {
		case err == nil:
			t.well(ctx, time.Since(sent))
		case errors.Is(err, os.ErrDeadlineExceeded):
			t.unanswered++
		default:
			t.fault = err
			return
		}
	}
}
