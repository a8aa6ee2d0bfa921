package client

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"layeh.com/radius"
)

// What is sent again is the same octets; Message-Authenticator comes first.
func TestRetransmission(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(n int, request []byte) [][]byte {
		if n < 3 {
			return nil
		}
		return [][]byte{reply{code: radius.CodeAccessAccept}.to(request)}
	})
	answer, err := Exchange(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()},
		Request{Code: radius.CodeAccessRequest, Attributes: text(1, "alice"), Password: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	for _, octets := range got() {
		if !bytes.Equal(octets, answer.Request) {
			t.Error("a retransmission differs")
		}
	}
	if n := len(got()); n != 3 || got()[0][20] != 80 {
		t.Errorf("sent %d times, first attribute %d", n, got()[0][20])
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(int, []byte) [][]byte { return nil })
	server := Server{Address: address, Secret: secret, Retransmission: fast()}
	if _, err := Exchange(t.Context(), server, Request{Code: radius.CodeAccessRequest}); !errors.Is(err, ErrTimeout) || len(got()) != 4 {
		t.Errorf("%v after %d sendings", err, len(got()))
	}
	closed, _ := net.ListenPacket("udp", "127.0.0.1:0")
	server.Address = closed.LocalAddr().String()
	closed.Close()
	if _, err := Exchange(t.Context(), server, Request{Code: radius.CodeAccessRequest}); !errors.Is(err, ErrTimeout) {
		t.Errorf("nobody listens: %v", err)
	}
}

// Who gives up while waiting is told so at once, and who gave up before sends nothing.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address, got := responder(t, func(_ int, request []byte) [][]byte {
		if cancel(); request[0] == byte(radius.CodeStatusServer) {
			return [][]byte{reply{code: radius.CodeAccessAccept}.to(request)}
		}
		return nil
	})
	conn := mustDial(t, Server{Address: address, Secret: secret, Retransmission: Retransmission{First: time.Minute, Total: time.Minute}})
	for _, when := range []string{"while waiting", "before"} {
		if _, err := conn.Exchange(ctx, Request{Code: radius.CodeAccessRequest}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrTimeout) {
			t.Errorf("%s: %v", when, err)
		}
	}
	// This one is answered after all that was sent before.
	if _, err := Status(t.Context(), conn); err != nil || len(got()) != 2 {
		t.Errorf("%v; %d were sent, want 2", err, len(got()))
	}
}

// The waits of RFC 5080, section 2.2.1, with the jitter at its ends and without.
func TestWaits(t *testing.T) {
	t.Parallel()
	const second = time.Second
	for jitter, want := range map[float64][]time.Duration{
		0:    {2 * second, 4 * second, 8 * second, 16 * second, 16 * second},
		0.1:  {2200 * time.Millisecond, 4620 * time.Millisecond, 9702 * time.Millisecond, 17600 * time.Millisecond},
		-0.1: {1800 * time.Millisecond, 3420 * time.Millisecond, 6498 * time.Millisecond, 12346200 * time.Microsecond, 14400 * time.Millisecond},
	} {
		rule := Retransmission{Jitter: func() float64 { return jitter }}.withDefaults()
		var wait time.Duration
		for i, w := range want {
			if wait = rule.next(wait); (wait - w).Abs() > time.Microsecond {
				t.Errorf("jitter %v, wait %d: %v, want %v", jitter, i+1, wait, w)
			}
		}
		if rule.Count != 5 || rule.Total != 30*second {
			t.Errorf("%d sendings in %v", rule.Count, rule.Total)
		}
	}
	for range 1000 {
		if j := (Retransmission{}).withDefaults().Jitter(); j < -0.1 || j > 0.1 {
			t.Fatalf("jitter %v", j)
		}
	}
}
