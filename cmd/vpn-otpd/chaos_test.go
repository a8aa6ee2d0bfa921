package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius"

	"vpn-otpd/radiusd/client"
	"vpn-otpd/radiusd/totp"
	"vpn-otpd/store"
	"vpn-otpd/store/postgres"
)

// Three daemons over one database serve two VPN servers that fail over between
// them over a network that loses replies, while daemons and the database are killed
// at random and come back: who tries until there is an answer gets in once, a code
// lets in one, what was counted is counted, and each accept has its record.
func TestNodesInChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	site := startChaos(t, 3)
	vpn1 := &vpn{site: site, name: "vpn1", from: netip.MustParseAddr("127.0.0.1")}
	vpn2 := &vpn{site: site, name: "vpn2", from: netip.MustParseAddr("127.0.0.2"), password: "any"}

	over := make(chan struct{})
	var logins sync.WaitGroup
	var rounds atomic.Int64
	for worker := range 8 {
		logins.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				n := int(rounds.Add(1))
				here, there := vpn1, vpn2
				if worker%2 == 1 {
					here, there = vpn2, vpn1
				}
				switch n % 10 {
				case 0:
					guessThenTry(t, site, vpn2, fmt.Sprint("guesser", n))
				case 1, 2, 3:
					oneOfTwo(t, site, here, there, fmt.Sprint("user", n))
				default:
					onceAndNoMore(t, site, here, there, fmt.Sprint("user", n))
				}
			}
		})
	}
	site.breakThings(rand.New(rand.NewPCG(seed, 0)), 12)
	close(over)
	logins.Wait()
	site.checkRecords(int(rounds.Load()))
}

// chaosSite is daemons that are processes, over one database.
type chaosSite struct {
	t        *testing.T
	database interface {
		Kill()
		Restart(testing.TB)
	}
	store *store.Store // to look into
	nodes []*node

	mutex    sync.Mutex
	accepted map[string]int // by user, as the VPN servers saw it
	guesses  []string       // users who were guessed at
}

