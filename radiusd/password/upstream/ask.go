package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/client"
)

// leastWait is the time that must be left to ask a further server: one whose
// answer nobody waits for would burn a code, or count a failure, for nothing.
const leastWait = 200 * time.Millisecond

// answer is what one of the servers said.
type answer struct {
	*client.Reply
	server *server
}

// ask puts the question to one server after the other until one answers, or to
// the one that asked back.
func (u *Upstream) ask(ctx context.Context, q access.Question) (answer, error) {
	login := client.Login{
		User: q.Name, CallingStation: q.CallingStation,
		NASIdentifier: cmp.Or(u.options.NASIdentifier, q.NASIdentifier, u.options.Node),
	}
	servers := u.servers
	if q.Token != nil {
		address, state, err := readToken(q.Token)
		if err != nil {
			return answer{}, err
		}
		asker := u.find(address)
		if asker == nil {
			return answer{}, fmt.Errorf("%w: upstream server %s asked back, and is not configured any more", access.ErrBackend, address)
		}
		login.Resume(state)
		servers = []*server{asker}
	}
	var failures []error
	var tried []*server
	for {
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < leastWait {
			break
		}
		s := u.next(servers, tried) // which is asked: it may be the one login that finds out
		if s == nil {
			break
		}
		reply, err := s.ask(ctx, login, q.Password)
		if err == nil {
			return answer{reply, s}, nil
		}
		failures, tried = append(failures, err), append(tried, s)
	}
	return answer{}, unanswered(failures)
}

// find is the server of an address, nil if there is none.
func (u *Upstream) find(address string) *server {
	for _, s := range u.servers {
		if s.Address == address {
			return s
		}
	}
	return nil
}

// next is the first server that wasn't tried and isn't dead; where all are dead,
// the one that answered last.
func (u *Upstream) next(servers, tried []*server) *server {
	var dead *server
	for _, s := range servers {
		switch {
		case slices.Contains(tried, s):
		case s.available():
			return s
		case dead == nil, s.lastAnswer().After(dead.lastAnswer()):
			dead = s
		}
	}
	return dead
}

// unanswered is the error of a question that no server answered: ErrBusy where
// all that was missing is a free place to ask from.
func unanswered(failures []error) error {
	kind, busy := access.ErrBackend, 0
	texts := make([]string, len(failures))
	for i, err := range failures {
		texts[i] = err.Error()
		if errors.Is(err, access.ErrBusy) {
			busy++
		}
	}
	switch {
	case len(failures) == 0:
		return fmt.Errorf("%w: too late to ask an upstream server", kind)
	case busy == len(failures):
		kind = access.ErrBusy
	}
	return fmt.Errorf("%w: upstream: %s", kind, strings.Join(texts, "; "))
}
