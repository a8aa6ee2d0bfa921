package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vpn-otpd/radiusd/client"
)

// load is one measurement.
type load struct {
	server     client.Server
	users      population
	mode       mode
	inProgress int // logins at the same time
	sockets    int
	rate       int // logins a second; 0: as many as there can be
	duration   time.Duration
	junk       int // datagrams a second that are nothing, beside the logins
	reuse      bool
	sessions   bool // each login has an Acct-Session-Id
}

// Bounds of a measurement.
const (
	maxInProgress = 4096
	maxSockets    = 64
	maxDuration   = 10 * time.Minute
	maxRate       = 1_000_000
)

func (l *load) check() error {
	switch {
	case !slices.Contains(modes, l.mode):
		return fmt.Errorf("--mode %q: it is one of %v", l.mode, modes)
	case l.inProgress < 1 || l.inProgress > maxInProgress:
		return fmt.Errorf("--in-progress %d: it is 1 to %d", l.inProgress, maxInProgress)
	case l.sockets < 1 || l.sockets > maxSockets:
		return fmt.Errorf("--sockets %d: it is 1 to %d", l.sockets, maxSockets)
	case l.inProgress > l.sockets*128:
		return fmt.Errorf("%d logins in progress need %d --sockets: one has 256 identifiers", l.inProgress, (l.inProgress+127)/128)
	case l.duration <= 0 || l.duration > maxDuration:
		return fmt.Errorf("--for %s: it is up to %s", l.duration, maxDuration)
	case l.rate < 0 || l.rate > maxRate || l.junk < 0 || l.junk > maxRate:
		return fmt.Errorf("--rate and --junk are 0 to %d", maxRate)
	case l.inProgress > l.users.count:
		return errors.New("there are more logins in progress than users: --users is to be larger")
	}
	return l.users.check()
}

// result is what was measured.
type result struct {
	tally
	seconds float64
	junk    int
}

// measure runs the load until its time is up, or ctx is done.
func (l *load) measure(ctx context.Context) (result, error) {
	if l.mode == modeEcho {
		return l.echo(ctx)
	}
	conns, err := l.dial(ctx)
	if err != nil {
		return result{}, err
	}
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, l.duration)
	defer cancel()
	junk := l.floodJunk(ctx)
	plan, pace := newSchedule(l.users.count, l.reuse, time.Now), newPace(l.rate)
	tallies := make([]tally, l.inProgress)
	var workers sync.WaitGroup
	began := time.Now()
	for i := range tallies {
		workers.Go(func() { l.work(ctx, conns[i%len(conns)], plan, pace, &tallies[i]) })
	}
	workers.Wait()
	took := min(time.Since(began), l.duration) // what ends later, after a packet was lost, is no part of the rate
	r := result{tally: merge(tallies), seconds: took.Seconds(), junk: junk()}
	return r, r.fault
}

func (l *load) dial(ctx context.Context) (conns []*client.Conn, err error) {
	for range l.sockets {
		conn, err := client.Dial(ctx, l.server)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening a socket: %w", err), closeAll(conns))
		}
		conns = append(conns, conn)
	}
	return conns, nil
}

func closeAll(conns []*client.Conn) (err error) {
	for _, conn := range conns {
		err = errors.Join(err, conn.Close())
	}
	return err
}

// work logs users in, one after the other. A login that has begun is not broken
// off: it would be none of either kind.
func (l *load) work(ctx context.Context, conn *client.Conn, plan *schedule, pace *pace, t *tally) {
	for {
		due, ok := pace.wait(ctx)
		if !ok {
			return
		}
		user, step, waited, ok := plan.take(ctx)
		if !ok {
			return
		}
		requests, err := l.login(context.WithoutCancel(ctx), conn, user, step)
		t.requests += requests
		switch {
		case err == nil:
			t.well(ctx, time.Since(due)-waited)
		case errors.Is(err, errRefused):
			t.refused++
		case errors.Is(err, client.ErrTimeout):
			t.unanswered++
		case t.fault == nil:
			t.fault = err
			return
		}
	}
}
