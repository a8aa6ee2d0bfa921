package client

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

var secret = []byte("a shared secret for tests")

// responder answers each datagram with the datagrams that answer returns. It
// returns its address and all that it got.
func responder(t *testing.T, answer func(n int, request []byte) [][]byte) (string, func() [][]byte) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var mutex sync.Mutex
	var got [][]byte
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			request := bytes.Clone(buffer[:n])
			mutex.Lock()
			got = append(got, request)
			count := len(got)
			mutex.Unlock()
			for _, reply := range answer(count, request) {
				conn.WriteTo(reply, from)
			}
		}
	}()
	return conn.LocalAddr().String(), func() [][]byte {
		mutex.Lock()
		defer mutex.Unlock()
		return got
	}
}

// reply makes a right reply; change breaks it before or after it is signed.
type reply struct {
	code       radius.Code
	attributes radius.Attributes
	bare       bool                // no Message-Authenticator
	unsigned   func(packet []byte) // changes the packet before the Response Authenticator
	signed     func(packet []byte)
	key        []byte
}

func (r reply) to(request []byte) []byte {
	if r.key == nil {
		r.key = secret
	}
	packet := &radius.Packet{Code: r.code, Identifier: request[1], Secret: r.key}
	copy(packet.Authenticator[:], request[4:20])
	if !r.bare {
		packet.Attributes.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
	}
	packet.Attributes = append(packet.Attributes, r.attributes...)
	octets, err := packet.MarshalBinary()
	if err != nil {
		panic(err)
	}
	if !r.bare {
		sum := hmac.New(md5.New, r.key)
		sum.Write(octets)
		copy(octets[22:], sum.Sum(nil))
	}
	if r.unsigned != nil {
		r.unsigned(octets)
	}
	sum := md5.Sum(append(bytes.Clone(octets), r.key...))
	copy(octets[4:], sum[:])
	if r.signed != nil {
		r.signed(octets)
	}
	return octets
}

func fast() Retransmission {
	return Retransmission{First: 30 * time.Millisecond, Longest: 60 * time.Millisecond, Count: 4, Total: 400 * time.Millisecond}
}

func text(kind radius.Type, value string) radius.Attributes {
	return radius.Attributes{{Type: kind, Attribute: radius.Attribute(value)}}
}

// A forged reply is ignored, and the right one after it is taken.
func TestForgedReplies(t *testing.T) {
	t.Parallel()
	for name, forged := range map[string]reply{
		"other secret":                      {code: radius.CodeAccessAccept, key: []byte("a guess")},
		"no Message-Authenticator":          {code: radius.CodeAccessAccept, bare: true},
		"wrong Message-Authenticator":       {code: radius.CodeAccessAccept, unsigned: func(p []byte) { p[22] ^= 1 }},
		"short Message-Authenticator":       {code: radius.CodeAccessAccept, bare: true, attributes: text(rfc2869.MessageAuthenticator_Type, "short")},
		"two Message-Authenticators":        {code: radius.CodeAccessAccept, attributes: text(rfc2869.MessageAuthenticator_Type, "0123456789abcdef")},
		"wrong Response Authenticator":      {code: radius.CodeAccessAccept, signed: func(p []byte) { p[4] ^= 1 }},
		"code changed":                      {code: radius.CodeAccessReject, signed: func(p []byte) { p[0] = 2 }},
		"other identifier":                  {code: radius.CodeAccessAccept, signed: func(p []byte) { p[1]++ }},
		"length beyond the datagram":        {code: radius.CodeAccessAccept, signed: func(p []byte) { p[2] = 2 }},
		"attribute of no length":            {code: radius.CodeAccessAccept, attributes: text(18, "x"), signed: func(p []byte) { p[len(p)-2] = 0 }},
		"changed so that MD5 alone is fine": {code: radius.CodeAccessReject, unsigned: func(p []byte) { p[0] = 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := responder(t, func(_ int, request []byte) [][]byte {
				return [][]byte{{1, 2, 3}, forged.to(request), reply{code: radius.CodeAccessReject, attributes: text(18, "no")}.to(request)}
			})
			got, err := Exchange(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()}, Request{Code: radius.CodeAccessRequest})
			if err != nil || got.Code != radius.CodeAccessReject || len(got.Messages()) != 1 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestReplyWithoutMessageAuthenticatorWhereAllowed(t *testing.T) {
	t.Parallel()
	address, _ := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{reply{code: radius.CodeAccessAccept, unsigned: func(p []byte) { p[30] ^= 1 }}.to(request), reply{code: radius.CodeAccessReject, bare: true}.to(request)}
	})
	got, err := Exchange(t.Context(), Server{Address: address, Secret: secret, AllowWithoutMessageAuthenticator: true, Retransmission: fast()}, Request{Code: radius.CodeAccessRequest})
	if err != nil || got.Code != radius.CodeAccessReject {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Padding behind a reply is not part of it.
func TestPaddedReply(t *testing.T) {
	t.Parallel()
	address, _ := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{append(reply{code: radius.CodeAccessAccept}.to(request), 0, 0, 0)}
	})
	if _, err := Exchange(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()}, Request{Code: radius.CodeAccessRequest}); err != nil {
		t.Error(err)
	}
}

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
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Exchange(ctx, server, Request{Code: radius.CodeAccessRequest}); err == nil {
		t.Error("cancelled, but no error")
	}
	closed, _ := net.ListenPacket("udp", "127.0.0.1:0")
	server.Address = closed.LocalAddr().String()
	closed.Close()
	if _, err := Exchange(t.Context(), server, Request{Code: radius.CodeAccessRequest}); !errors.Is(err, ErrTimeout) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(n int, request []byte) [][]byte {
		if n == 1 {
			return [][]byte{reply{code: radius.CodeAccessChallenge, attributes: append(text(24, "state"), text(18, "Enter: ")...)}.to(request)}
		}
		return [][]byte{reply{code: radius.CodeAccessAccept, attributes: text(1, "alice")}.to(request)}
	})
	conn, err := Dial(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	login := Login{Conn: conn, User: "Alice", NASIdentifier: "nas", CallingStation: "192.0.2.1", Session: "S1"}
	for i, typed := range []string{"pass\x00word", "123456"} {
		answer, err := login.Answer(t.Context(), []byte(typed))
		if err != nil {
			t.Fatal(err)
		}
		packet, err := radius.Parse(got()[i], secret)
		if err != nil {
			t.Fatal(err)
		}
		hidden := packet.Get(rfc2865.UserPassword_Type)
		if plain := bytes.TrimRight(hide(hidden, secret, packet.Authenticator)[:len(hidden)], "\x00"); i == 1 && string(plain) != typed {
			t.Errorf("the password is %q", plain)
		}
		if state := string(packet.Get(24)); (state == "state") != (i == 1) {
			t.Errorf("leg %d has State %q", i+1, state)
		}
		if i == 1 && (answer.UserName() != "alice" || len(answer.List()) != 2) {
			t.Errorf("%+v", answer.List())
		}
	}
}

