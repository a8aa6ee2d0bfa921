package clock

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"
)

// Options of a Watch; the zero value of each field will do.
type Options struct {
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // the wall clock; nil: time.Now
	// Uptime is a clock that nobody sets and that goes on while the host
	// sleeps; nil: CLOCK_BOOTTIME.
	Uptime func() (time.Duration, error)
	// MaxError is by how much the kernel thinks that the wall clock may be
	// wrong; nil: adjtimex(2), which is only read.
	MaxError func() (time.Duration, error)
	// Bus is the path of the D-Bus system bus, which is asked where MaxError
	// fails; "": the usual one.
	Bus string
}

// Watch watches the clock. Its methods may be used in parallel, but for Run.
type Watch struct {
	logger   *slog.Logger
	now      func() time.Time
	uptime   func() (time.Duration, error)
	maxError func() (time.Duration, error)
	bus      bus
	interval time.Duration // between two looks
	seed     maphash.Seed

	// These belong to Run.
	last  moment // of the last look that succeeded
	blind bool   // the uptime can't be read, and the log says so
	told  bool   // the log has a verdict
	off   bool   // by the codes, as the log says

	mutex   sync.Mutex
	verdict verdict
	jumps   jumps
	codes   codes
}

// lookEvery is the time between two looks at the clock.
const lookEvery = 10 * time.Second

// New makes a Watch that knows nothing yet.
func New(o Options) *Watch {
	w := &Watch{
		logger: o.Logger, now: o.Now, uptime: o.Uptime, maxError: o.MaxError,
		bus: bus{path: o.Bus, within: askWithin}, interval: lookEvery, seed: maphash.MakeSeed(),
		verdict: verdict{sync: Unknown},
	}
	if w.logger == nil {
		w.logger = slog.New(slog.DiscardHandler)
	}
	if w.now == nil {
		w.now = time.Now
	}
	if w.uptime == nil {
		w.uptime = kernelUptime
	}
	if w.maxError == nil {
		w.maxError = kernelMaxError
	}
	if w.bus.path == "" {
		w.bus.path = systemBus
	}
	return w
}

// Run looks at the clock at once and then every 10 s, until ctx is done. It must
// not run twice at a time.
func (w *Watch) Run(ctx context.Context) {
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for ctx.Err() == nil {
		w.look(ctx)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

func (w *Watch) look(ctx context.Context) {
	jumped := w.lookForJump()
	w.lookForSync(ctx, jumped)
	w.lookAtCodes()
}
