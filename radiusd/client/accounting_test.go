package client

import (
	"bytes"
	"errors"
	"testing"

	"layeh.com/radius"
)

// An Accounting-Request signs itself, as the library sees it.
func TestAccountingRequestSignsItself(t *testing.T) {
	t.Parallel()
	request := Request{Code: radius.CodeAccountingRequest, Attributes: append(text(40, "\x00\x00\x00\x01"), text(44, "S1")...)}
	octets, err := request.encode(7, secret)
	if err != nil {
		t.Fatal(err)
	}
	if !radius.IsAuthenticRequest(octets, secret) || radius.IsAuthenticRequest(octets, []byte("another")) || string(octets[20:]) != "\x28\x06\x00\x00\x00\x01\x2c\x04S1" {
		t.Errorf("%x", octets)
	}
}

// Only an Accounting-Response answers it, proven as every reply is.
func TestAccountingIsAnswered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer reply
		want   error
	}{
		"response":                        {reply{code: radius.CodeAccountingResponse}, nil},
		"accept":                          {reply{code: radius.CodeAccessAccept}, ErrTimeout},
		"another secret":                  {reply{code: radius.CodeAccountingResponse, key: []byte("a guess")}, ErrTimeout},
		"without a Message-Authenticator": {reply{code: radius.CodeAccountingResponse, bare: true}, nil},
		"wrong Response Authenticator":    {reply{code: radius.CodeAccountingResponse, bare: true, signed: func(p []byte) { p[4] ^= 1 }}, ErrTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, got := responder(t, func(_ int, request []byte) [][]byte { return [][]byte{test.answer.to(request)} })
			answer, err := Exchange(t.Context(), Server{Address: address, Secret: secret, Retransmission: fast()},
				Request{Code: radius.CodeAccountingRequest, Attributes: text(44, "S1")})
			if !errors.Is(err, test.want) || err == nil && answer.Code != radius.CodeAccountingResponse {
				t.Errorf("%+v, %v", answer, err)
			}
			for _, sent := range got() {
				if !bytes.Equal(sent, got()[0]) {
					t.Errorf("sent %x, then %x", got()[0], sent)
				}
			}
		})
	}
}