// The library decodes what hide makes, and hide is its own reverse in a block.
func TestHide(t *testing.T) {
	t.Parallel()
	var authenticator [16]byte
	for _, password := range []string{"", "x", "0123456789abcdef", "0123456789abcdefg", "with\x00NUL", string(bytes.Repeat([]byte("y"), 128))} {
		hidden := hide([]byte(password), secret, authenticator)
		want, err := radius.NewUserPassword([]byte(password), secret, authenticator[:])
		if err != nil || !bytes.Equal(hidden, want) {
			t.Errorf("%q: %x, the library says %x, %v", password, hidden, want, err)
		}
	}
	if _, err := (&Request{Code: 1, Password: make([]byte, 129)}).encode(1, secret); err == nil {
		t.Error("129 octets were taken")
	}
}

// 256 requests at once on one socket, answered in any order; one more is refused.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var mutex sync.Mutex
	var waiting [][]byte
	address, _ := responder(t, func(n int, request []byte) [][]byte {
		mutex.Lock()
		defer mutex.Unlock()
		waiting = append(waiting, reply{code: radius.CodeAccessAccept, attributes: text(25, fmt.Sprint(request[1]))}.to(request))
		if n < 256 {
			return nil
		}
		return waiting
	})
	conn, err := Dial(t.Context(), Server{Address: address, Secret: secret, Retransmission: Retransmission{First: 5 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var all sync.WaitGroup
	for range 255 {
		all.Go(func() { exchange(t, conn) })
	}
	for {
		conn.mutex.Lock()
		busy := 0
		for _, p := range conn.pending {
			if p != nil {
				busy++
			}
		}
		conn.mutex.Unlock()
		if busy == 255 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	identifier, _, err := conn.reserve(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exchange(t.Context(), Request{Code: 1}); !errors.Is(err, ErrIdentifiers) {
		t.Errorf("the 257th: %v", err)
	}
	conn.release(identifier)
	exchange(t, conn)
	all.Wait()
}

func exchange(t *testing.T, conn *Conn) {
	answer, err := conn.Exchange(t.Context(), Request{Code: radius.CodeAccessRequest})
	if err != nil {
		t.Error(err)
		return
	}
	if class := string(answer.Attributes.Get(25)); class != fmt.Sprint(answer.Request[1]) {
		t.Errorf("request %d got the answer of %s", answer.Request[1], class)
	}
}

func FuzzReply(f *testing.F) {
	request, err := (&Request{Code: 1}).encode(7, secret)
	if err != nil {
		f.Fatal(err)
	}
	good := reply{code: 2, attributes: text(18, "hello")}.to(request)
	f.Add(good)
	f.Add(good[:30])
	f.Fuzz(func(t *testing.T, octets []byte) {
		answer, err := verify(octets, request, secret, true)
		if err == nil && !bytes.HasPrefix(octets, good) {
			// Only who knows the secret can make one: the fuzzer doesn't.
			t.Errorf("%x was taken as %v", octets, answer.Code)
		}
	})
}
