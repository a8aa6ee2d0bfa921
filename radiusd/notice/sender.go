package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"vpn-otpd/store"
)

// Options of a Sender.
type Options struct {
	Outbox   Outbox
	Mail     *Mail    // nil: no mail
	Webhook  *Webhook // nil: none
	Site     string   // what texts call the site: the host of the enrollment page; "": the domain of Mail.From
	URL      string   // of the enrollment page, "" if there is none
	Support  string   // a line that tells users where help is, may be ""
	Language string   // of mails, one of Languages(); "": "en"
	Logger   *slog.Logger
	Now      func() time.Time // nil: time.Now
}

// Sender empties the outbox. Its methods may be used in parallel, but for Run.
type Sender struct {
	outbox   Outbox
	channels map[string]*channel
	logger   *slog.Logger
	now      func() time.Time
	chance   func() float64 // in [0, 1)
	wake     chan struct{}  // holds one call at most
	pace     pace
}

// pace is how long Run waits for what.
type pace struct {
	look   time.Duration // between two looks into the outbox
	room   time.Duration // for a full channel, while its deliveries end
	stop   time.Duration // for deliveries under way, when Run is to end
	settle time.Duration // for the outbox, to write down how a delivery ended
}

// carrier delivers one notice. A *finalError says that it never will.
type carrier interface {
	deliver(ctx context.Context, n store.Notice) error
}

// channel is one way to users, with a queue and workers of its own.
type channel struct {
	carrier  carrier
	counters counters
	queue    chan claimed
	ended    atomic.Uint64 // deliveries
	stuckAt  uint64        // what ended said when the queue was full for long
}

// New checks the options, all at once, and makes a Sender.
func New(o Options) (*Sender, error) {
	s := &Sender{
		outbox: o.Outbox, channels: make(map[string]*channel), logger: o.Logger, now: o.Now,
		chance: rand.Float64, wake: make(chan struct{}, 1),
		pace: pace{look: 5 * time.Second, room: 2 * time.Second, stop: 5 * time.Second, settle: settleWithin},
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.outbox == nil {
		return nil, errors.New("notices: there is no outbox")
	}
	var faults []error
	if o.Mail != nil {
		carrier, err := newMailCarrier(o, s.now)
		faults = append(faults, err)
		s.channels[ChannelMail] = newChannel(carrier)
	}
	if o.Webhook != nil {
		carrier, err := newWebhookCarrier(*o.Webhook)
		faults = append(faults, err)
		s.channels[ChannelWebhook] = newChannel(carrier)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	return s, nil
}

// settleWithin bounds writing down how a delivery ended.
const settleWithin = 10 * time.Second

// Each channel makes so many deliveries at once and has so many more waiting.
const (
	parallel = 4
	waiting  = 8
)

const notStuck = ^uint64(0)

func newChannel(c carrier) *channel { return &channel{carrier: c, stuckAt: notStuck} }

// Wake makes Run look into the outbox at once. It never blocks.
func (s *Sender) Wake() {
	select {
	case s.wake <- struct{}{}:
	default: // a look is due anyway
	}
}

// Run delivers until ctx is done; then it gives deliveries under way 5 s to end.
// What is cut off is due again at once, here or on another node. Run must not
// run twice at a time.
func (s *Sender) Run(ctx context.Context) {
	deliveries, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.pace.stop, cut) })()

	var workers sync.WaitGroup
	for _, c := range s.channels {
		c.queue = make(chan claimed, waiting)
		for range parallel {
			workers.Go(func() { s.work(ctx, deliveries, c) })
		}
	}
	s.look(ctx)
	for _, c := range s.channels {
		close(c.queue)
	}
	workers.Wait()
}
