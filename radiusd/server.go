package radiusd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"vpn-otpd/radiusd/access"
	"vpn-otpd/radiusd/prompt"
)

// Gate answers the question "may this user in?".
type Gate interface {
	// Check decides. After an error nothing is answered. The context ends
	// when the client has stopped waiting.
	Check(ctx context.Context, request access.Request) (access.Decision, error)
	// ValidState reports, without asking the store, whether a State can be one
	// of ours.
	ValidState(state string) bool
}

// Prompter writes the text of a challenge or reject: at most 253 octets, ""
// where there is nothing to say. It never repeats what the client sent.
type Prompter interface {
	Text(style prompt.Style, decision access.Decision) string
}

// Probe reports whether the store answers and can be written to.
type Probe func(context.Context) error

// Options are what a server needs. Only one of the first two is required.
type Options struct {
	Gate       Gate         // for a server that answers logins
	Accountant Accountant   // for one that answers accounting
	Prompter   Prompter     // nil: no texts
	Probe      Probe        // nil: we are healthy if we answer
	Logger     *slog.Logger // nil: nothing is logged
	// Workers answer requests at the same time, default 256, and 32 for accounting:
	// it shares the store with logins and can wait. An eighth of those for logins
	// is kept free for such under way.
	Workers int
	// QueueSize bounds the requests that wait for a worker, default 1024: so
	// many new ones, and so many that go on with a login.
	QueueSize int
	// Remember bounds the requests that are known when they come again, those
	// in flight included, default 100,000.
	Remember int
	// RejectDelay is the least time between a request and its reject, 1 to
	// 10 s, default 1 s. Up to half a second is added by chance.
	RejectDelay time.Duration
	// WithoutRejectDelay is for tests and measurements.
	WithoutRejectDelay bool
	Now                func() time.Time     // nil: time.Now
	Jitter             func() time.Duration // nil: by chance
}

const (
	shortestRejectDelay = time.Second
	longestRejectDelay  = 10 * time.Second
	rejectJitter        = 500 * time.Millisecond
	mostReaders         = 4  // of one socket
	shortSecret         = 12 // octets that can be guessed from one packet
)

// ErrShutdown is returned for a socket that came after Shutdown.
var ErrShutdown = errors.New("the RADIUS server is shut down")

// Server answers RADIUS requests. Make it with [New].
type Server struct {
	options    Options
	port       port
	logger     *slog.Logger
	clients    atomic.Pointer[Table]
	replies    atomic.Pointer[Replies] // nil: none
	self       atomic.Pointer[self]    // nil: this process doesn't ask
	duplicates *duplicates
	queue      *queue
	status     *statusQueue
	counters   counters
	warned     [drops]perMinute

	base    context.Context // of every question to the gate
	cancel  context.CancelFunc
	start   sync.Once
	stop    sync.Once
	drained chan struct{} // closed when all that was taken in is answered
	reading sync.WaitGroup
	working sync.WaitGroup

	mutex    sync.Mutex // of these
	sockets  []*socket
	stopping bool
	traffic  map[string]*traffic // by client name
}

// New makes a server for these clients. It has no socket yet.
func New(options Options, clients *Table) (*Server, error) {
	if (options.Gate == nil) == (options.Accountant == nil) || clients == nil {
		return nil, errors.New("a RADIUS server needs a table of clients, and either a gate or an accountant")
	}
	if err := options.complete(); err != nil {
		return nil, err
	}
	s := &Server{
		options: options,
		port:    loginPort(),
		logger:  options.Logger,
		queue:   newQueue(options.QueueSize),
		status:  newStatusQueue(options.Probe),
		drained: make(chan struct{}),
		traffic: make(map[string]*traffic),
	}
	if options.Accountant != nil {
		s.port = accountingPort()
	}
	s.duplicates = newDuplicates(options.Remember, func() { s.counters.dropped[dropReplaced].Add(1) })
	s.base, s.cancel = context.WithCancel(context.Background())
	s.SetClients(clients)
	return s, nil
}

