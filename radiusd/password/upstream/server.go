package upstream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

// server is one of the servers, and what is known of it.
type server struct {
	Server
	options *Options
	sockets *sockets

	mutex     sync.Mutex
	deadUntil time.Time // zero: it isn't dead
	answered  time.Time // when it last did
	counters  Counters
}

func newServer(s Server, options *Options) *server {
	target := client.Server{
		Address: s.Address, Secret: s.Secret, AllowWithoutMessageAuthenticator: s.AllowWithoutMessageAuthenticator,
		Retransmission: client.Retransmission{First: options.Timeout, Longest: options.Timeout, Count: 2, Total: 2 * options.Timeout},
	}
	return &server{Server: s, options: options, sockets: &sockets{dial: func(ctx context.Context) (*client.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, options.Timeout) // a name may have to be looked up
		defer cancel()
		return client.Dial(ctx, target)
	}}}
}

// ask sends one request, again where no answer comes, and waits for the answer.
func (s *server) ask(ctx context.Context, login client.Login, password []byte) (*client.Reply, error) {
	began := s.options.Now()
	reply, err := s.exchange(ctx, login, password)
	s.note(ctx, began, reply, err)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Address, err)
	}
	return reply, nil
}

func (s *server) exchange(ctx context.Context, login client.Login, password []byte) (*client.Reply, error) {
	socket, err := s.sockets.take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.sockets.release(socket)
	login.Conn = socket.conn
	return login.Answer(ctx, password)
}

// available reports whether the server isn't to be passed over. When its dead
// time is over, one login finds out whether it lives; the others go on passing
// it over meanwhile.
func (s *server) available() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := s.options.Now()
	switch {
	case s.deadUntil.IsZero():
		return true
	case now.Before(s.deadUntil):
		return false
	}
	s.deadUntil = now.Add(2 * s.options.Timeout)
	return true
}

func (s *server) lastAnswer() time.Time {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.answered
}

// note counts how a question ended, and what that says of the server.
func (s *server) note(ctx context.Context, began time.Time, reply *client.Reply, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.counters.add(ctx, reply, err)
	now := s.options.Now()
	switch {
	case err == nil:
		s.answered = now
		if !s.deadUntil.IsZero() {
			s.options.Logger.Info("upstream server answers again", "server", s.Address)
		}
		s.deadUntil = time.Time{}
	case errors.Is(err, access.ErrBusy), ctx.Err() != nil: // not its fault
	case s.answered.Before(began): // else it lives, and this one question got lost
		s.die(now, err)
	}
}

// die has the server passed over. Its sockets go too: its name may lead
// elsewhere now, or our own address may have changed.
func (s *server) die(now time.Time, err error) {
	if s.deadUntil.IsZero() {
		s.options.Logger.Warn("upstream server doesn't answer and is passed over for a while", "server", s.Address, "for", s.options.DeadTime, "error", err)
	}
	s.deadUntil = now.Add(s.options.DeadTime)
	s.sockets.retire()
}
