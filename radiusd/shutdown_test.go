package radiusd_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestShutdownAnswersWhatWasTakenIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.Workers, o.WithoutRejectDelay = 1, false
		o.Jitter = func() time.Duration { return 0 }
	})
	leave := make(chan bool)
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		<-leave
		return access.Decision{Verdict: access.Verdict(r.Password)}, nil
	}
	client := w.client("127.0.0.1")
	accepted, rejected := login(1, "accept", testSecret), login(2, "reject", testSecret)
	client.send(accepted)
	client.send(rejected)
	w.until("one asked, one waiting", func() bool { return len(w.gate.requests()) == 1 && w.server.Snapshot().Waiting == 1 })
	done := make(chan error)
	go func() { done <- w.server.Shutdown(context.Background()) }()
	time.Sleep(20 * time.Millisecond) // reading has stopped
	client.send(login(3, "accept", testSecret))
	began := time.Now()
	close(leave)
	if reply := client.reply(accepted); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
	if reply := client.reply(rejected); reply.Code != radius.CodeAccessReject || time.Since(began) < 800*time.Millisecond {
		t.Errorf("%s after %s", reply.Code, time.Since(began))
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if asked := len(w.gate.requests()); asked != 2 {
		t.Errorf("%d asked", asked)
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := w.server.Serve(context.Background(), conn); !errors.Is(err, radiusd.ErrShutdown) {
		t.Error(err)
	}
}

func TestShutdownGivesUpInTime(t *testing.T) {
	t.Parallel()
	w := &world{t: t, gate: &fakeGate{}}
	server, err := radiusd.New(radiusd.Options{Gate: w.gate}, table(t, testClients()...))
	if err != nil {
		t.Fatal(err)
	}
	w.server = server
	ended := make(chan error, 1)
	w.gate.check = func(ctx context.Context, _ access.Request) (access.Decision, error) {
		<-ctx.Done()
		ended <- ctx.Err()
		return access.Decision{}, access.ErrBackend
	}
	w.client("127.0.0.1").send(login(1, "x", testSecret))
	w.until("the gate is asked", func() bool { return len(w.gate.requests()) == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestServeEndsWithItsContextAndAnswersStillLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	entered, leave := make(chan bool), make(chan bool)
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		entered <- true
		<-leave
		return access.Decision{Verdict: access.Accept}, nil
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.server.Serve(ctx, conn) }()
	client := w.dial("127.0.0.1", conn.LocalAddr().(*net.UDPAddr))
	request := login(1, "x", testSecret)
	client.send(request)
	<-entered
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	close(leave)
	client.reply(request)
}
