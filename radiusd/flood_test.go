package radiusd_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

// A flood with a gate that hangs must not grow anything beyond its bound, and
// must leave a server that answers. It isn't parallel: it counts goroutines.
func TestFloodIsBounded(t *testing.T) {
	w := newWorld(t, func(o *radiusd.Options) { o.Workers, o.QueueSize, o.Remember = 16, 64, 500 })
	leave := make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	strict, legacy, stranger := w.dial("127.0.0.1", at), w.dial("127.0.0.2", at), w.dial("127.0.0.9", at)
	before := runtime.NumGoroutine()
	junk := [][]byte{{1}, write(1, 1)[:19], write(99, 1), login(1, "x", "another secret"), unsigned(1, "x", testSecret, []byte{18, 0})}
	for i := range 20_000 {
		switch i % 4 {
		case 0:
			stranger.send(junk[i%len(junk)])
		case 1:
			strict.send(junk[i%len(junk)])
		case 2:
			strict.send(login(byte(i), "x", testSecret))
		case 3:
			legacy.send(unsigned(byte(i), "x", testSecret))
		}
		if i%100 == 0 { // what the kernel drops proves nothing
			w.until("the server keeps up", func() bool { return w.server.Snapshot().Received+200 > uint64(i) })
			snapshot := w.server.Snapshot()
			if grown := runtime.NumGoroutine() - before; grown > 20 || snapshot.Waiting > 128 || snapshot.Remembered > 500 {
				t.Fatalf("%d goroutines more, %d waiting, %d remembered", grown, snapshot.Waiting, snapshot.Remembered)
			}
		}
	}
	close(leave)
	w.until("the queue is empty", func() bool { return w.server.Snapshot().Waiting == 0 })
	for strict.read(50*time.Millisecond) != nil {
	}
	strict.ask(login(7, "x", testSecret))
}
