package clock

import (
	"context"
	"time"
)

// Sync says whether a time service keeps the clock right.
type Sync string

const (
	Synchronized   Sync = "synchronized"
	Unsynchronized Sync = "unsynchronized"
	Unknown        Sync = "unknown" // nobody says
)

// Source is the witness of a [Sync].
type Source string

const (
	SourceNone     Source = ""
	SourceKernel   Source = "kernel"    // adjtimex(2)
	SourceTimedate Source = "timedate1" // systemd, over D-Bus
)

type verdict struct {
	sync   Sync
	source Source
}

// outOfSync is the error that the kernel starts with, and gets back to 9 hours
// after the last word of a time service. The error is what counts and not the
// flag STA_UNSYNC: time services set that only to keep the kernel off the
// hardware clock. systemd judges in the same way.
const outOfSync = 16 * time.Second

// lookForSync asks the kernel and, where a sandbox forbids that, the bus.
func (w *Watch) lookForSync(ctx context.Context, jumped bool) {
	found := verdict{Unknown, SourceNone}
	maxError, kernelErr := w.maxError()
	var busErr error
	if kernelErr == nil {
		found = verdictOf(maxError < outOfSync, SourceKernel)
	} else {
		if !w.bus.due(jumped) {
			return
		}
		var synchronized bool
		if synchronized, busErr = w.bus.ask(ctx); busErr == nil {
			found = verdictOf(synchronized, SourceTimedate)
		}
	}
	if ctx.Err() != nil {
		return // an answer that was cut off says nothing
	}
	w.settle(found, kernelErr, busErr)
}

func verdictOf(synchronized bool, source Source) verdict {
	if synchronized {
		return verdict{Synchronized, source}
	}
	return verdict{Unsynchronized, source}
}

// settle keeps a verdict, and logs the first one and each that is another one.
func (w *Watch) settle(found verdict, kernelErr, busErr error) {
	w.mutex.Lock()
	before := w.verdict
	w.verdict = found
	w.mutex.Unlock()
	if found == before && w.told {
		return
	}
	w.told = true
	switch found.sync {
	case Synchronized:
		w.logger.Info("the clock is synchronized", "source", found.source)
	case Unsynchronized:
		w.logger.Warn("the clock isn't synchronized", "source", found.source)
	case Unknown:
		w.logger.Warn("nobody says whether the clock is synchronized", "kernel", kernelErr, "bus", busErr)
	}
}
