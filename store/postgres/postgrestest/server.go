// Package postgrestest starts a PostgreSQL of its own for tests, from the
// system's programs, in a temporary folder. It listens on loopback and on a
// socket in that folder, and nothing of it is left when its test has ended.
package postgrestest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Fast are the settings of a server whose data need not outlive it.
var Fast = []string{"fsync=off", "full_page_writes=off"}

const superuser = "postgres"

// Server is a PostgreSQL.
type Server struct {
	programs string // their folder
	folder   string
	port     int
	settings []string
	output   *os.File
	process  *exec.Cmd
	ended    chan struct{}
	made     atomic.Int32 // databases
}

// Start starts a server with settings such as "fsync=off". Without PostgreSQL
// on the system the test is skipped, or fails where CI is true. The caller stops it.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	programs := find(t)
	folder, err := os.MkdirTemp("", "postgres-*")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{programs: programs, folder: folder, port: freePort(t), settings: settings}
	if err := s.own(folder); err != nil {
		t.Fatal(err)
	}
	initialize := s.command("initdb", "--pgdata="+s.data(), "--username="+superuser, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
	if output, err := initialize.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	s.Restart(t)
	return s
}

// Standby makes a standby of the server, which follows it without being waited
// for. The caller stops it.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "postgres-*")
	if err != nil {
		t.Fatal(err)
	}
	standby := &Server{programs: s.programs, folder: folder, port: freePort(t), settings: s.settings}
	if err := standby.own(folder); err != nil {
		t.Fatal(err)
	}
	copying := standby.command("pg_basebackup", "--pgdata="+standby.data(), "--write-recovery-conf", "--checkpoint=fast", "--no-sync",
		"--host=127.0.0.1", "--port="+strconv.Itoa(s.port), "--username="+superuser)
	if output, err := copying.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, output)
	}
	standby.Restart(t)
	return standby
}

// Promote makes a standby the primary.
func (s *Server) Promote(t testing.TB) {
	t.Helper()
	if output, err := s.command("pg_ctl", "promote", "--wait", "--pgdata="+s.data()).CombinedOutput(); err != nil {
		t.Fatalf("pg_ctl promote: %v\n%s", err, output)
	}
}

// find looks for the newest PostgreSQL of the system.
func find(t testing.TB) string {
	t.Helper()
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(folders, func(a, b string) int { return version(a) - version(b) })
	if len(folders) > 0 {
		return folders[len(folders)-1]
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	const missing = "PostgreSQL is missing: install postgresql"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func version(folder string) int {
	number, _ := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
	return number
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// command is a program of PostgreSQL's, which doesn't run as root.
func (s *Server) command(program string, arguments ...string) *exec.Cmd {
	c := exec.Command(filepath.Join(s.programs, program), arguments...)
	c.Dir = s.folder
	if uid, gid, other := unprivileged(); other {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	return c
}

// unprivileged is the user that Debian's package makes, for root.
func unprivileged() (uid, gid uint32, other bool) {
	if os.Getuid() != 0 {
		return 0, 0, false
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account = &user.User{Uid: "65534", Gid: "65534"}
	}
	u, _ := strconv.ParseUint(account.Uid, 10, 32)
	g, _ := strconv.ParseUint(account.Gid, 10, 32)
	return uint32(u), uint32(g), true
}

func (s *Server) own(path string) error {
	if uid, gid, other := unprivileged(); other {
		return os.Chown(path, int(uid), int(gid))
	}
	return nil
}

// Restart starts it again after Kill, and returns once it answers.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if s.start(t); s.answers() {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(s.output.Name())
			t.Fatalf("PostgreSQL doesn't answer:\n%s", log)
		}
	}
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	var err error
	if s.output, err = os.Create(filepath.Join(s.folder, "log")); err != nil {
		t.Fatal(err)
	}
	defer s.output.Close()
	arguments := []string{"-D", s.data(), "-k", s.folder, "-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(s.port), "-c", "max_connections=300"}
	for _, setting := range s.settings {
		arguments = append(arguments, "-c", setting)
	}
	s.process = s.command("postgres", arguments...)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	process, ended := s.process, make(chan struct{})
	s.ended = ended
	go func() {
		process.Wait()
		close(ended)
	}()
}

// answers waits until it takes connections, or has ended.
func (s *Server) answers() bool {
	for {
		if s.command("pg_isready", "-q", "-h", s.folder, "-p", strconv.Itoa(s.port)).Run() == nil {
			return true
		}
		select {
		case <-s.ended: // another one still holds its memory
			time.Sleep(20 * time.Millisecond)
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends it as kill -9 does.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

// Stop ends it, and everybody's connections.
func (s *Server) Stop() {
	s.end(syscall.SIGQUIT)
	os.RemoveAll(s.folder)
}

func (s *Server) end(signal syscall.Signal) {
	s.process.Process.Signal(signal)
	<-s.ended
}

// Database makes an empty database and returns its URL.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.made.Add(1))
	s.SQL(t, s.URL("postgres"), "CREATE DATABASE "+name)
	return s.URL(name)
}

// URL is that of a database, over TCP, here and on other servers of the same data.
func (s *Server) URL(database string, others ...*Server) string {
	hosts := []string{"127.0.0.1:" + strconv.Itoa(s.port)}
	for _, other := range others {
		hosts = append(hosts, "127.0.0.1:"+strconv.Itoa(other.port))
	}
	return "postgres://" + superuser + "@" + strings.Join(hosts, ",") + "/" + database + "?sslmode=disable"
}

// SQL runs a statement in the stock tool, as an administrator does by hand.
func (s *Server) SQL(t testing.TB, url, statement string) string {
	t.Helper()
	output, err := s.TrySQL(url, statement)
	if err != nil {
		t.Fatalf("%s: %v\n%s", statement, err, output)
	}
	return output
}

// TrySQL is SQL for a statement that may fail.
func (s *Server) TrySQL(url, statement string) (string, error) {
	psql := s.command("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname="+url, "--command="+statement)
	var output bytes.Buffer
	psql.Stdout, psql.Stderr = &output, &output
	err := psql.Run()
	return strings.TrimSuffix(output.String(), "\n"), err
}
