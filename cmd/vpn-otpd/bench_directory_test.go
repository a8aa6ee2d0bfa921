package main

import (
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

const directoryPassword = "correct-horse" // of everybody

// slowDirectory is an LDAP server that everybody is in, and that takes its time
// for each answer. Each connection is served on its own, one question after the
// other.
type slowDirectory struct{ delay time.Duration }

// start serves on loopback until the benchmark ends, and returns the URL.
func (d slowDirectory) start(b *testing.B) string {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				for d.answer(conn) == nil {
				}
			})
		}
	})
	b.Cleanup(func() { // the daemon has ended, and its connections with it
		listener.Close()
		all.Wait()
	})
	return "ldap://" + listener.Addr().String()
}

// answer answers one question.
func (d slowDirectory) answer(conn net.Conn) error {
	packet, err := ber.ReadPacket(conn)
	if err != nil {
		return err
	}
	id, question := packet.Children[0].Value, packet.Children[1]
	var answers []byte
	switch question.Tag {
	case goldap.ApplicationBindRequest:
		code := goldap.LDAPResultSuccess
		if question.Children[2].Data.String() != directoryPassword {
			code = goldap.LDAPResultInvalidCredentials
		}
		answers = directoryResult(id, goldap.ApplicationBindResponse, code)
	case goldap.ApplicationSearchRequest:
		if base := question.Children[0].Data.String(); base != "" { // else it is only asked whether it lives
			name := question.Children[6].Children[1].Data.String() // of (uid=NAME)
			answers = directoryEntry(id, "uid="+name+","+base, name)
		}
		answers = append(answers, directoryResult(id, goldap.ApplicationSearchResultDone, goldap.LDAPResultSuccess)...)
	default:
		return errors.New("it knows binds and searches alone")
	}
	time.Sleep(d.delay)
	_, err = conn.Write(answers)
	return err
}

func directoryResult(id any, tag ber.Tag, code int) []byte {
	result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	result.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	result.AppendChild(directoryText(""))
	result.AppendChild(directoryText(""))
	return directoryMessage(id, result)
}

// directoryEntry is a user's entry with uid as its one attribute.
func directoryEntry(id any, dn, name string) []byte {
	values := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	values.AppendChild(directoryText(name))
	attribute := ber.NewSequence("")
	attribute.AppendChild(directoryText("uid"))
	attribute.AppendChild(values)
	attributes := ber.NewSequence("")
	attributes.AppendChild(attribute)
	entry := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationSearchResultEntry, nil, "")
	entry.AppendChild(directoryText(dn))
	entry.AppendChild(attributes)
	return directoryMessage(id, entry)
}

func directoryMessage(id any, operation *ber.Packet) []byte {
	message := ber.NewSequence("")
	message.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	message.AppendChild(operation)
	return message.Bytes()
}

func directoryText(text string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, "")
}
