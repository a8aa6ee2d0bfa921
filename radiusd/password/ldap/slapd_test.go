package ldap_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// directory is a slapd that the test started.
type directory struct {
	plain, secure, socket string // URLs
	ca                    []byte // who signed its certificate: itself
}

const (
	rootDN       = "cn=admin,dc=example,dc=org"
	rootPassword = "the-root-password"
)

// startSlapd starts a server with people, groups and password policies.
func startSlapd(t testing.TB) *directory {
	t.Helper()
	program := "/usr/sbin/slapd"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("slapd is missing: install slapd")
		}
		t.Skip("slapd is missing: install slapd")
	}
	// A socket's path is short; that of t.TempDir need not be.
	folder, err := os.MkdirTemp("", "slapd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	certificate, key := selfSigned(t)
	write(t, folder, "certificate.pem", certificate)
	write(t, folder, "key.pem", key)
	write(t, folder, "slapd.conf", []byte(strings.ReplaceAll(slapdConfiguration, "FOLDER", folder)))
	if err := os.Mkdir(filepath.Join(folder, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	plain, secure, socket := freeAddress(t), freeAddress(t), filepath.Join(folder, "ldapi")
	d := &directory{plain: "ldap://" + plain, secure: "ldaps://" + secure, socket: "ldapi://" + socket, ca: certificate}
	var said bytes.Buffer
	server := exec.Command(program, "-d", "0", "-f", filepath.Join(folder, "slapd.conf"),
		"-h", d.plain+" "+d.secure+" ldapi://"+strings.ReplaceAll(socket, "/", "%2F"))
	server.Stderr = &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		server.Process.Kill()
		<-ended
	})
	var conn *goldap.Conn
	for deadline := time.Now().Add(20 * time.Second); conn == nil; time.Sleep(10 * time.Millisecond) {
		conn, err = goldap.DialURL(d.plain)
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("slapd ended: %v\n%s", err, &said)
		default:
		}
		if err != nil && time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	defer conn.Close()
	fillDirectory(t, conn)
	return d
}

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func write(t testing.TB, folder, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// selfSigned makes a certificate for 127.0.0.1 and its key, in PEM.
func selfSigned(t testing.TB) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "directory of the test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

const slapdConfiguration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile FOLDER/slapd.pid
TLSCertificateFile FOLDER/certificate.pem
TLSCertificateKeyFile FOLDER/key.pem
TLSVerifyClient never
database mdb
maxsize 10485760
suffix dc=example,dc=org
rootdn cn=admin,dc=example,dc=org
rootpw the-root-password
directory FOLDER/data
dbnosync
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
overlay memberof
overlay ppolicy
ppolicy_use_lockout
`

// fillDirectory adds what the tests ask for.
func fillDirectory(t testing.TB, conn *goldap.Conn) {
	t.Helper()
	if err := conn.Bind(rootDN, rootPassword); err != nil {
		t.Fatal(err)
	}
	add := func(dn, classes string, attributes ...string) {
		t.Helper()
		request := goldap.NewAddRequest(dn, nil)
		request.Attribute("objectClass", strings.Fields(classes))
		values := make(map[string][]string)
		for _, attribute := range attributes {
			name, value, _ := strings.Cut(attribute, "=")
			values[name] = append(values[name], value)
		}
		for name, all := range values {
			request.Attribute(name, all)
		}
		if err := conn.Add(request); err != nil {
			t.Fatalf("adding %s: %v", dn, err)
		}
	}
	add("dc=example,dc=org", "dcObject organization", "o=example")
	for _, unit := range []string{"people", "groups", "policies", "services"} {
		add("ou="+unit+",dc=example,dc=org", "organizationalUnit")
	}
	add("cn=reader,ou=services,dc=example,dc=org", "organizationalRole simpleSecurityObject", "userPassword=the-reader-password")
	for name, rules := range map[string]string{"lockout": "pwdLockout=TRUE pwdMaxFailure=2", "expired": "pwdMaxAge=1 pwdGraceAuthNLimit=0", "reset": "pwdMustChange=TRUE"} {
		add("cn="+name+",ou=policies,dc=example,dc=org", "device pwdPolicy", append(strings.Fields(rules), "pwdAttribute=userPassword")...)
	}
	person := func(uid, more string) {
		t.Helper()
		add("uid="+goldap.EscapeDN(uid)+",ou=people,dc=example,dc=org", "inetOrgPerson",
			append(strings.Fields(more), "cn="+uid, "sn=x", "userPassword=secret of "+uid)...)
	}
	for _, uid := range []string{"Alice", "bob", "müller", "star*", "o,dd+one"} {
		person(uid, "")
	}
	person("twice", "employeeNumber=1 uid=double mail=same@example.org")
	person("mate", "mail=same@example.org")
	for _, policy := range []string{"lockout", "expired", "reset"} {
		person(policy, fmt.Sprintf("pwdPolicySubentry=cn=%s,ou=policies,dc=example,dc=org", policy))
	}
	reset := goldap.NewModifyRequest("uid=reset,ou=people,dc=example,dc=org", nil)
	reset.Replace("pwdReset", []string{"TRUE"})
	if err := conn.Modify(reset); err != nil {
		t.Fatal(err)
	}
	add("uid=elsewhere,ou=people,dc=example,dc=org", "referral extensibleObject", "ref=ldap://192.0.2.1/uid=elsewhere,dc=example,dc=net", "uid=elsewhere")
	add("cn=Staff,ou=groups,dc=example,dc=org", "groupOfNames", "member=uid=Alice,ou=people,dc=example,dc=org", "description=the staff")
	add("cn=vpn,ou=groups,dc=example,dc=org", "groupOfNames", "member=uid=Alice,ou=people,dc=example,dc=org", "member=uid=bob,ou=people,dc=example,dc=org", "description=vpn users")
	add("cn=posix,ou=groups,dc=example,dc=org", "posixGroup", "gidNumber=1000", "memberUid=Alice")
}
