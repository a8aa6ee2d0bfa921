package upstream

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"net"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"vpn-otpd/radiusd/access"
)

var secret = []byte("a shared secret for tests")

// fake is a RADIUS server that does what a test tells it.
type fake struct {
	address string
	conn    net.PacketConn
	mutex   sync.Mutex
	answer  func(request *radius.Packet) []reply
	got     []*radius.Packet
	octets  [][]byte
}

// reply is an answer, a right one unless it says otherwise.
type reply struct {
	code       radius.Code
	attributes radius.Attributes
	bare       bool   // no Message-Authenticator
	badMA      bool   // a wrong one, under a right Response Authenticator
	key        []byte // another secret
	identifier byte   // added to that of the request
	from       net.PacketConn
	after      time.Duration
}

// newFake starts a server; answer may be nil: it says nothing.
func newFake(t *testing.T, answer func(request *radius.Packet) []reply) *fake {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &fake{address: conn.LocalAddr().String(), conn: conn, answer: answer}
	go f.serve()
	return f
}

func (f *fake) serve() {
	buffer := make([]byte, 4096)
	for {
		n, from, err := f.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		request, err := radius.Parse(bytes.Clone(buffer[:n]), secret)
		if err != nil {
			continue
		}
		f.mutex.Lock()
		f.got, f.octets = append(f.got, request), append(f.octets, bytes.Clone(buffer[:n]))
		answer := f.answer
		f.mutex.Unlock()
		if answer == nil {
			continue
		}
		for _, r := range answer(request) {
			through, octets := f.conn, r.to(request)
			if r.from != nil {
				through = r.from
			}
			if r.after == 0 {
				through.WriteTo(octets, from)
				continue
			}
			time.AfterFunc(r.after, func() { through.WriteTo(octets, from) })
		}
	}
}

func (f *fake) set(answer func(request *radius.Packet) []reply) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.answer = answer
}

// requests are all that came, those that were sent again included.
func (f *fake) requests() []*radius.Packet {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]*radius.Packet{}, f.got...)
}

func (r reply) to(request *radius.Packet) []byte {
	if r.key == nil {
		r.key = secret
	}
	packet := &radius.Packet{Code: r.code, Identifier: request.Identifier + r.identifier, Authenticator: request.Authenticator}
	if !r.bare {
		packet.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16))
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
		if r.badMA {
			octets[22] ^= 1
		}
	}
	sum := md5.Sum(append(bytes.Clone(octets), r.key...))
	copy(octets[4:], sum[:])
	return octets
}

// says answers every request with the same.
func says(r ...reply) func(*radius.Packet) []reply {
	return func(*radius.Packet) []reply { return r }
}

func accept(attributes ...*radius.AVP) reply {
	return reply{code: radius.CodeAccessAccept, attributes: attributes}
}

func reject() reply { return reply{code: radius.CodeAccessReject} }

func challenge(state string, messages ...string) reply {
	r := reply{code: radius.CodeAccessChallenge, attributes: radius.Attributes{text(24, state)}}
	for _, message := range messages {
		r.attributes = append(r.attributes, text(18, message))
	}
	return r
}

func text(kind radius.Type, value string) *radius.AVP {
	return &radius.AVP{Type: kind, Attribute: radius.Attribute(value)}
}

// fast is for servers that say nothing: they are waited for twice as long.
// Others are waited for longer than a busy machine needs.
const (
	fast    = 120 * time.Millisecond
	patient = 5 * time.Second
)

func newUpstream(t *testing.T, options Options, fakes ...*fake) *Upstream {
	t.Helper()
	for _, f := range fakes {
		options.Servers = append(options.Servers, Server{Address: f.address, Secret: secret})
	}
	if options.Timeout == 0 {
		options.Timeout = patient
	}
	u, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

func alice() access.Question {
	return access.Question{Name: "alice", Password: []byte("correct-horse")}
}

// clock is a time that a test sets forward.
type clock struct {
	mutex sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(by time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.ahead += by
}

func password(t *testing.T, request *radius.Packet) string {
	t.Helper()
	plain, err := rfc2865.UserPassword_LookupString(request)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