// startChaos starts so many daemons, and a server for the passwords.
func startChaos(t *testing.T, count int) *chaosSite {
	t.Helper()
	folder := t.TempDir()
	build := exec.Command("go", "build", "-o", folder, "vpn-otpd/cmd/vpn-otpd", "vpn-otpd/cmd/radius-load")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	upstream := freeUDPAddress(t)
	passwords := exec.Command(filepath.Join(folder, "radius-load"), "stub", "accept", "--listen", upstream, "--secret", testSecret)
	if err := passwords.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { passwords.Process.Kill(); passwords.Wait() })
	database := startPostgres(t)
	s := &chaosSite{t: t, database: database, accepted: make(map[string]int)}
	url, key := database.Database(t), filepath.Join(folder, "store.key")
	for n := range count {
		s.nodes = append(s.nodes, startNode(t, n, filepath.Join(folder, "vpn-otpd"), url, key, upstream))
	}
	keys, err := store.ReadKeyFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if s.store, err = postgres.Open(t.Context(), url, keys, store.Options{Node: "observer"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	return s
}

func freeUDPAddress(t testing.TB) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// breakThings does harm so many times, and mends it each time.
func (s *chaosSite) breakThings(random *rand.Rand, times int) {
	for n := range times {
		time.Sleep(time.Duration(200+random.IntN(700)) * time.Millisecond)
		broken := time.Duration(random.IntN(500)) * time.Millisecond
		switch node := s.nodes[random.IntN(len(s.nodes))]; {
		case n%5 == 4:
			s.database.Kill()
			time.Sleep(broken)
			s.database.Restart(s.t)
		case random.IntN(4) == 0:
			node.stop()
			time.Sleep(broken)
			node.start(s.t)
		default:
			node.kill()
			time.Sleep(broken)
			node.start(s.t)
		}
	}
}

// enroll adds a user with the test's device. The database may be away.
func (s *chaosSite) enroll(name string) {
	var err error
	for range 50 {
		err = s.store.Update(s.t.Context(), func(tx *store.Tx) error {
			if _, err := tx.AddAccount(name); err != nil {
				return err
			}
			_, err := tx.AddDevice(store.Device{User: name, Label: "phone", Algorithm: testKey.Algorithm, Digits: testKey.Digits, Period: testKey.Period}, testKey.Secret)
			return err
		})
		if err == nil || errors.Is(err, store.ErrExists) { // a try before was kept, and not heard of
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Errorf("adding %s: %v", name, err)
}

func (s *chaosSite) note(user string, code radius.Code) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if code == radius.CodeAccessAccept {
		s.accepted[user]++
		return true
	}
	return false
}

// onceAndNoMore: a login gets in, and its code doesn't a second time.
func onceAndNoMore(t *testing.T, s *chaosSite, here, there *vpn, user string) {
	s.enroll(user)
	code := codeNow(t)
	if !s.note(user, here.login(user, code, "first")) {
		t.Errorf("%s: a login with its own code was lost at %s", user, here.name)
	}
	if s.note(user, there.login(user, code, "second")) {
		t.Errorf("%s: a code was accepted twice", user)
	}
}

// oneOfTwo: of two who come with one code at once one gets in.
func oneOfTwo(t *testing.T, s *chaosSite, here, there *vpn, user string) {
	s.enroll(user)
	code := codeNow(t)
	var both sync.WaitGroup
	var in atomic.Int32
	for n, at := range []*vpn{here, there} {
		both.Go(func() {
			if s.note(user, at.login(user, code, fmt.Sprint("rival", n))) {
				in.Add(1)
			}
		})
	}
	both.Wait()
	if in.Load() != 1 {
		t.Errorf("%s: of two with one code %d got in", user, in.Load())
	}
}

// guessThenTry: after five wrong codes the right one doesn't help.
func guessThenTry(t *testing.T, s *chaosSite, at *vpn, user string) {
	s.enroll(user)
	for n := range 5 {
		if code := at.login(user, nthWrongCode(t, n), fmt.Sprint("guess", n)); s.note(user, code) {
			t.Errorf("%s: a wrong code was accepted", user)
		}
	}
	if s.note(user, at.login(user, codeNow(t), "right")) {
		t.Errorf("%s: a right code was accepted after five wrong ones", user)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.guesses = append(s.guesses, user)
}

// nthWrongCode is the n-th of codes that are no code of a time near now.
func nthWrongCode(t testing.TB, n int) string {
	now := totp.Step(time.Now(), testKey.Period)
	for candidate := 100_000 * n; ; candidate++ {
		code := fmt.Sprintf("%06d", candidate)
		right := slices.ContainsFunc([]int64{-2, -1, 0, 1, 2, 3}, func(off int64) bool {
			at, err := totp.Code(testKey, now+off)
			if err != nil {
				t.Error(err)
			}
			return at == code
		})
		if !right {
			return code
		}
	}
}

// checkRecords compares the audit log with what the VPN servers saw.
func (s *chaosSite) checkRecords(rounds int) {
	t := s.t
	records, _, err := s.store.Log(t.Context(), store.LogQuery{Event: "login", Reason: "totp_accepted", After: map[string]int64{}, Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	recorded := make(map[string]int)
	for _, r := range records {
		recorded[r.User]++
	}
	for user, count := range recorded {
		if count != s.accepted[user] {
			t.Errorf("%s: %d accepts are recorded, %d were seen", user, count, s.accepted[user])
		}
	}
	for user, count := range s.accepted {
		if recorded[user] != count {
			t.Errorf("%s: %d accepts were seen, %d are recorded", user, count, recorded[user])
		}
	}
	for _, user := range s.guesses {
		account, _, err := s.store.Account(t.Context(), user)
		if err != nil || account.Lock.Level != 1 || !account.Lock.Until.After(time.Now()) {
			t.Errorf("%s: five wrong codes at several nodes led to %+v, %v", user, account.Lock, err)
		}
	}
	chains, err := s.store.VerifyAudit(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, chain := range chains {
		if chain.Broken != 0 {
			t.Errorf("%+v", chain)
		}
	}
	t.Logf("%d rounds, %d accepts, %d users guessed at, %d chains", rounds, len(records), len(s.guesses), len(chains))
	if len(records) < 50 || len(s.guesses) == 0 || len(chains) < len(s.nodes) {
		t.Error("too little happened to say anything")
	}
}

// vpn is a VPN server that knows all nodes, and asks the next one where there is
// no answer. With a password it answers challenges; without, it sends the code alone.
type vpn struct {
	site     *chaosSite
	name     string
	from     netip.Addr
	password string
	asked    atomic.Int64
}

// login tries until there is a verdict; 0: there was none.
func (v *vpn) login(user, code, session string) radius.Code {
	var state []byte
	field := code
	if v.password != "" {
		field = v.password
	}
	for range 40 {
		reply, err := v.ask(user, field, session, state)
		switch {
		case err != nil:
		case reply.Code == radius.CodeAccessChallenge && state == nil && v.password != "":
			state, field = reply.State(), code
		default: // a second challenge says that the code was wrong
			return reply.Code
		}
	}
	v.site.t.Errorf("%s: nobody answered", user)
	return 0
}

// errLost: the network lost the reply.
var errLost = errors.New("lost")

// ask asks one node, each time the next one. One of eight replies gets lost.
func (v *vpn) ask(user, field, session string, state []byte) (*client.Reply, error) {
	node := v.site.nodes[int(v.asked.Add(1))%len(v.site.nodes)]
	dialer := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(v.from, 0))}
	conn, err := dialer.Dial("udp", node.address)
	if err != nil {
		return nil, err
	}
	asking := client.NewConn(conn, client.Server{Address: node.address, Secret: []byte(testSecret),
		Retransmission: client.Retransmission{First: 900 * time.Millisecond, Count: 2, Total: 2 * time.Second}})
	defer asking.Close()
	login := client.Login{Conn: asking, User: user, NASIdentifier: v.name, Session: v.name + " " + session}
	login.Resume(state)
	reply, err := login.Answer(context.Background(), []byte(field))
	if err == nil && rand.IntN(8) == 0 {
		return nil, errLost
	}
	return reply, err
}
