package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"strings"
	"testing"

	"layeh.com/radius"
)

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
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]Request{
		"129 octets of password": {Code: 1, Password: make([]byte, 129)},
		"254 octets of a value":  {Code: 1, Attributes: text(1, strings.Repeat("a", 254))},
		"a CoA-Request":          {Code: radius.CodeCoARequest},
		"accounting, a password": {Code: radius.CodeAccountingRequest, Password: []byte{}},
		"a reply":                {Code: radius.CodeAccessAccept},
	} {
		if octets, err := request.encode(1, secret); err == nil {
			t.Errorf("%s: %x", name, octets)
		}
	}
}

// What tests of a server need: the identifier, the attributes and their order
// as wanted, and no Message-Authenticator; the octets can be looked at.
func TestRequestAsWanted(t *testing.T) {
	t.Parallel()
	address, got := responder(t, func(_ int, request []byte) [][]byte {
		return [][]byte{reply{code: radius.CodeAccessReject}.to(request)}
	})
	identifier := byte(200)
	answer, err := Exchange(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()}, Request{
		Code: radius.CodeAccessRequest, Identifier: &identifier, WithoutMessageAuthenticator: true,
		Attributes: append(text(33, "a"), append(text(0xf0, ""), text(33, "b")...)...),
	})
	if err != nil {
		t.Fatal(err)
	}
	sent := got()[0]
	if sent[1] != 200 || string(sent[20:]) != "\x21\x03a\xf0\x02\x21\x03b" || !bytes.Equal(sent, answer.Request) || answer.Octets[0] != 3 {
		t.Errorf("sent %x, have %x and %x", sent, answer.Request, answer.Octets)
	}
}

// Each request has a Request Authenticator of its own, and a Message-Authenticator
// over all of it.
func TestRequestIsSigned(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 100 {
		octets, err := (&Request{Code: 1, Attributes: text(1, "alice"), Password: []byte("x")}).encode(7, secret)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(octets[4:20])] = true
		value := bytes.Clone(octets[22:38])
		clear(octets[22:38])
		sum := hmac.New(md5.New, secret)
		sum.Write(octets)
		if octets[20] != 80 || octets[21] != 18 || !hmac.Equal(sum.Sum(nil), value) {
			t.Fatalf("Message-Authenticator %x in %x", value, octets)
		}
	}
	if len(seen) != 100 {
		t.Errorf("%d Request Authenticators for 100 requests", len(seen))
	}
}
