package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"net"
	"sync"
	"testing"
	"time"

	"layeh.com/radius"
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

// mustDial opens a socket that the test closes.
func mustDial(t *testing.T, server Server) *Conn {
	t.Helper()
	conn, err := Dial(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
