package clock

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// kernelUptime is the time since the host was started, sleep included: after a
// suspend the monotonic clock alone would take the night for a jump.
func kernelUptime() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0, fmt.Errorf("reading the time since boot: %w", err)
	}
	return time.Duration(now.Nano()), nil
}

// kernelMaxError asks by how much the wall clock may be wrong. Modes is 0, which
// changes nothing and needs no privilege; a sandbox may refuse it all the same. (One
// that kills for it in place of that must not be.)
func kernelMaxError() (time.Duration, error) {
	var state unix.Timex
	if _, err := unix.Adjtimex(&state); err != nil {
		return 0, fmt.Errorf("asking the kernel about the clock: %w", err)
	}
	return time.Duration(state.Maxerror) * time.Microsecond, nil
}
