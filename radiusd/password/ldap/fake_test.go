package ldap_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"vpn-otpd/radiusd/password/ldap"
)

// fake is a server that says what it is told to, for what no real one says on
// demand. Its fields are set before it is asked.
type fake struct {
	bind   func(dn, password string) result // nil: success
	search func(base, filter string) ([]*goldap.Entry, result)
	whoAmI string
	delay  time.Duration // before each answer

	url   string
	mutex sync.Mutex
	asked []string // "bind DN PASSWORD", "search BASE FILTER", "who", as they came
	conns []net.Conn
}

// result is how a fake answers. text is the diagnostic message.
type result struct {
	code     uint16
	text     string
	controls []*ber.Packet
	silent   bool // say nothing
	hangUp   bool // close the connection instead
}

// start serves on loopback until the test ends.
func (f *fake) start(t testing.TB) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.url = "ldap://" + listener.Addr().String()
	var handlers sync.WaitGroup
	handlers.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.mutex.Lock()
			f.conns = append(f.conns, conn)
			f.mutex.Unlock()
			handlers.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		f.hangUp()
		handlers.Wait()
	})
	return f
}

// hangUp closes all connections.
func (f *fake) hangUp() {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	for _, conn := range f.conns {
		conn.Close()
	}
	f.conns = nil
}

func (f *fake) log() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.asked)
}

// binds are what was bound.
func (f *fake) binds() []string {
	return slices.DeleteFunc(f.log(), func(line string) bool { return !strings.HasPrefix(line, "bind ") })
}

func (f *fake) note(format string, arguments ...any) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, arguments...))
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	for {
		packet, err := ber.ReadPacket(conn)
		if err != nil {
			return
		}
		id, request := packet.Children[0].Value, packet.Children[1]
		var r result
		var entries []*goldap.Entry
		var who *ber.Packet
		tag := ber.Tag(goldap.ApplicationBindResponse)
		switch request.Tag {
		case goldap.ApplicationBindRequest:
			dn, password := request.Children[1].Data.String(), request.Children[2].Data.String()
			f.note("bind %s %s", dn, password)
			if f.bind != nil {
				r = f.bind(dn, password)
			}
		case goldap.ApplicationSearchRequest:
			tag = goldap.ApplicationSearchResultDone
			filter, err := goldap.DecompileFilter(request.Children[6])
			if err != nil {
				return
			}
			base := request.Children[0].Data.String()
			f.note("search %s %s", base, filter)
			if f.search != nil && base != "" {
				entries, r = f.search(base, filter)
			}
		case goldap.ApplicationExtendedRequest:
			tag = goldap.ApplicationExtendedResponse
			f.note("who")
			who = ber.NewString(ber.ClassContext, ber.TypePrimitive, 11, f.whoAmI, "")
		default:
			return
		}
		time.Sleep(f.delay)
		if r.hangUp {
			return
		}
		if r.silent {
			continue
		}
		for _, entry := range entries {
			conn.Write(envelope(id, entryPacket(entry)).Bytes())
		}
		conn.Write(envelope(id, r.packet(tag, who), r.controls...).Bytes())
	}
}

func envelope(id any, operation *ber.Packet, controls ...*ber.Packet) *ber.Packet {
	packet := ber.NewSequence("")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	packet.AppendChild(operation)
	if len(controls) > 0 {
		all := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		for _, control := range controls {
			all.AppendChild(control)
		}
		packet.AppendChild(all)
	}
	return packet
}

func (r result) packet(tag ber.Tag, further *ber.Packet) *ber.Packet {
	packet := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(r.code), ""))
	packet.AppendChild(octets(""))
	packet.AppendChild(octets(r.text))
	if further != nil {
		packet.AppendChild(further)
	}
	return packet
}

func entryPacket(entry *goldap.Entry) *ber.Packet {
	packet := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationSearchResultEntry, nil, "")
	packet.AppendChild(octets(entry.DN))
	attributes := ber.NewSequence("")
	for _, attribute := range entry.Attributes {
		one := ber.NewSequence("")
		one.AppendChild(octets(attribute.Name))
		values := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, value := range attribute.Values {
			values.AppendChild(octets(value))
		}
		one.AppendChild(values)
		attributes.AppendChild(one)
	}
	packet.AppendChild(attributes)
	return packet
}

func octets(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}

// policyControl is a password policy response that has an error in it.
func policyControl(code int) *ber.Packet {
	value := ber.NewSequence("")
	value.AppendChild(ber.NewInteger(ber.ClassContext, ber.TypePrimitive, 1, int64(code), ""))
	control := ber.NewSequence("")
	control.AppendChild(octets(goldap.ControlTypeBeheraPasswordPolicy))
	control.AppendChild(octets(string(value.Bytes())))
	return control
}

// alice is found by every search.
func alice(string, string) ([]*goldap.Entry, result) {
	return []*goldap.Entry{goldap.NewEntry("uid=alice,ou=people,dc=example,dc=org", map[string][]string{"uid": {"Alice"}})}, result{}
}

// open makes an LDAP of servers on loopback, without TLS.
func open(t testing.TB, options ldap.Options) *ldap.LDAP {
	t.Helper()
	options.WithoutStartTLS = true
	if options.Base == "" && options.BindTemplate == "" {
		options.Base = "dc=example,dc=org"
	}
	l, err := ldap.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}
