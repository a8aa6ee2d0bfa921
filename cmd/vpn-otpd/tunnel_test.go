package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vpn-otpd/radiusd/admin"
	"vpn-otpd/radiusd/totp"
)

// tunnelSite is what the examples speak of: vpn-otpd on 192.0.2.1, the VPN server on
// 192.0.2.10, and outside of them a client. Their files are the examples' own.
type tunnelSite struct {
	t              *testing.T
	server, client *machine
	decisions      *processLog // what vpn-otpd writes
	otpd           *machine
}

const tunnelPassword = "correct-horse"

// example is a file of the examples as it stands.
func example(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(examples, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// newTunnelSite starts vpn-otpd with an example's configuration, knowing alice, who is
// enrolled. The other two have the files given.
func newTunnelSite(t *testing.T, folder string, server, client map[string][]byte) *tunnelSite {
	t.Helper()
	s := &tunnelSite{t: t, otpd: newMachine(t, nil), server: newMachine(t, server), client: newMachine(t, client)}
	wire(s.server, "192.0.2.10", s.otpd, "192.0.2.1")
	wire(s.server, "198.51.100.1", s.client, "198.51.100.2")
	configuration := s.otpd.write("vpn-otpd.toml", append(example(t, folder+"/vpn-otpd.toml"), `
[store]
path = "vpn-otpd.sqlite"
key_file = "key/store.key"
[admin]
socket = "a"
`...))
	s.decisions = s.otpd.start("", "vpn-otpd", "serve", "--config", configuration)
	s.otpd.waitsFor(s.decisions, 20*time.Second, "msg=ready")
	control := admin.NewClient(filepath.Join(s.otpd.folder, "a"))
	password := tunnelPassword
	if _, err := control.AddUser(t.Context(), "alice", &password); err != nil {
		t.Fatal(err)
	}
	if _, err := control.AddDevice(t.Context(), "alice", admin.NewDevice{Secret: totp.FormatSecret(testKey.Secret)}); err != nil {
		t.Fatal(err)
	}
	return s
}

// needsTunnels skips a test where there are no machines to make, and finds the programs
// that it needs, by Debian's package.
func needsTunnels(t *testing.T, programs map[string]string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	if os.Geteuid() != 0 {
		t.Skip("making machines takes root")
	}
	if _, err := os.Stat("/dev/net/tun"); err != nil {
		t.Skip("tunnels take /dev/net/tun")
	}
	for name, pkg := range map[string]string{"ip": "iproute2", "nsenter": "util-linux", "mount": "mount", "ping": "iputils-ping"} {
		program(t, name, pkg)
	}
	for name, pkg := range programs {
		program(t, name, pkg)
	}
}

// wrongCode is none of those that count about now.
func wrongCode(t *testing.T) string {
	t.Helper()
	now := totp.Step(time.Now(), testKey.Period)
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555"} {
		right := false
		for step := now - 2; step <= now+2; step++ {
			code, err := totp.Code(testKey, step)
			if err != nil {
				t.Fatal(err)
			}
			right = right || code == guess
		}
		if !right {
			return guess
		}
	}
	t.Fatal("six guesses are right")
	return ""
}

// siteCertificate is one for vpn.example.org, its key, and the authority that signed it. RSA: IKEv1 knows
// nothing else in its hybrid mode.
func siteCertificate(t *testing.T) (certificate, key, authority []byte) {
	t.Helper()
	block := func(kind string, content []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	}
	fresh := func() *rsa.PrivateKey {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		return private
	}
	validity := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true}
	root, server := validity, validity
	root.Subject, root.IsCA, root.KeyUsage = pkix.Name{CommonName: "authority of a test"}, true, x509.KeyUsageCertSign
	server.Subject, server.DNSNames = pkix.Name{CommonName: "vpn.example.org"}, []string{"vpn.example.org"}
	server.SerialNumber, server.KeyUsage, server.ExtKeyUsage = big.NewInt(2), x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	rootKey, serverKey := fresh(), fresh()
	signed, err := x509.CreateCertificate(rand.Reader, &root, &root, rootKey.Public(), rootKey)
	authority = block("CERTIFICATE", signed, err)
	signed, err = x509.CreateCertificate(rand.Reader, &server, &root, serverKey.Public(), rootKey)
	certificate = block("CERTIFICATE", signed, err)
	private, err := x509.MarshalPKCS8PrivateKey(serverKey)
	return certificate, block("PRIVATE KEY", private, err), authority
}