// complete puts the defaults in and checks the bounds.
func (o *Options) complete() error {
	workers := 256
	if o.Accountant != nil {
		workers = 32
	}
	for _, number := range []struct {
		value   *int
		initial int
		name    string
	}{{&o.Workers, workers, "workers"}, {&o.QueueSize, 1024, "queue size"}, {&o.Remember, 100_000, "requests remembered"}} {
		if *number.value == 0 {
			*number.value = number.initial
		}
		if *number.value < 1 {
			return fmt.Errorf("%s: %d is less than 1", number.name, *number.value)
		}
	}
	if o.RejectDelay == 0 {
		o.RejectDelay = shortestRejectDelay
	}
	if o.RejectDelay < shortestRejectDelay || o.RejectDelay > longestRejectDelay {
		return fmt.Errorf("reject delay %s is not between %s and %s", o.RejectDelay, shortestRejectDelay, longestRejectDelay)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = func() time.Duration { return rand.N(rejectJitter) }
	}
	return nil
}

// SetClients replaces the table of clients. Requests under way are answered as
// they were asked; the counts of clients that keep their name go on.
func (s *Server) SetClients(clients *Table) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	counted := make(map[string]*traffic, len(clients.peers))
	for _, peer := range clients.peers {
		if known, ok := s.traffic[peer.Name]; ok {
			peer.traffic = known
		}
		counted[peer.Name] = peer.traffic
		if len(peer.Secret) <= shortSecret && s.options.Gate != nil { // said once
			s.logger.Warn("the secret of a RADIUS client is short", "client", peer.Name, "octets", len(peer.Secret))
		}
	}
	s.traffic = counted
	s.clients.Store(clients)
}

// Serve answers what comes in on a socket, until ctx is done or Shutdown is
// called. The socket stays open for answers under way; Shutdown closes it.
func (s *Server) Serve(ctx context.Context, conn *net.UDPConn) error {
	socket, err := newSocket(conn)
	if err != nil {
		return err
	}
	if !s.open(socket) {
		return ErrShutdown
	}
	defer s.reading.Done()
	s.start.Do(s.startWorkers)
	defer context.AfterFunc(ctx, socket.stopReading)()
	var readers errgroup.Group
	for range min(mostReaders, runtime.GOMAXPROCS(0)) {
		readers.Go(func() error {
			defer socket.stopReading() // one reader's failure ends the others
			return socket.read(s.receive)
		})
	}
	return readers.Wait()
}

// open registers a socket; it is false after Shutdown.
func (s *Server) open(socket *socket) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stopping {
		return false
	}
	s.sockets = append(s.sockets, socket)
	s.reading.Add(1)
	return true
}

func (s *Server) startWorkers() {
	reserved := s.options.Workers / 8
	if s.options.Gate == nil {
		reserved = 0 // nothing goes before the rest
	}
	for i := range s.options.Workers {
		next := s.queue.next
		if i < reserved {
			next = s.queue.nextPreferred
		}
		s.working.Go(func() { s.work(next) })
	}
	s.working.Go(s.answerStatus)
}

// Shutdown stops reading, answers what was taken in, rejects at their time
// included, and closes the sockets. When ctx is done first, it gives up what is
// left and returns an error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mutex.Lock()
	s.stopping = true
	sockets := s.sockets
	s.mutex.Unlock()
	for _, socket := range sockets {
		socket.stopReading()
	}
	s.stop.Do(func() { go s.drain() })
	var err error
	select {
	case <-s.drained:
	case <-ctx.Done():
		err = fmt.Errorf("RADIUS requests are left without an answer: %w", ctx.Err())
	}
	s.cancel()
	for _, socket := range sockets {
		socket.conn.Close()
	}
	return err
}

func (s *Server) drain() {
	s.reading.Wait()
	s.queue.close()
	close(s.status.waiting)
	s.working.Wait()
	s.duplicates.scheduled.Wait()
	close(s.drained)
}
