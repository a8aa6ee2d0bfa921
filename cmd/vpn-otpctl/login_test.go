package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

const sharedSecretText = "a long shared secret"

// radiusServer asks alice for the code 123456 after the password "right", and
// signs its replies if it is told to.
func radiusServer(t *testing.T, signed bool) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			request, err := radius.Parse(buffer[:n], []byte(sharedSecretText))
			if err != nil || (request.Get(rfc2869.MessageAuthenticator_Type) != nil) != signed {
				continue
			}
			if octets, err := encodeReply(judge(request), request, signed); err == nil {
				_, _ = conn.WriteTo(octets, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func judge(request *radius.Packet) *radius.Packet {
	password := rfc2865.UserPassword_GetString(request)
	switch {
	case rfc2865.State_Get(request) == nil && password == "right":
		reply := request.Response(radius.CodeAccessChallenge)
		_ = rfc2865.State_SetString(reply, "state")
		_ = rfc2865.ReplyMessage_SetString(reply, "Code\x1b[2J: ")
		return reply
	case rfc2865.State_GetString(request) == "state" && password == "123456":
		reply := request.Response(radius.CodeAccessAccept)
		_ = rfc2865.UserName_SetString(reply, rfc2865.UserName_GetString(request)+"@"+rfc2865.NASIdentifier_GetString(request))
		_ = rfc2865.Class_SetString(reply, rfc2865.CallingStationID_GetString(request))
		return reply
	}
	return request.Response(radius.CodeAccessReject)
}

func encodeReply(reply, request *radius.Packet, signed bool) ([]byte, error) {
	if signed {
		reply.Attributes = append(radius.Attributes{{Type: rfc2869.MessageAuthenticator_Type, Attribute: make([]byte, 16)}}, reply.Attributes...)
		octets, err := reply.MarshalBinary()
		if err != nil {
			return nil, err
		}
		copy(octets[4:], request.Authenticator[:])
		sum := hmac.New(md5.New, []byte(sharedSecretText))
		sum.Write(octets)
		reply.Attributes[0].Attribute = sum.Sum(nil)
	}
	return reply.Encode()
}

func TestLogin(t *testing.T) {
	t.Parallel()
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte(sharedSecretText+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	signed, unsigned := radiusServer(t, true), radiusServer(t, false)
	file := []string{"--secret-file", secretFile}
	for name, test := range map[string]struct {
		server string
		flags  []string
		stdin  string
		status int
		words  string // on standard output
		errors string // on standard error
	}{
		"accept": {signed, slices.Concat(file, []string{"--nas-identifier", "nas", "--calling-station", "192.0.2.9"}), "right\n123456\n", statusDone,
			"Access-Accept\n", ""},
		"attributes":        {signed, slices.Concat(file, []string{"--nas-identifier", "nas", "--calling-station", "192.0.2.9"}), "right\n123456\n", statusDone, `"192.0.2.9"`, ""},
		"names":             {signed, file, "right\n123456\n", statusDone, `"alice@vpn-otpctl"`, ""},
		"secret from stdin": {signed, []string{"--secret-file", "-"}, sharedSecretText + "\nright\n123456\n", statusDone, "Access-Accept", ""},
		"wrong password":    {signed, file, "wrong\n", statusRefused, "Access-Reject\n", "did not accept"},
		"wrong code":        {signed, file, "right\n654321\n", statusRefused, "Access-Reject\n", "did not accept"},
		"prompt is tamed":   {signed, file, "right\n123456\n", statusDone, "", "Code?[2J: \n"},
		"no answer left":    {signed, file, "right\n", statusUsage, "", "no line left"},
		"unsigned server":   {unsigned, slices.Concat(file, []string{"--timeout", "100ms"}), "right\n123456\n", statusUnreachable, "", "no answer"},
		"unsigned, told so": {unsigned, slices.Concat(file, []string{"--no-message-authenticator"}), "right\n123456\n", statusDone, "Access-Accept", ""},
		"nobody there":      {"127.0.0.1:1", slices.Concat(file, []string{"--timeout", "100ms"}), "right\n", statusUnreachable, "", "no answer"},
		"not an address":    {"127.0.0.1", file, "right\n", statusUsage, "", "--server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			arguments := append([]string{"login", "alice", "--server", test.server, "--password-stdin"}, test.flags...)
			status := run(t.Context(), arguments, strings.NewReader(test.stdin), &stdout, &stderr)
			if status != test.status || !strings.Contains(stdout.String(), test.words) || !strings.Contains(stderr.String(), test.errors) {
				t.Errorf("status %d, %q, %q", status, stdout.String(), stderr.String())
			}
			if all := stdout.String() + stderr.String(); strings.Contains(all, "\x1b") || strings.Contains(all, sharedSecretText) {
				t.Errorf("printed as it came: %q", all)
			}
		})
	}
}
