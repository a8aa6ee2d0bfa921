package clock

import (
	"fmt"
	"strings"
	"time"
)

// State is what is known of the clock.
type State struct {
	Sync   Sync
	Source Source // who says so

	// Jumps counts the jumps of more than 2 s since the start. The last one was
	// by JumpSize, below 0 where the clock was set back, to the time LastJump;
	// both are zero as long as there was none.
	Jumps    uint64
	LastJump time.Time
	JumpSize time.Duration

	// Samples are the accepted codes of the last 24 hours that count: of the
	// last 200, five of each user. MedianOffset is by how much phones are ahead
	// of us, below 0 behind; 0 with less than 20 samples. It says nothing beyond
	// a step and a half: no codes are accepted then.
	Samples      int
	MedianOffset time.Duration

	// Healthy is false where the clock isn't synchronized, jumped within the
	// last hour, or is off by more than half a step according to the codes.
	// That nobody knows doesn't make it false.
	Healthy bool
	// Advice tells an administrator what is wrong and what to do, in English;
	// "" where nothing is.
	Advice string
}

// worryFor is how long a jump is worth an advice.
const worryFor = time.Hour

// State returns what is known now. It asks nobody.
func (w *Watch) State() State {
	w.mutex.Lock()
	verdict, jumps, codes := w.verdict, w.jumps, w.codes
	w.mutex.Unlock()
	s := State{
		Sync: verdict.sync, Source: verdict.source,
		Jumps: jumps.count, LastJump: jumps.wall, JumpSize: jumps.size,
	}
	uptime, err := w.uptime()
	jumped := jumps.count > 0 && (err != nil || uptime-jumps.uptime < worryFor)
	var off bool
	s.MedianOffset, s.Samples, off = codes.median(w.now())
	s.Healthy = s.Sync != Unsynchronized && !jumped && !off
	s.Advice = s.advise(jumped, off)
	return s
}

func (s State) advise(jumped, off bool) string {
	var advice []string
	if jumped {
		advice = append(advice, s.adviseOnJump())
	}
	if off {
		advice = append(advice, s.adviseOnCodes())
	}
	switch {
	case s.Sync == Unsynchronized:
		advice = append(advice, "The clock isn't synchronized: run a time service such as chrony or systemd-timesyncd, and see that it reaches its servers.")
	case s.Sync == Unknown && s.Samples < codesEnough:
		advice = append(advice, "Nobody says whether the clock is synchronized, and there are too few codes yet to judge it by: see what timedatectl or chronyc says on the host.")
	}
	return strings.Join(advice, " ")
}

func (s State) adviseOnJump() string {
	size, at := s.JumpSize.Abs().Round(time.Millisecond), s.LastJump.UTC().Format(time.RFC3339)
	if s.JumpSize > 0 {
		return fmt.Sprintf("The clock was set forward by %s to %s: find out by what.", size, at)
	}
	return fmt.Sprintf("The clock was set back by %s to %s: find out by what. "+
		"Users whose codes were accepted before can use no code until the clock has passed that time again.", size, at)
}

func (s State) adviseOnCodes() string {
	side := "behind"
	if s.MedianOffset < 0 {
		side = "ahead"
	}
	return fmt.Sprintf("Our clock or most phones are off by about %d seconds: by the last %d accepted codes we are %s. Compare the host's clock with another one.",
		int(s.MedianOffset.Abs().Round(time.Second)/time.Second), s.Samples, side)
}
