package radiusd_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func status(identifier byte) []byte { return sign(write(12, identifier, placeholder), testSecret) }

func TestS1StatusServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	client := w.dial("127.0.0.1", at)
	request := sign(write(12, 1, attribute(33, "p"), attribute(1, "alice"), placeholder), testSecret)
	reply := client.ask(request)
	if got := kinds(reply); reply.Code != radius.CodeAccessAccept || !slices.Equal(got, []int{33}) {
		t.Errorf("%s with %v", reply.Code, got)
	}
	client.ask(request) // the same octets again
	client.silent(write(12, 2), "message_authenticator_missing")
	client.silent(sign(write(12, 2, placeholder), "another secret"), "message_authenticator_wrong")
	w.dial("127.0.0.3", at).silent(status(3), "status_refused")
	w.dial("127.0.0.9", at).silent(status(4), "unknown_client")
	snapshot := w.server.Snapshot()
	if len(w.gate.requests()) != 0 || snapshot.Answered["accept"] != 0 || snapshot.Answered["status"] != 2 || snapshot.Remembered != 0 {
		t.Errorf("it counts as a login: %+v", snapshot)
	}
}

func TestS1StatusServerIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		now := time.Now() // it stands
		o.Now = func() time.Time { return now }
	})
	client := w.client("127.0.0.1")
	for i := range byte(60) {
		client.send(status(i))
	}
	w.until("all are seen to", func() bool {
		snapshot := w.server.Snapshot()
		return snapshot.Answered["status"] == 50 && snapshot.Dropped["status_rate"] == 10
	})
}

func TestS1StatusServerBesideALoginOfTheSameIdentifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	entered, leave := make(chan bool), make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		entered <- true
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	request := login(1, "x", testSecret)
	client.send(request)
	<-entered
	client.ask(status(1))
	close(leave)
	client.reply(request)
}

func TestS2SilentWhenTheStoreIsDown(t *testing.T) {
	t.Parallel()
	var probes atomic.Int64
	var down atomic.Bool
	w := newWorld(t, func(o *radiusd.Options) {
		o.Probe = func(ctx context.Context) error {
			probes.Add(1)
			if down.Load() {
				return errors.New("the disk is full")
			}
			return nil
		}
	})
	client := w.client("127.0.0.1")
	client.ask(status(1))
	client.ask(status(2))
	if n := probes.Load(); n != 1 {
		t.Errorf("%d probes within a second", n)
	}
	down.Store(true)
	w.offset.Add(int64(time.Second))
	client.silent(status(3), "status_unhealthy")
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Error("the log doesn't say why")
	}
	down.Store(false)
	w.offset.Add(int64(time.Second))
	client.ask(status(4))
}

func TestS2HangingProbeHoldsUpNoLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.Workers = 1
		o.Probe = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
	})
	client := w.client("127.0.0.1")
	for i := range byte(10) {
		client.send(status(i))
	}
	began := time.Now()
	client.ask(login(100, "accept", testSecret))
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("%s", took)
	}
	w.until("all status requests are dropped", func() bool { return w.server.Snapshot().Dropped["status_unhealthy"] == 10 })
}
