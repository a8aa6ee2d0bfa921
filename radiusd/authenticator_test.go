package radiusd_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd"
	"vpn-otpd/radiusd/access"
)

func TestM1OneFlippedBitSilences(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	client := w.client("127.0.0.2") // even where the attribute isn't required
	request := login(1, "accept", testSecret, attribute(33, "p"))
	for bit := range len(request) * 8 {
		flipped := bytes.Clone(request)
		flipped[bit/8] ^= 1 << (bit % 8)
		client.send(flipped)
	}
	answered := func() (sum uint64) {
		snapshot := w.server.Snapshot()
		for _, group := range []map[string]uint64{snapshot.Dropped, snapshot.Answered} {
			for _, n := range group {
				sum += n
			}
		}
		return sum
	}
	w.until("all datagrams seen to", func() bool { return answered() == uint64(len(request)*8) })
	// Flips within the attribute's type make it another attribute: then the
	// request carries none, which this client may.
	const typeBits = 8
	if asked := len(w.gate.requests()); asked > typeBits {
		t.Errorf("the gate was asked %d times", asked)
	}
	if wrong := w.server.Snapshot().Dropped["message_authenticator_wrong"]; wrong < uint64(len(request)-4)*8/2 {
		t.Errorf("%d found wrong", wrong)
	}
}

func TestM1OneAttributeOfTheRightLength(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.2")
	for title, further := range map[string][][]byte{
		"two":       {placeholder, placeholder},
		"two split": {placeholder, attribute(25, "c"), placeholder},
		"short":     {attribute(80, strings.Repeat("x", 15))},
		"long":      {attribute(80, strings.Repeat("x", 17))},
		"empty":     {attribute(80, "")},
	} {
		t.Run(title, func(t *testing.T) {
			packet := unsigned(1, "accept", testSecret, further...)
			if title[:3] == "two" {
				sign(packet, testSecret)
			}
			client.silent(packet, "attribute")
		})
	}
}

func TestM2EAPAndStatusServerNeedIt(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.2")
	client.silent(write(1, 1, attribute(1, "alice"), attribute(79, "\x02\x01\x00\x05\x01")), "message_authenticator_missing")
	client.silent(write(12, 2), "message_authenticator_missing")
}

func TestM3RequireAndLimitProxyState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	strict, legacy, limited := w.dial("127.0.0.1", at), w.dial("127.0.0.2", at), w.dial("127.0.0.3", at)
	for i := range byte(3) {
		strict.silent(unsigned(i, "accept", testSecret), "message_authenticator_missing")
	}
	if lines := strings.Count(w.log.String(), "required"); lines != 1 || !strings.Contains(w.log.String(), "client=strict") {
		t.Errorf("%d lines in the log:\n%s", lines, w.log)
	}
	limited.silent(unsigned(1, "accept", testSecret, attribute(33, "p")), "proxy_state")
	for title, reply := range map[string]*radius.Packet{
		"limited, no Proxy-State":       limited.ask(unsigned(2, "accept", testSecret)),
		"limited, signed, Proxy-State":  limited.ask(login(3, "accept", testSecret, attribute(33, "p"))),
		"legacy, unsigned, Proxy-State": legacy.ask(unsigned(4, "accept", testSecret, attribute(33, "p"))),
	} {
		if reply.Code != radius.CodeAccessAccept {
			t.Errorf("%s: %s", title, reply.Code)
		}
	}
	for _, client := range w.server.Snapshot().Clients {
		want := map[string][2]uint64{"strict": {3, 3}, "legacy": {1, 1}, "limited": {3, 2}, "six": {0, 0}}[client.Name]
		if got := [2]uint64{client.Requests, client.WithoutMessageAuthenticator}; got != want || client.LastSeen.IsZero() != (want[0] == 0) {
			t.Errorf("%s: %+v, not %v", client.Name, client, want)
		}
	}
}

func TestM4PositionInTheRequestMeansNothing(t *testing.T) {
	t.Parallel()
	client := newWorld(t, nil).client("127.0.0.1")
	for position := range 5 {
		request := write(1, byte(position))
		attributes := [][]byte{attribute(1, "alice"), attribute(2, hide("accept", request[4:20], testSecret)), attribute(32, "nas"), attribute(33, "p")}
		request = append(request, bytes.Join(slices.Insert(attributes, position, placeholder), nil)...)
		request[3] = byte(len(request))
		if reply := client.ask(sign(request, testSecret)); reply.Code != radius.CodeAccessAccept {
			t.Errorf("position %d: %s", position, reply.Code)
		}
	}
}

func TestM5EveryReplyBeginsWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	for _, from := range []string{"127.0.0.1", "127.0.0.2"} {
		client := w.dial(from, at)
		for i, c := range []struct {
			request []byte
			want    radius.Code
		}{
			{login(1, "accept", testSecret), radius.CodeAccessAccept},
			{login(2, "reject", testSecret), radius.CodeAccessReject},
			{login(3, "challenge", testSecret), radius.CodeAccessChallenge},
			{sign(write(12, 4, placeholder), testSecret), radius.CodeAccessAccept},
			{sign(write(1, 5, placeholder), testSecret), radius.CodeAccessReject},
		} {
			if reply := client.ask(c.request); reply.Code != c.want { // ask looks at the octets
				t.Errorf("%d: %s", i, reply.Code)
			}
		}
	}
	if reply := w.dial("127.0.0.2", at).ask(unsigned(6, "accept", testSecret)); reply.Code != radius.CodeAccessAccept {
		t.Error(reply.Code)
	}
}

func TestM6NothingOfTheClientsChoiceComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := w.serve("udp4", "127.0.0.1:0")
	if name := string(w.dial("127.0.0.1", at).ask(login(1, "accept", testSecret)).Get(1)); name != "canonical" {
		t.Errorf("User-Name %q to a client that signs", name)
	}
	legacy := w.dial("127.0.0.2", at)
	if got := kinds(legacy.ask(login(1, "accept", testSecret))); !slices.Equal(got, []int{1}) {
		t.Errorf("signed request of the legacy client: %v", got)
	}
	for i, password := range []string{"accept", "reject", "challenge"} {
		reply := legacy.ask(unsigned(byte(2+i), password, testSecret, attribute(32, "chosen"), attribute(33, "p")))
		for _, a := range reply.Attributes[1:] {
			if strings.Contains(string(a.Attribute), "alice") || strings.Contains(string(a.Attribute), "chosen") || a.Type == 1 {
				t.Errorf("%s: attribute %d is %q", password, a.Type, a.Attribute)
			}
		}
	}
}

func TestM7Secrets(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 12, 13, 32, 64, 65, 200} {
		w := newWorld(t, nil)
		w.log.text.Reset()
		client := testClients()[0]
		secret := strings.Repeat("s", length)
		client.Secret = []byte(secret)
		w.server.SetClients(table(t, client))
		if warned := strings.Contains(w.log.String(), "short"); warned != (length <= 12) {
			t.Errorf("%d octets: warned %t", length, warned)
		}
		asker := w.client("127.0.0.1")
		asker.secret = secret
		if reply := asker.ask(login(1, "accept", secret)); reply.Code != radius.CodeAccessAccept {
			t.Errorf("%d octets: %s", length, reply.Code)
		}
	}
}

func TestM8AllRejectsLeaveAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.WithoutRejectDelay, o.Workers = false, 4
		o.Jitter = func() time.Duration { return 100 * time.Millisecond }
	})
	w.gate.check = func(_ context.Context, r access.Request) (access.Decision, error) {
		if string(r.Password) == "slow" {
			time.Sleep(300 * time.Millisecond)
		}
		return access.Decision{Verdict: access.Reject}, nil
	}
	at := w.serve("udp4", "127.0.0.1:0")
	requests := [][]byte{
		login(1, "fast", testSecret), login(2, "slow", testSecret),
		sign(write(1, 3, placeholder), testSecret),
		sign(write(1, 4, attribute(1, "alice"), attribute(3, strings.Repeat("x", 17)), placeholder), testSecret),
		sign(write(1, 5, attribute(1, "alice"), attribute(79, "\x02\x01\x00\x05\x01"), placeholder), testSecret),
	}
	for i := range byte(20) { // more than there are workers
		requests = append(requests, login(10+i, "fast", testSecret))
	}
	var waiting sync.WaitGroup
	for _, request := range requests {
		client := w.dial("127.0.0.1", at)
		waiting.Go(func() {
			began := time.Now()
			client.send(request)
			reply := client.read(3 * time.Second)
			took := time.Since(began)
			if reply == nil || reply[0] != 3 || took < 1100*time.Millisecond || took > 1400*time.Millisecond {
				t.Errorf("request %d answered %x after %s", request[1], reply, took)
			}
		})
	}
	waiting.Wait()
}

func TestM8JitterAndBounds(t *testing.T) {
	t.Parallel()
	if _, err := radiusd.New(radiusd.Options{Gate: &fakeGate{}, RejectDelay: 999 * time.Millisecond}, table(t)); err == nil {
		t.Error("a delay below 1 s was taken")
	}
	if _, err := radiusd.New(radiusd.Options{Gate: &fakeGate{}, RejectDelay: 11 * time.Second}, table(t)); err == nil {
		t.Error("a delay above 10 s was taken")
	}
	w := newWorld(t, func(o *radiusd.Options) { o.WithoutRejectDelay = false })
	at := w.serve("udp4", "127.0.0.1:0")
	var waiting sync.WaitGroup
	var mutex sync.Mutex
	var times []time.Duration
	for i := range byte(16) {
		client := w.dial("127.0.0.1", at)
		waiting.Go(func() {
			began := time.Now()
			client.send(login(i, "wrong", testSecret))
			client.read(3 * time.Second)
			mutex.Lock()
			defer mutex.Unlock()
			times = append(times, time.Since(began))
		})
	}
	waiting.Wait()
	first, last := slices.Min(times), slices.Max(times)
	if first < time.Second || last > 1800*time.Millisecond || last-first < 50*time.Millisecond {
		t.Errorf("between %s and %s", first, last)
	}
}

func TestM8AtOnceWhenTheMomentHasPassed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *radiusd.Options) {
		o.WithoutRejectDelay = false
		o.Jitter = func() time.Duration { return 0 }
	})
	w.gate.check = func(context.Context, access.Request) (access.Decision, error) {
		w.offset.Add(int64(2 * time.Second)) // it took that long
		return access.Decision{Verdict: access.Reject}, nil
	}
	client := w.client("127.0.0.1")
	client.send(login(1, "x", testSecret))
	if reply := client.read(500 * time.Millisecond); reply == nil {
		t.Error("no reply at once")
	}
}
