package client

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"layeh.com/radius"
	"layeh.com/radius/rfc2869"
)

// A forged reply is ignored, and the right one after it is taken.
func TestForgedReplies(t *testing.T) {
	t.Parallel()
	for name, forged := range map[string]reply{
		"other secret":                      {code: radius.CodeAccessAccept, key: []byte("a guess")},
		"no Message-Authenticator":          {code: radius.CodeAccessAccept, bare: true},
		"wrong Message-Authenticator":       {code: radius.CodeAccessAccept, unsigned: func(p []byte) { p[22] ^= 1 }},
		"short Message-Authenticator":       {code: radius.CodeAccessAccept, bare: true, attributes: text(rfc2869.MessageAuthenticator_Type, "short")},
		"two Message-Authenticators":        {code: radius.CodeAccessAccept, attributes: text(rfc2869.MessageAuthenticator_Type, "0123456789abcdef")},
		"two, the last of them right":       {code: radius.CodeAccessAccept, attributes: text(rfc2869.MessageAuthenticator_Type, string(make([]byte, 16))), unsigned: signLast},
		"wrong Response Authenticator":      {code: radius.CodeAccessAccept, signed: func(p []byte) { p[4] ^= 1 }},
		"code changed":                      {code: radius.CodeAccessReject, signed: func(p []byte) { p[0] = 2 }},
		"a code that answers no login":      {code: radius.CodeAccountingResponse},
		"a request's code":                  {code: radius.CodeAccessRequest},
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

// signLast moves the Message-Authenticator of a reply that has two to the second.
func signLast(packet []byte) {
	copy(packet[40:56], packet[22:38])
	clear(packet[22:38])
}

// The identifier counts by itself, not only for finding the request.
func TestOtherIdentifier(t *testing.T) {
	t.Parallel()
	request, err := (&Request{Code: radius.CodeAccessRequest}).encode(7, secret)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(request)
	other[1]++
	if got, err := verify(reply{code: radius.CodeAccessAccept}.to(other), request, secret, true); !errors.Is(err, errReply) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A right reply that another socket sent is none: the server is whom was asked.
func TestReplyFromElsewhere(t *testing.T) {
	t.Parallel()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	elsewhere, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	go func() {
		buffer := make([]byte, 4096)
		n, from, err := server.ReadFrom(buffer)
		if err != nil {
			return
		}
		elsewhere.WriteTo(reply{code: radius.CodeAccessAccept}.to(buffer[:n]), from)
		server.WriteTo(reply{code: radius.CodeAccessReject}.to(buffer[:n]), from)
	}()
	got, err := Exchange(t.Context(), Server{Address: server.LocalAddr().String(), Secret: secret}, Request{Code: radius.CodeAccessRequest})
	if err != nil || got.Code != radius.CodeAccessReject {
		t.Errorf("got %+v, %v", got, err)
	}
}

// A server that signs nothing gets no login through, and each reply is counted.
func TestOnlyUnsignedReplies(t *testing.T) {
	t.Parallel()
	address, _ := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{reply{code: radius.CodeAccessAccept, bare: true}.to(request)}
	})
	conn := mustDial(t, Server{Address: address, Secret: secret, Retransmission: fast()})
	if got, err := conn.Exchange(t.Context(), Request{Code: radius.CodeAccessRequest}); !errors.Is(err, ErrTimeout) || !errors.Is(err, errReply) {
		t.Errorf("got %+v, %v", got, err)
	}
	if conn.Ignored() == 0 {
		t.Error("nothing was counted as ignored")
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
