package radiusd_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestD7LoginsUnderWayGoFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers, o.QueueSize = 2, 128 })
	leave := make(chan bool)
	defer close(leave)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if r.State == "valid" {
			return access.Decision{Verdict: access.Accept}, nil
		}
		<-leave
		return access.Decision{Verdict: access.Challenge, State: "valid"}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	flood := []*nas{w.dial("127.0.0.1", at), w.dial("127.0.0.1", at)}
	for i := range 400 {
		further := [][]byte{attribute(24, "not one of ours")}[:i%2] // a State that anybody can write down
		flood[i%2].send(login(byte(i/2), "flood", testSecret, further...))
		if i == 1 { // else the workers might take the logins under way first
			w.until("both workers hang", func() bool { return len(w.gate.requests()) == 2 })
		}
	}
	w.until("the queue is full", func() bool { return w.server.Snapshot().Dropped["queue_full"] >= 400-128-2 })
	under := w.dial("127.0.0.1", at)
	for i := range 100 {
		under.send(login(byte(i), "123456", testSecret, attribute(24, "valid")))
	}
	w.until("all are queued", func() bool {
		snapshot := w.server.Snapshot()
		return snapshot.Received == 500 && snapshot.Waiting >= 226
	})
	leave <- true // one worker gets free
	for i := range 100 {
		if reply := under.read(5 * time.Second); reply == nil || reply[0] != 2 {
			t.Fatalf("%d of 100 answered: %x", i, reply)
		}
	}
}

func TestD7WorkersAreKeptFree(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers = 8 })
	leave := make(chan bool)
	defer close(leave)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if r.State == "" {
			<-leave
		}
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	for i := range byte(20) {
		client.send(login(i, "hangs", testSecret))
	}
	w.until("all but one worker hang", func() bool { return len(w.gate.requests()) == 7 && w.server.Snapshot().Waiting == 13 })
	if reply := client.ask(login(100, "123456", testSecret, attribute(24, "valid"))); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
}

func TestQueueFullGivesAnotherChance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers, o.QueueSize = 1, 1 })
	leave := make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	client.send(login(1, "x", testSecret))
	w.until("the worker is taken", func() bool { return len(w.gate.requests()) == 1 })
	client.send(login(2, "x", testSecret))
	w.until("the queue is taken", func() bool { return w.server.Snapshot().Waiting == 1 })
	request := login(3, "x", testSecret)
	client.silent(request, "queue_full")
	close(leave)
	client.read(time.Second)
	client.read(time.Second)
	if reply := client.ask(request); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if !strings.Contains(w.log.String(), "more requests than") {
		t.Error("the log doesn't say so")
	}
}

func TestLateRequestsAreDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Workers = 1 })
	leave := make(chan bool)
	w.gate.check = func(ctx context.Context, _ access.Request) (access.Decision, error) {
		if end, ok := ctx.Deadline(); !ok || time.Until(end) > 2500*time.Millisecond {
			t.Error("the gate has too much time")
		}
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	client.send(login(1, "x", testSecret))
	w.until("the worker is taken", func() bool { return len(w.gate.requests()) == 1 })
	late := login(2, "x", testSecret)
	client.send(late)
	w.until("the other waits", func() bool { return w.server.Snapshot().Waiting == 1 })
	w.offset.Add(int64(2100 * time.Millisecond))
	close(leave)
	client.read(time.Second)
	w.until("it is dropped", func() bool { return w.server.Snapshot().Dropped["late"] == 1 })
	if reply := client.ask(late); reply.Code != radius.CodeAccessAccept {
		t.Errorf("its retransmission: %s", reply.Code)
	}
}

func TestRememberedRequestsAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) { o.Remember = 10 })
	leave := make(chan bool)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if string(r.Password) == "hangs" {
			<-leave
		}
		return access.Decision{Verdict: access.Accept}, nil
	}
	client := w.client("127.0.0.1")
	for i := range byte(50) {
		client.ask(login(i, "x", testSecret))
	}
	if remembered := w.server.Snapshot().Remembered; remembered != 10 {
		t.Errorf("%d remembered", remembered)
	}
	for i := range byte(10) {
		client.send(login(100+i, "hangs", testSecret))
	}
	w.until("ten in flight", func() bool { return len(w.gate.requests()) == 60 })
	client.silent(login(120, "x", testSecret), "too_many_in_flight")
	close(leave)
	for range 10 {
		client.read(time.Second)
	}
	client.ask(login(121, "x", testSecret))
}
