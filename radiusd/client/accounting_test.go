package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"errors"
	"testing"

	"layeh.com/radius"
)

// An Accounting-Request signs itself, over its Message-Authenticator too, as the
// library sees it; what is sent again is the same octets.
func TestAccountingRequestSignsItself(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		request := Request{Code: radius.CodeAccountingRequest, WithoutMessageAuthenticator: bare,
			Attributes: append(text(40, "\x00\x00\x00\x01"), text(44, "S1")...)}
		octets, err := request.encode(7, secret)
		if err != nil {
			t.Fatal(err)
		}
		if !radius.IsAuthenticRequest(octets, secret) || radius.IsAuthenticRequest(octets, []byte("another")) {
			t.Errorf("bare %v: the Request Authenticator of %x", bare, octets)
		}
		if bare {
			if len(octets) != 20+6+4 {
				t.Errorf("bare: %x", octets)
			}
			continue
		}
		value := bytes.Clone(octets[22:38])
		clear(octets[4:20])
		clear(octets[22:38])
		sum := hmac.New(md5.New, secret)
		sum.Write(octets)
		if octets[20] != 80 || !hmac.Equal(sum.Sum(nil), value) {
			t.Errorf("the Message-Authenticator %x in %x", value, octets)
		}
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
		"without a Message-Authenticator": {reply{code: radius.CodeAccountingResponse, bare: true}, ErrTimeout},
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
